"""What the ledger's entries say, Stripe's and our own. Pure, and knows neither the ledger nor the fold.

``parse`` what an event says · ``shapes`` ``fields`` Stripe's objects, old and new, as our own facts ·
``kinds`` the events that count · ``acts`` our own entries · ``order`` which of two snapshots is the
later · ``terms`` what of a payload people search for.
"""
