"""Taking along what one pays already: who asked for a link, and what a link leads to. No address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody typed an address, and wants a link if it pays. ``address_keys`` are its keyed hashes."""

    number: int
    address_keys: tuple[str, ...]
    language: str
    return_to: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """``until`` is exclusive. ``used_by`` is the reader who took it, at ``used_at``; or empty."""

    token_hash: str
    customers: tuple[str, ...]
    language: str
    return_to: str
    created_at: float
    until: float
    used_by: str = ""
    used_at: float = 0.0
