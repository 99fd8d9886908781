"""What is on sale, and its orders. Nothing here grants anything: what was paid comes back as entries.

``shop`` the pages, ``showcase`` and ``offers`` what they show · ``sessions`` one session and one
customer a reader · ``ordering`` what Stripe is asked · ``owning`` what a reader has by the ledger.
"""
