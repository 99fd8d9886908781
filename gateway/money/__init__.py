"""The money way: webhook → ledger ··· fold → entitlement → news to the workers.

    raw bytes ─ signature ─ parse ─► Draft ── ledger.append ─► Entry        the request ends here
    Entry… ─ order · subscriptions · refunds · disputes ─ fold ─► Folded ── project ─► entitlements

``signature`` who sent it · ``parse`` what an event says · ``shapes`` ``fields`` Stripe's objects,
old and new, as our own facts · ``ledger`` the port, and group commits · ``acts`` our own entries · ``order`` which
of two snapshots is the later · ``story`` entries gathered by object · ``subscriptions`` ``refunds``
``disputes`` the tables of who may read until when · ``fold`` all of it at once · ``project`` what
the fold says, written down for the request's way · ``proof`` verify, replay, export.
"""
