"""The money way: webhook → ledger ··· fold → entitlement → news to the workers.

    raw bytes ─ signature ─ parse ─► Draft ── ledger.append ─► Entry        the request ends here
    Entry… ─ story ─ subscriptions · refunds · disputes · whose ─ fold ─► Folded ─ project ─► readers
    hints, and what a fold wants ─ fetching ─► Stripe ─► Entry          reconcile ─► Stripe ─► Entry

Imports run one way, from the right to the left; ``stripe_api`` knows the first two alone:

    entries ◄─ folding ◄─ the files here ◄─ selling · leaving · arriving · life

``entries`` what Stripe says and what we write ourselves · ``folding`` all of it as what readers may
have, pure like the first · ``selling`` the shop · ``leaving`` who cancels or withdraws · ``arriving``
who paid before, or was a member elsewhere · ``life`` what readers are written to · ``stripe_api`` the
door to Stripe. Here, what writes into the ledger, reads it and keeps it true:

``routes`` the webhook · ``signature`` who sent it · ``refusals`` those that Stripe didn't, counted ·
``ledger`` the port, and group commits · ``applying`` a new version of plans and settings · ``dropping``
one that is refused · ``fetching`` what is asked of Stripe, and its answers · ``looking_ahead`` what is
worth asking though nothing came · ``prices`` the catalogue of them · ``reconcile`` Stripe against
``standing_ledger``, and ``foreseeing`` what would close · ``day`` one day's money in both books ·
``project`` what the fold says, written down for the request's way · ``proof`` verify and export ·
``supposing`` the fold of what isn't there yet · ``erasing`` a reader who wants to be forgotten.
"""
