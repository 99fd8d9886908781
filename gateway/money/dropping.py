"""Prices that a new config names no more although somebody pays for them: their subscribers would lose
what they pay for at the next fold. So such a config is refused, unless it says that this is meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from gateway.errors import Faults
from gateway.model.fault import Fault, Place
from gateway.model.subscription import Status
from gateway.money.entries.acts import Act
from gateway.money.folding.fold import newest_rules
from gateway.money.ledger import Ledger
from gateway.money.standing_ledger import kept_of

_LIVE = frozenset(Status) - {Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED, Status.CANCELED}


async def dropped(ledger: Ledger, prices: Collection[str]) -> dict[str, int]:
    """How many live subscriptions pay for each price that the ledger's plans have and ``prices``
    hasn't. The whole ledger is looked through only where a price is gone. Raises StoreUnavailable."""
    rules = newest_rules(await ledger.objects((Act.PLANS,)))
    gone = rules.tiers.keys() - set(prices)
    if not gone:
        return {}
    kept = await kept_of(ledger)
    paid: Counter[str] = Counter()
    for said in kept.facts.values():
        if said.get("status") in _LIVE:
            paid.update({item.get("price") for item in said.get("items", ())} & gone)
    return dict(sorted(paid.items()))


async def refuse_dropped(ledger: Ledger, prices: Collection[str]) -> None:
    """``prices``: those of every plan, and those that may be dropped. Raises Faults for any other, and
    StoreUnavailable."""
    faults = tuple(
        Fault(
            Place("[[plan]] prices"),
            f"{price} is in no plan any more, and {_some(count)} for it. Leave it in `prices` (`offered` "
            "says what is on sale), or name it in [stripe] dropped_prices: then they lose access",
        )
        for price, count in (await dropped(ledger, prices)).items()
    )
    if faults:
        raise Faults(faults)


def _some(count: int) -> str:
    return "1 live subscription pays" if count == 1 else f"{count} live subscriptions pay"
