"""Lychgate: a paywall and membership gateway that a publisher runs in front of any article site.

Three ways run through the package, and a file belongs to one of them:

    request  ingress → session → match → decide → page record (cache | origin fetch + render) → egress
    login    start → provider → callback (state, nonce, PKCE, iss) → account → session → return_to
    money    webhook → verify raw bytes → append to ledger → 200 ··· job: fold → entitlement → news

They meet in two places only: the ``Entitlement`` (written by money, read by the request) and the
session id in one cookie. What may import what is drawn in ``ARCHITECTURE.md`` and kept by a test.
"""

__version__ = "0.1.0"
