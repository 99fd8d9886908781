"""What would follow of entries that nobody appended yet; and what follows for some customers as it is.

A dry run says what the fold would say, for it is the fold: what is supposed gets numbers of its own,
hangs together with the stories it names, and goes into no ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.model.entry import Draft, Entry, Source, chained
from gateway.model.mark import Why
from gateway.money.entries.acts import Act
from gateway.money.folding.fold import fold
from gateway.money.folding.story import gather
from gateway.money.folding.whose import Binding, bindings
from gateway.money.ledger import Ledger

# Numbers that no entry bears while we look, whoever appends meanwhile.
_FAR = 1 << 40


async def stories(
    ledger: Ledger, *, customers: Collection[str] = (), readers: Collection[str] = ()
) -> list[Entry]:
    """All that hangs together with some customers and readers. Raises StoreUnavailable."""
    leads = [_lead(f"customer:{each}", customer_id=each) for each in sorted(customers)]
    leads += [_lead(f"reader:{each}", reader=each) for each in sorted(readers)]
    if not leads:
        return []
    # A lead only leads: it was never said by anybody.
    return [entry for entry in await ledger.story(supposed(leads)) if entry.number < _FAR]


def supposed(drafts: Sequence[Draft], *, now: float = 0.0) -> list[Entry]:
    """As entries that come after all others."""
    return [
        chained(draft, number=_FAR + offset, previous_hash="", at=now)
        for offset, draft in enumerate(drafts)
    ]


async def bound(ledger: Ledger, customers: Collection[str]) -> dict[str, Binding]:
    """To whom customers are bound; those who never were aren't named. Raises StoreUnavailable."""
    found = bindings(gather(await stories(ledger, customers=customers)))
    return {customer: each for customer, each in found.items() if customer in set(customers)}


async def unbound(ledger: Ledger, customers: Collection[str], *, now: float) -> set[str]:
    """Those who pay for one of our plans now, and for no reader. Raises StoreUnavailable."""
    rules = await ledger.objects((Act.PLANS, Act.SETTINGS))
    story = await stories(ledger, customers=customers)
    whole = {entry.number: entry for entry in (*rules, *story)}
    held = fold(whole.values(), now=now).held.values()
    paying = {each.subscription.customer for each in held if each.whose.why is Why.NO_READER}
    return paying & set(customers)


def _lead(event_id: str, *, customer_id: str = "", reader: str = "") -> Draft:
    return Draft(
        event_id=event_id,
        source=Source.API,
        kind="",
        observed_at=0.0,
        customer_id=customer_id,
        reader=reader,
    )
