"""The session cookie: its name, its signature, and finding it among others. The door to itsdangerous.

A cookie that is malformed, doubled or too long proves nothing, and its bearer is anonymous: never
an error, never a pass.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from itsdangerous import BadSignature, Signer

from gateway.errors import SessionInvalid

COOKIE_BYTES_MAX = 512
HEADER_BYTES_MAX = 16 << 10


def cookie_name(site_url: str) -> bytes:
    """``__Host-`` binds the cookie to this very host over TLS; a plain-http site can't have it."""
    return b"__Host-lychgate" if site_url.startswith("https://") else b"lychgate"


def set_cookie(
    name: bytes, value: str, *, secure: bool, seconds: int, cross_site: bool = False
) -> bytes:
    """A Set-Cookie line's value. ``seconds`` 0 ends the cookie.

    ``cross_site``: it has to come along when another site posts a form to us, which browsers allow
    over TLS alone.
    """
    same_site = b"SameSite=None" if cross_site and secure else b"SameSite=Lax"
    parts = [name + b"=" + value.encode(), b"Path=/", b"HttpOnly", same_site]
    parts.append(b"Max-Age=%d" % seconds)
    if secure:
        parts.append(b"Secure")
    return b"; ".join(parts)


def find(header: bytes, name: bytes) -> bytes | None:
    """The value of the one cookie of that name; None where it is missing, doubled or oversized."""
    if len(header) > HEADER_BYTES_MAX:
        return None
    found: bytes | None = None
    if header.count(name) == 1:
        # Nearly always, and three times faster: the other cookies needn't be looked at.
        before, _, after = header.partition(name)
        before, after = before.rstrip(), after.lstrip()
        if (not before or before.endswith(b";")) and after.startswith(b"="):
            found = after[1:].partition(b";")[0].strip()
    else:
        for part in header.split(b";"):
            key, mark, value = part.strip().partition(b"=")
            if key.strip() == name and mark:
                if found is not None:
                    return None
                found = value.strip()
    if not found or len(found) > COOKIE_BYTES_MAX:
        return None
    return found


class CookieSigner:
    """``keys`` newest first: the first signs, all of them verify. What was signed for one purpose
    proves nothing for another."""

    def __init__(self, keys: Sequence[str], *, purpose: str = "session") -> None:
        self._signer = Signer(
            [key.encode() for key in reversed(keys)],
            salt=f"lychgate.{purpose}.v1",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )

    def sign(self, value: str) -> str:
        return self._signer.sign(value.encode()).decode()

    def verify(self, value: bytes) -> str:
        """What was signed: of a session cookie, its id. Raises SessionInvalid."""
        try:
            return self._signer.unsign(value).decode("ascii")
        except (BadSignature, UnicodeDecodeError):
            raise SessionInvalid from None


def new_session_id() -> str:
    return secrets.token_urlsafe(24)
