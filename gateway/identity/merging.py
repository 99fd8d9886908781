"""Two accounts of one person made one, and accounts as an operator looks for them: the port.

The commonest ticket: somebody paid with one address and logs in with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Summary:
    """Enough of an account to tell it from another."""

    id: str
    email: str
    name: str
    created_at: float


class Directory(Protocol):
    """Every method raises StoreUnavailable."""

    async def find(self, text: str) -> Sequence[str]:
        """Ids of the accounts that have this id, this address, or log in by it; not too many."""

    async def summaries(self, reader_ids: Sequence[str]) -> Sequence[Summary]:
        """Of those that are there, the oldest first."""

    async def ways(self, reader_id: str) -> Sequence[str]:
        """What forms call its ways to log in."""

    async def customers(self, reader_id: str) -> Sequence[str]:
        """Stripe's ids of those that were made for an account, though nothing be paid yet."""

    async def merge(self, kept: str, gone: str, *, now: float) -> bool:
        """The ways of ``gone`` lead to ``kept`` from now on, and so does a mailed link to the address that
        it has proved; its sessions end. Its row stays, and nobody enters by it. False, and nothing done, where one of the two isn't there."""
