"""The login way: start → provider → callback (state, nonce, PKCE, iss) → account → session → return_to.

``routes`` turns requests into values and back; ``front`` is the providers' road, ``mailed_link`` the
mailed one, ``account`` what a reader sees and changes of their own, ``leaving`` the way out. ``checks``
and ``return_to`` are pure and decide what is believed. It knows nothing of pages, rules or money, and
meets the request's way in one cookie alone.
"""
