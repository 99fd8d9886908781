"""One day's money: what Stripe says that it moved beside what our ledger says, currency by currency.
Pure. Nothing is added across currencies, and what isn't known is None, never nought.

Stripe's charges of other businesses on the same account are told apart: theirs are whoever our
ledger doesn't know. A charge is ours by its payment, else by customer, currency and amount, for the
webhook of an invoice that was paid names no payment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.movement import Movement, Sort, Sum

COMPARED = (Sort.PAYMENT, Sort.REFUND, Sort.DISPUTE)  # what Stripe knows of
NAMED_MAX = 100  # ids of one gap that are written down
Sums = Mapping[str, Mapping[str, Sequence[int]]]  # currency → sort → count and amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Stripe's own words on a day, as an act writes them down: ``said`` of it."""

    ours: Sums
    others: Sums
    only_stripe: Sequence[str]
    only_ours: Sequence[str]

    def said(self) -> dict[str, Any]:
        return {
            "stripe": self.ours,
            "others": self.others,
            "only_stripe": list(self.only_stripe)[:NAMED_MAX],
            "only_ours": list(self.only_ours)[:NAMED_MAX],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One currency and sort. A figure is (count, minor units); None: it isn't known."""

    currency: str
    sort: Sort
    ours: tuple[int, int]
    stripe: tuple[int, int] | None
    others: tuple[int, int] | None

    @property
    def gap(self) -> tuple[int, int] | None:
        """Stripe's less ours."""
        if self.stripe is None:
            return None
        return self.stripe[0] - self.ours[0], self.stripe[1] - self.ours[1]


def count(
    stripes: Iterable[Movement], ours: Iterable[Movement], *, known: Collection[str]
) -> Counted:
    """``stripes`` are charges, refunds and disputes as Stripe lists them. ``known`` are the customers,
    payments and charges that the ledger knows as our own."""
    waiting = _Waiting(each for each in ours if each.sort in COMPARED)
    mine: dict[str, dict[str, list[int]]] = {}
    foreign: dict[str, dict[str, list[int]]] = {}
    only_stripe: list[str] = []
    unmatched = []
    for each in sorted(stripes, key=lambda one: (one.at or 0.0, one.object_id)):
        if waiting.take_named(each):
            _add(mine, each)
        else:
            unmatched.append(each)
    for each in unmatched:
        if waiting.take_alike(each):
            _add(mine, each)
        elif {each.customer_id, each.payment_id, each.charge_id} & set(known) - {""}:
            _add(mine, each)
            only_stripe.append(each.object_id)
        else:
            _add(foreign, each)
    return Counted(ours=mine, others=foreign, only_stripe=only_stripe, only_ours=waiting.left())


class _Waiting:
    """Our movements that no word of Stripe's was found for yet."""

    def __init__(self, ours: Iterable[Movement]) -> None:
        self._left = {(each.object_id, each.sort): each for each in ours}
        self._by_name: dict[tuple[str, Sort], tuple[str, Sort]] = {}
        for key, each in self._left.items():
            for name in filter(None, (each.object_id, each.payment_id, each.charge_id)):
                if each.sort is Sort.PAYMENT or name == each.object_id:
                    self._by_name.setdefault((name, each.sort), key)
        self._alike: defaultdict[tuple[str, str, str, int], list[tuple[str, Sort]]] = defaultdict(
            list
        )
        for key, each in self._left.items():
            self._alike[_alike(each)].append(key)

    def take_named(self, stripes: Movement) -> bool:
        names = (stripes.object_id, stripes.payment_id, stripes.charge_id)
        for name in filter(None, names):
            key = self._by_name.get((name, stripes.sort))
            if key is not None and self._left.pop(key, None) is not None:
                return True
        return False

    def take_alike(self, stripes: Movement) -> bool:
        if stripes.sort is not Sort.PAYMENT or not stripes.customer_id:
            return False
        return any(self._left.pop(key, None) is not None for key in self._alike[_alike(stripes)])

    def left(self) -> list[str]:
        return sorted(each.object_id for each in self._left.values())


def _alike(each: Movement) -> tuple[str, str, str, int]:
    return each.sort, each.customer_id, each.currency, each.amount_minor


def _add(sums: dict[str, dict[str, list[int]]], each: Movement) -> None:
    figure = sums.setdefault(each.currency, {}).setdefault(str(each.sort), [0, 0])
    figure[0] += 1
    figure[1] += each.amount_minor


def lines(ours: Iterable[Sum], counted: Mapping[str, Any] | None) -> list[Line]:
    """A line for every currency and sort that anybody speaks of. ``counted``: as ``Counted.said``; None
    where Stripe wasn't asked."""
    known = {(each.currency, each.sort): (each.count, each.amount_minor) for each in ours}
    keys = set(known)
    for name in ("stripe", "others"):
        for currency, sorts in (counted or {}).get(name, {}).items():
            keys |= {(currency, Sort(sort)) for sort in sorts}
    order = list(Sort)
    return [
        Line(
            currency=currency,
            sort=sort,
            ours=known.get((currency, sort), (0, 0)),
            stripe=_figure(counted, "stripe", currency, sort),
            others=_figure(counted, "others", currency, sort),
        )
        for currency, sort in sorted(keys, key=lambda key: (key[0], order.index(key[1])))
    ]


def _figure(
    counted: Mapping[str, Any] | None, name: str, currency: str, sort: Sort
) -> tuple[int, int] | None:
    """Stripe never hears of what is paid out of band."""
    if counted is None or sort not in COMPARED:
        return None
    found = counted.get(name, {}).get(currency, {}).get(str(sort), (0, 0))
    return int(found[0]), int(found[1])


def digest(found: Iterable[Line]) -> list[list[Any]]:
    """What is signed: every figure, in one order."""
    return [
        [each.currency, str(each.sort), list(each.ours), list(each.stripe) if each.stripe else None]
        for each in found
    ]
