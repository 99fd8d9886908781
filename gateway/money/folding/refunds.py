"""How much of an invoice was paid back, and what follows. Pure.

A partial refund never ends access. A full one of the latest invoice keeps it, unless the settings
say ``full_refund = "end"``: then it is closed until the next invoice is paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.model.subscription import Invoice
from gateway.money.folding.rules import Rules
from gateway.money.folding.story import Known, Story
from gateway.money.folding.subscriptions import Course, Hold, age

_FAILED = frozenset(("failed", "canceled"))


@dataclass(frozen=True, slots=True)
class PaidBack:
    """Of one payment, in minor units."""

    amount: int
    numbers: tuple[int, ...]


def paid_back(story: Story) -> dict[str, PaidBack]:
    """By payment (``Links.key``). A charge says how much of it came back, and so do its refunds; either
    may be the older news. A refund that failed after the charge was seen is taken off again."""
    by_charges: defaultdict[str, int] = defaultdict(int)
    by_refunds: defaultdict[str, int] = defaultdict(int)
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    for charge in story.charges.values():
        key = story.links.key(charge.said.payment, charge.said.id)
        failed = sum(
            refund.said.amount
            for refund in story.refunds.values()
            if refund.said.charge == charge.said.id
            and refund.said.status in _FAILED
            and refund.observed_at >= charge.observed_at
        )
        by_charges[key] += max(0, charge.said.amount_refunded - failed)
        if charge.said.amount_refunded:
            numbers[key].add(charge.number)
    for refund in story.refunds.values():
        key = story.links.key(refund.said.payment, refund.said.charge)
        numbers[key].add(refund.number)
        if refund.said.status not in _FAILED:
            by_refunds[key] += refund.said.amount
    return {
        key: PaidBack(max(by_charges[key], by_refunds[key]), tuple(sorted(found)))
        for key, found in numbers.items()
    }


def refunded(
    story: Story, invoices: Sequence[Known[Invoice]], back: Mapping[str, PaidBack]
) -> Hold | None:
    """Whether the latest paid invoice of a subscription was paid back in full: then, by what."""
    paid = [each for each in invoices if each.said.status == "paid" and each.said.amount_paid > 0]
    if not paid:
        return None
    latest = max(paid, key=age)
    amount, numbers = 0, {latest.number}
    for key, each in back.items():
        if latest.said.id in story.links.invoices(key, ""):
            amount += each.amount
            numbers |= set(each.numbers)
    if amount < latest.said.amount_paid:
        return None
    return Hold(Course.REFUNDED, tuple(sorted(numbers)))


def hold(found: Hold | None, rules: Rules) -> Hold | None:
    return found if rules.full_refund == "end" else None
