"""Forgetting a reader: the keys of everything that was said of them, and an entry that says so.

Whoever calls has ended the subscription at Stripe first: a reader who is gone can't. The ledger keeps
its numbers, ids and amounts, which lead to nobody any more; it still proves itself and replays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gateway.model.entry import Entry, key_owner
from gateway.money import acts
from gateway.money.ledger import Ledger


class Keys(Protocol):
    async def destroy(self, owners: Iterable[str], *, now: float) -> None:
        """Erase for good what these owners' keys sealed, and whatever will come for them."""


async def erase(ledger: Ledger, keys: Keys, reader: str, *, by: str, now: float) -> None:
    """Safe to run again where it was cut off. Raises StoreUnavailable."""
    story = await ledger.story(await ledger.of_reader(reader))
    await keys.destroy({reader, *(owner for entry in story for owner in _owners(entry))}, now=now)
    await ledger.append([acts.erased(reader, by=by, at=now)], now=now)


def _owners(entry: Entry) -> Iterable[str]:
    """Its own, and those of its payment: a dispute that is yet to come names no customer."""
    return filter(None, (key_owner(entry), entry.payment_id, entry.charge_id))
