"""One day's money: what Stripe says that it moved beside what our ledger says, currency by currency.
Pure. Nothing is added across currencies, and what isn't known is None, never nought.

A payment is of the day on which Stripe called its invoice paid, on both sides, and a day is one of the
site's time zone. Stripe lists charges by when they were made, and a direct debit is made days before it
is paid (docs.stripe.com/payments/sepa-debit), a card's charge a moment before: so a charge is looked for
beyond the day, and counted by the moment of what it paid. What pays for nothing that we know is of the
day on which it was made, as refunds and disputes are.

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
# Fourteen working days; less than a month, so that no two renewals mix.
LATE_SECONDS = 21 * 86400.0
EDGE_SECONDS = 600.0  # from a card's charge to the end of its invoice
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
    stripes: Iterable[Movement],
    ours: Iterable[Movement],
    *,
    known: Collection[str],
    since: float,
    until: float,
) -> Counted:
    """What of ``stripes``, which are charges, refunds and disputes as Stripe lists them, is of the day from
    ``since`` up to ``until``; they and ``ours`` may reach beyond it. ``known`` are the customers, payments
    and charges that the ledger knows as our own."""

    def of_the_day(each: Movement) -> bool:
        return each.at is not None and since <= each.at < until

    def apart(each: Movement) -> float:
        return max(since - (each.at or 0.0), (each.at or 0.0) - until, 0.0)

    waiting = _Waiting(each for each in ours if each.sort in COMPARED)
    mine: dict[str, dict[str, list[int]]] = {}
    foreign: dict[str, dict[str, list[int]]] = {}
    only_stripe: list[str] = []
    unmatched = []
    for each in sorted(stripes, key=lambda one: (apart(one), one.at or 0.0, one.object_id)):
        found = waiting.take_named(each)
        if found is None:
            unmatched.append(each)
        elif of_the_day(found):
            _add(mine, each)
    for each in unmatched:
        found = waiting.take_alike(each)
        if not of_the_day(found or each):
            continue
        if found is not None:
            _add(mine, each)
        elif {each.customer_id, each.payment_id, each.charge_id} & set(known) - {""}:
            _add(mine, each)
            only_stripe.append(each.object_id)
        else:
            _add(foreign, each)
    left = sorted(each.object_id for each in waiting.left() if of_the_day(each))
    return Counted(ours=mine, others=foreign, only_stripe=only_stripe, only_ours=left)


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

    def take_named(self, stripes: Movement) -> Movement | None:
        names = (stripes.object_id, stripes.payment_id, stripes.charge_id)
        for name in filter(None, names):
            key = self._by_name.get((name, stripes.sort))
            found = None if key is None else self._left.pop(key, None)
            if found is not None:
                return found
        return None

    def take_alike(self, stripes: Movement) -> Movement | None:
        """The first that was paid since the charge was made."""
        if stripes.sort is not Sort.PAYMENT or not stripes.customer_id:
            return None
        made_at = (stripes.at or 0.0) - EDGE_SECONDS
        left = [self._left[key] for key in self._alike[_alike(stripes)] if key in self._left]
        since = [each for each in left if (each.at or 0.0) >= made_at]
        found = min(since, key=lambda each: (each.at or 0.0, each.object_id), default=None)
        return None if found is None else self._left.pop((found.object_id, found.sort))

    def left(self) -> list[Movement]:
        return list(self._left.values())


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
