"""What the rooms under ``/-/`` share: a request and its reply as values, a form read, a page of ours.

``asking`` the values · ``routes`` from an admitted request to an ``Ask``, and from a ``Reply`` to a
response · ``pages`` a page drawn, set into the site's shell, with its headers · ``return_to`` where
a reader may be sent back to. The login way, the money way and the console stand on it; it knows none
of them.
"""
