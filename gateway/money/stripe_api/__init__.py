"""The door to Stripe: the only place that imports its library, and where its errors become ours.

``door`` the connection: one pinned API version, deadlines, retries with idempotency keys, errors
mapped once · the other files ask for one thing each and give back plain values. An answer comes as
``Told``: Stripe's own words, and when they were true by Stripe's clock.
"""
