"""E-mail addresses that providers claim, by the one grammar of ``identity.address``. Pure."""

from __future__ import annotations

from gateway.errors import LoginRefused
from gateway.identity.address import CHARACTERS_MAX, address
from gateway.login.refusal import Refusal

__all__ = ["CHARACTERS_MAX", "address", "email_address"]


def email_address(claimed: object) -> str:
    """What a provider claims, in lower case. Raises LoginRefused ``bad-email``.

    ASCII as it stands, for what a provider verified is what it wrote, not what others make of it.
    """
    if isinstance(claimed, str) and claimed.isascii():
        found = address(claimed)
        if found and found == claimed.lower():
            return found
    raise LoginRefused(Refusal.BAD_EMAIL)
