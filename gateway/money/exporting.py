"""All that is kept of a reader, to take along: what erasing would forget, and nothing that is another's.

A customer may have been somebody else's before: what was said of them until they became this reader's
is not for this reader's eyes. Nor is a request to leave that was written from an address which they
haven't proved, though it goes with them: it may be another's words. Who works here did what stands there, but their names are their own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.model.entry import Entry
from gateway.money.entries.acts import Act
from gateway.money.erasing import TIES, customers_of, merged_into
from gateway.money.folding.story import Story, gather
from gateway.money.ledger import Ledger
from gateway.money.supposing import stories

_AT_ONCE = 500
_SHOWN = (
    "number",
    "at",
    "kind",
    "observed_at",
    "object_type",
    "object_id",
    "customer_id",
    "subscription_id",
    "invoice_id",
    "charge_id",
    "payment_id",
    "amount_minor",
    "currency",
)
_OPERATORS = frozenset(("by", "to"))  # facts of our own acts that name whoever works here
_ACTS = frozenset(Act)


class Payloads(Protocol):
    async def payloads(self, numbers: Collection[int]) -> Mapping[int, tuple[str, bytes]]:
        """Those of several entries that can still be read, each with its owner."""


class Accounts(Protocol):
    async def export(self, reader_id: str) -> dict[str, Any]:
        """All that is kept of an account; nothing of one that isn't there."""


class Traces(Protocol):
    """What stands of a reader outside the ledger and the account. Raises StoreUnavailable."""

    async def customers(self, reader: str) -> Collection[str]: ...

    async def export(self, reader: str, customers: Collection[str]) -> dict[str, Any]:
        """Attempts to buy, letters and links, by the names of their tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporting:
    ledger: Ledger
    payloads: Payloads
    accounts: Accounts
    traces: Traces

    async def export(self, reader: str) -> dict[str, Any]:
        """Nothing that opens something. Raises StoreUnavailable."""
        made = await self.traces.customers(reader)
        entries = await stories(self.ledger, customers=made, readers=[reader])
        story = gather(entries)
        customers = customers_of(story, reader, made=made)
        merged = merged_into(story, reader)
        mine = own(entries, story, {reader, *merged}, customers)
        return {
            **await self._account(reader, customers),
            "merged": [await self._account(each, ()) for each in merged],
            "ledger": await self._told(mine),
        }

    async def _account(self, reader: str, customers: Collection[str]) -> dict[str, Any]:
        kept = await self.accounts.export(reader)
        return {**kept, **await self.traces.export(reader, customers)} if kept else {}

    async def _told(self, entries: Sequence[Entry]) -> list[dict[str, Any]]:
        said: dict[int, bytes] = {}
        for start in range(0, len(entries), _AT_ONCE):
            numbers = [each.number for each in entries[start : start + _AT_ONCE]]
            kept = await self.payloads.payloads(numbers)
            said |= {number: payload for number, (_, payload) in kept.items()}
        return [_shown(entry, said.get(entry.number)) for entry in entries]


def own(
    entries: Sequence[Entry], story: Story, people: Collection[str], customers: Collection[str]
) -> list[Entry]:
    """Those of a reader's customers, since they are theirs; those that name the reader and no customer;
    and those that name neither, of what is theirs."""
    since = {each: _theirs_since(story, each, people) for each in customers}
    of_customers = [
        each for each in entries if each.number >= since.get(each.customer_id, math.inf)
    ]
    ties = {getattr(entry, name) for entry in of_customers for name in TIES} - {""}

    def counts(entry: Entry) -> bool:
        if entry.reader:
            return entry.reader in people
        return any(getattr(entry, name) in ties for name in TIES)

    others = [each for each in entries if not each.customer_id and counts(each)]
    return sorted((*of_customers, *others), key=lambda entry: entry.number)


def _theirs_since(story: Story, customer: str, people: Collection[str]) -> float:
    """The number of the entry by which a customer became theirs; 0 where it never was anybody else's."""
    claims = sorted(_claims(story, customer))
    last = max((number for number, reader in claims if reader not in people), default=0)
    later = [number for number, reader in claims if reader in people and number > last]
    return min(later, default=math.inf) if last else 0


def _claims(story: Story, customer: str) -> Iterator[tuple[int, str]]:
    for told in story.acts_of(Act.BIND):
        if told.entry.customer_id == customer:
            yield told.entry.number, told.entry.reader
    for checkout in story.checkouts.values():
        if checkout.said.customer == customer and checkout.said.reader:
            yield checkout.number, checkout.said.reader


def _shown(entry: Entry, payload: bytes | None) -> dict[str, Any]:
    facts = entry.said
    if entry.kind in _ACTS:
        facts = {name: value for name, value in facts.items() if name not in _OPERATORS}
    shown = {name: getattr(entry, name) for name in _SHOWN}
    return {**shown, "facts": facts, "said": None if payload is None else _read(payload)}


def _read(payload: bytes) -> Any:
    """What Stripe said is JSON; what somebody typed is text."""
    text = payload.decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return said if isinstance(said, dict) else text
