"""The table of a subscription: which tiers it opens until when, by its status. Pure, and without a
clock: the end is a moment, and whoever decides compares it with the time.

Knows nothing of whose the subscription is; refunds and disputes come in as a ``Hold``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.model.subscription import Invoice, Item, Status, Subscription
from gateway.money.folding.rules import Rules
from gateway.money.folding.story import Known


class Course(StrEnum):
    """How a subscription stands. Closed: shown on the account page and in the console."""

    RUNNING = "running"  # paid or on trial: to each item's period end and the slack
    ENDING = "ending"  # cancelled for a moment that is set
    IN_GRACE = "in-grace"  # a renewal failed; open for some days, because earlier ones were paid
    NEVER_PAID = "never-paid"  # past due, and nothing was ever paid for it
    UNPAID = "unpaid"  # Stripe gave up collecting
    COLLECTION_PAUSED = "collection-paused"  # goes on without collecting
    PAUSED = "paused"  # stands still until its reader resumes, pays or adds a card
    INCOMPLETE = "incomplete"  # its first payment isn't made
    ENDED = "ended"  # over for good
    REFUNDED = "refunded"  # its latest invoice was paid back, and the settings end it then
    DISPUTED = "disputed"  # frozen while the payer's bank has the money
    UNKNOWN = "unknown"  # a status that this version doesn't know: opens nothing


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a subscription that would open doesn't."""

    course: Course
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """``ends_at`` None: closed. ``mendable``: its reader can open it again, once it is closed."""

    tier: str
    ends_at: float | None
    mendable: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """``numbers`` are the entries that made it so. ``wants_invoices``: the table can't be read without
    invoices that aren't known."""

    course: Course
    openings: tuple[Opening, ...] = ()
    numbers: tuple[int, ...] = ()
    wants_invoices: bool = False


@dataclass(frozen=True, slots=True)
class _End:
    course: Course
    at: float | None
    mendable: bool = True
    numbers: tuple[int, ...] = ()
    wants_invoices: bool = False


def standing(
    known: Known[Subscription],
    *,
    invoices: Sequence[Known[Invoice]],
    hold: Hold | None,
    rules: Rules,
) -> Standing:
    """``invoices`` are the subscription's own, in any order."""
    subscription = known.said
    ends = [(item, _end(item, subscription, invoices, rules)) for item in subscription.items]
    if not ends:
        ends = [(Item(), _end(Item(), subscription, invoices, rules))]
    first = ends[0][1]
    course, numbers = first.course, {known.number}.union(*(end.numbers for _, end in ends))
    if hold is not None and course is not Course.ENDED:
        course, numbers = hold.course, numbers | set(hold.numbers)
        ends = [(item, _End(course, None)) for item, _ in ends]
    openings = [
        Opening(tier, end.at, end.mendable)
        for item, end in ends
        for tier in rules.tiers.get(item.price, ())
        if course is not Course.ENDED and item.quantity >= 1
    ]
    wanting = any(end.wants_invoices for _, end in ends)
    return Standing(course, tuple(openings), tuple(sorted(numbers)), wanting)


def _end(
    item: Item, subscription: Subscription, invoices: Sequence[Known[Invoice]], rules: Rules
) -> _End:
    match subscription.status:
        case Status.INCOMPLETE:
            return _End(Course.INCOMPLETE, None)
        case Status.INCOMPLETE_EXPIRED | Status.CANCELED:
            return _End(Course.ENDED, None, mendable=False)
        case Status.ACTIVE if (
            subscription.paused_collection and rules.paused_collection != "access"
        ):
            return _collection_paused(item, subscription, invoices, rules)
        case Status.TRIALING | Status.ACTIVE:
            return _running(item, subscription, rules)
        case Status.PAST_DUE:
            return _past_due(item, subscription, invoices, rules)
        case Status.UNPAID:
            running = _running(item, subscription, rules)
            return running if rules.unpaid == "access" else _End(Course.UNPAID, None)
        case Status.PAUSED:
            return _End(Course.PAUSED, None)
    return _End(Course.UNKNOWN, None, mendable=False)


def _running(item: Item, subscription: Subscription, rules: Rules) -> _End:
    """Within the slack the worker asks Stripe what became of the renewal."""
    renewal = None if item.ends_at is None else item.ends_at + rules.slack_seconds
    return _until(_End(Course.RUNNING, renewal), item, subscription)


def _until(end: _End, item: Item, subscription: Subscription) -> _End:
    """Not beyond the moment for which it is cancelled. Flexible billing sets ``cancel_at`` alone."""
    last = _last(item, subscription)
    if last is None or end.at is None or end.at < last:
        return end
    return _End(Course.ENDING, last, mendable=False, numbers=end.numbers)


def _last(item: Item, subscription: Subscription) -> float | None:
    if subscription.cancel_at is not None:
        return float(subscription.cancel_at)
    if subscription.cancel_at_period_end and item.ends_at is not None:
        return float(item.ends_at)
    return None


def _collection_paused(
    item: Item, subscription: Subscription, invoices: Sequence[Known[Invoice]], rules: Rules
) -> _End:
    """``period``: as far as was paid. Stripe's own periods go on meanwhile, and say nothing."""
    if rules.paused_collection == "none":
        return _End(Course.COLLECTION_PAUSED, None)
    paid = [each for each in invoices if each.said.status == "paid"]
    if not paid:
        return _End(Course.COLLECTION_PAUSED, None, wants_invoices=True)
    last = max(paid, key=age)
    ends_at = None if last.said.lines_end is None else float(last.said.lines_end)
    end = _End(Course.COLLECTION_PAUSED, ends_at, numbers=(last.number,))
    return _until(end, item, subscription)


def _past_due(
    item: Item, subscription: Subscription, invoices: Sequence[Known[Invoice]], rules: Rules
) -> _End:
    """Grace counts from when the oldest open invoice was due, and only who has paid before has it."""
    open_invoices = [each for each in invoices if each.said.status == "open"]
    oldest = min(open_invoices, key=_due_at, default=None)
    paid = [
        each
        for each in invoices
        if each.said.status == "paid"
        and each.said.amount_paid > 0
        and (oldest is None or age(each) < age(oldest))
    ]
    if not paid:
        # One that was paid before we knew of it has invoices that nobody told us of.
        return _End(Course.NEVER_PAID, None, wants_invoices=True)
    # The invoice isn't known yet: it can't have been finalised before the period that it is for.
    began = float(item.starts_at or 0) if oldest is None else _due_at(oldest)
    numbers = (max(paid, key=age).number, *(() if oldest is None else (oldest.number,)))
    end = _End(
        Course.IN_GRACE,
        began + rules.grace_seconds,
        numbers=numbers,
        wants_invoices=oldest is None,
    )
    return _until(end, item, subscription)


def _due_at(known: Known[Invoice]) -> float:
    invoice = known.said
    if invoice.collection_method == "send_invoice" and invoice.due_date is not None:
        return float(invoice.due_date)
    return float(invoice.finalized_at or invoice.created or 0)


def age(known: Known[Invoice]) -> tuple[int, str]:
    """Invoices of one subscription in the order in which they were made."""
    return known.said.created or 0, known.said.id
