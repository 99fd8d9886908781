"""The nouns of all three ways: frozen values, standard library only, no behaviour that needs I/O.

``access`` what a page asks for · ``reader`` who asks · ``entitlement`` what a reader paid for ·
``request`` one canonical request · ``rule`` what a publisher wrote · ``page`` what is known of a
fetched page · ``decision`` what the reader gets, and why · ``fault`` a place in a file.
"""
