"""The money way: webhook → ledger ··· fold → entitlement → news to the workers.

    raw bytes ─ signature ─ parse ─► Draft ── ledger.append ─► Entry        the request ends here
    Entry… ─ story ─ subscriptions · refunds · disputes · whose ─ fold ─► Folded ─ project ─► readers
    hints, and what a fold wants ─ fetching ─► Stripe ─► Entry          reconcile ─► Stripe ─► Entry

``signature`` who sent it · ``parse`` what an event says · ``shapes`` ``fields`` Stripe's objects,
old and new, as our own facts · ``kinds`` the events that count · ``ledger`` the port, and group commits · ``acts`` our own entries ·
``order`` which of two snapshots is the later · ``story`` entries gathered by object · ``rules`` the
publisher's plans and settings · ``subscriptions`` ``refunds`` ``disputes`` who may read until when ·
``whose`` who that is · ``fold`` all of it at once · ``marking`` what became of each entry ·
``applying`` a new version of plans and settings · ``dropping`` one that is refused ·
``fetching`` what is asked of Stripe, and its answers · ``looking_ahead`` what is worth asking though
nothing came · ``prices`` the catalogue of them · ``reconcile`` Stripe against ``standing_ledger``, and
``foreseeing`` what would close ·
``project`` what the fold says, written down for the request's way · ``proof`` verify and export ·
``adopting`` a payment without a reader taken along by a mailed link · ``importing`` members of another
system, of ``import_files`` · ``supposing`` the fold of what isn't there yet ·
``erasing`` a reader who wants to be forgotten ·
``leaving`` a reader who cancels or withdraws · ``life`` ``living`` what readers are written to.
"""
