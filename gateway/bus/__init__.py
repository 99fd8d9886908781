"""News between workers and nodes: a changed session, entitlement or opening reaches all in a second.

``polling`` asks the store three times a second and is always there; Valkey only makes it quicker. It
also counts what readers may do so often (``rates``), and while it is away the store does.
"""
