"""What would become of readers if some entries were appended, without appending them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from gateway.model.entitlement import Entitlement
from gateway.model.entry import Draft, Entry, chained
from gateway.money.entries.acts import Act
from gateway.money.folding.fold import fold
from gateway.money.ledger import Ledger

BATCH_MAX = 500
_RULES = (Act.PLANS, Act.SETTINGS)


class Holdings(Protocol):
    """Raises StoreUnavailable."""

    async def held(self, reader_ids: Collection[str]) -> Mapping[str, tuple[Entitlement, ...]]: ...

    async def open(self, *, now: float) -> int:
        """How many entitlements open something now."""


async def closings(
    ledger: Ledger,
    holdings: Holdings,
    drafts: Sequence[Draft],
    *,
    still: Callable[[], Awaitable[None]],
    now: float,
) -> set[tuple[str, str]]:
    """Readers, each with a tier that is open to them now and wouldn't be. ``still`` is called between
    parts of the work. Raises StoreUnavailable, and whatever ``still`` does."""
    closing: set[tuple[str, str]] = set()
    for some in _by_customer(drafts):
        await still()
        pretended = await _pretended(ledger, some, now=now)
        whole = {each.number: each for each in await ledger.objects(_RULES)}
        whole |= {each.number: each for each in await ledger.story(pretended)}
        folded = fold(whole.values(), now=now)
        held = await holdings.held(folded.entitlements.keys())
        for reader, said in folded.entitlements.items():
            after = {each.tier for each in said if each.opens(now)}
            before = {each.tier for each in held.get(reader, ()) if each.opens(now)}
            closing |= {(reader, tier) for tier in before - after}
    return closing


def _by_customer(drafts: Sequence[Draft]) -> Iterator[list[Draft]]:
    """In parts of which none holds half of what is said of one customer."""
    part: list[Draft] = []
    for draft in sorted(drafts, key=lambda each: each.customer_id):
        if len(part) >= BATCH_MAX and draft.customer_id != part[-1].customer_id:
            yield part
            part = []
        part.append(draft)
    if part:
        yield part


async def _pretended(ledger: Ledger, drafts: Sequence[Draft], *, now: float) -> list[Entry]:
    head = await ledger.head()
    return [
        chained(draft, number=head.number + place, previous_hash=head.hash, at=now)
        for place, draft in enumerate(drafts, 1)
    ]
