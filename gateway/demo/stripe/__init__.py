"""A Stripe stand-in for the demo and the tests: one account, in memory, over HTTP.

The official library speaks to it with its API address alone changed. It is a program of its own
that knows nothing of the gateway but its clock: it accepts what the tables here name (a test holds
them against ``stripe.params``), and sends objects that another test holds against the library's
own classes. What it can't do it refuses; it never accepts what Stripe refuses.

``server.application`` is the door · ``api`` one request to one answer · ``routes`` the table of
methods · ``parameters`` what may be sent · ``account`` the tables, ``agenda`` and ``clock`` time ·
``billing`` and ``collecting`` how a subscription lives · ``checkout`` and ``portal_session`` what
payers do, ``hosted`` the pages they see · ``delivery`` webhooks · ``hooks`` what tests make happen.
"""
