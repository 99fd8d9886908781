"""What would follow of entries that nobody appended yet; and what follows for some customers as it is.

A dry run says what the fold would say, for it is the fold: what is supposed gets the next numbers,
hangs together with the stories it names, and goes into no ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.model.entry import Draft, Entry, Source, chained
from gateway.model.mark import Why
from gateway.money.acts import Act
from gateway.money.fold import Folded, fold
from gateway.money.ledger import Ledger
from gateway.money.story import gather
from gateway.money.whose import Binding, bindings


async def suppose(ledger: Ledger, drafts: Sequence[Draft], *, now: float) -> Folded:
    """All that hangs together with ``drafts``, with them in it. Raises StoreUnavailable."""
    entries = await _with_stories(ledger, drafts, now=now)
    return fold(entries, now=now)


async def bound(ledger: Ledger, customers: Collection[str]) -> dict[str, Binding]:
    """To whom customers are bound; those who never were aren't named. Raises StoreUnavailable."""
    story = gather(await _of_customers(ledger, customers))
    wanted = set(customers)
    return {customer: each for customer, each in bindings(story).items() if customer in wanted}


async def unbound(ledger: Ledger, customers: Collection[str], *, now: float) -> set[str]:
    """Those who pay for one of our plans now, and for no reader. Raises StoreUnavailable."""
    rules = await ledger.objects((Act.PLANS, Act.SETTINGS))
    story = await _of_customers(ledger, customers)
    whole = {entry.number: entry for entry in (*rules, *story)}
    held = fold(whole.values(), now=now).held.values()
    paying = {each.subscription.customer for each in held if each.whose.why is Why.NO_READER}
    return paying & set(customers)


async def _of_customers(ledger: Ledger, customers: Collection[str]) -> list[Entry]:
    if not customers:
        return []
    led = [
        Draft(
            event_id=f"lead:{each}", source=Source.API, kind="", observed_at=0.0, customer_id=each
        )
        for each in sorted(customers)
    ]
    leads = _numbered(led, after=(await ledger.head()).number, now=0.0)
    last = min(each.number for each in leads)
    # A lead only leads: it was never said by anybody.
    return [entry for entry in await ledger.story(leads) if entry.number < last]


async def _with_stories(ledger: Ledger, drafts: Sequence[Draft], *, now: float) -> list[Entry]:
    head = await ledger.head()
    supposed = _numbered(drafts, after=head.number, now=now)
    rules = await ledger.objects((Act.PLANS, Act.SETTINGS))
    story = await ledger.story(supposed) if supposed else ()
    whole = {entry.number: entry for entry in (*rules, *story)}
    return list(whole.values())


def _numbered(drafts: Sequence[Draft], *, after: int, now: float) -> list[Entry]:
    """Numbers that no entry bears while we look, whoever appends meanwhile."""
    first = after + 1_000_000
    return [
        chained(draft, number=first + offset, previous_hash="", at=now)
        for offset, draft in enumerate(drafts)
    ]
