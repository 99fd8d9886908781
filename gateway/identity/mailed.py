"""Mailed links and codes: what is kept of one, and the port. Whoever holds the store can use none.

A link and its code are one thing with two handles, and serve once together: the login that takes
either enters with ``Mailed.used_key``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from gateway.model.letter import Letter

MINUTES = 15
TRIES_MAX = 5


class Purpose(StrEnum):
    LOGIN = "login"  # whoever reads this address logs in, or registers
    JOIN = "join"  # ``carried`` is an identity that joins the account of this address
    ADD = "add"  # ``carried`` names a reader who adds this address as a way to log in


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """``code_hash`` holds for the browser of ``browser_hash`` alone. ``until`` is exclusive."""

    token_hash: str
    code_hash: str
    browser_hash: str
    purpose: Purpose
    email: str
    return_to: str
    language: str
    carried: Mapping[str, Any] = field(default_factory=dict)
    created_at: float
    until: float

    @property
    def used_key(self) -> str:
        return f"mail {self.token_hash}"


class MailedLogins(Protocol):
    """Each method raises StoreUnavailable where the store can't answer."""

    async def send(self, mailed: Mailed, letter: Letter) -> None:
        """Keep it, and put its letter out to be sent, or do neither."""

    async def find(self, token_hash: str, *, now: float) -> Mailed | None:
        """None for one that never was, is over, or has served."""

    async def waiting(self, browser_hash: str, *, now: float) -> Mailed | None:
        """The newest that this browser asked for and that can still be used."""

    async def try_code(
        self, browser_hash: str, code_hashes: Collection[str], *, now: float
    ) -> Mailed | None:
        """What this browser asked for under this code, hashed by each key that may have been in use. Each
        call counts as a try of all of them, and after TRIES_MAX the code of a mailed link opens nothing."""

    async def put_out(self, recipient: str, letter: Letter, *, now: float) -> None:
        """A letter that opens nothing."""
