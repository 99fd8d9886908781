"""Which letters of its life are due for a subscription, by what the ledger says. Pure.

A letter has a key, so that whoever looks again finds the same letter. What is long past is told to
nobody: a cause counts from the moment since which we know the subscription, and since which letters
are sent at all, but for three days. So a ledger from before, or thousands who are imported, get none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.model.amount import Amount
from gateway.model.entry import Entry
from gateway.model.life import Due, Told
from gateway.model.subscription import Invoice, Status, Subscription
from gateway.money.folding.fold import Folded, newest_rules
from gateway.money.folding.held import Held
from gateway.money.folding.story import Known, Story, gather
from gateway.money.folding.whose import bindings

DAY_SECONDS = 86400.0
RECENT_SECONDS = 3 * DAY_SECONDS
TRIAL_SECONDS = 7 * DAY_SECONDS
CARD_SECONDS = 14 * DAY_SECONDS
# "At the earliest three months and at the latest one month" before (L.215-1).
RENEWAL_SECONDS, RENEWAL_LAST_SECONDS = 62 * DAY_SECONDS, 31 * DAY_SECONDS
AHEAD_SECONDS = RENEWAL_SECONDS
_LONG_SECONDS = 150 * DAY_SECONDS  # a period whose renewal is announced
_SHORT_TRIAL_SECONDS = 2 * DAY_SECONDS
_OPEN = (Status.ACTIVE, Status.TRIALING)
LEFT_SECONDS = 600.0
_FAILED, _CONFIRM = "invoice.payment_failed", "invoice.payment_action_required"
_AUTOMATIC = ("", "charge_automatically")
_FIRST = "subscription_create"  # whoever pays the first one stands at Checkout


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the entries of one subscription tell beside its newest snapshot."""

    known_at: float
    began_at: float | None
    was_open: bool
    left_at: float | None
    currency: str


def letters(folded: Folded, *, now: float, began: float) -> list[Due]:
    """Of whole stories, each that is due now. ``began``: since when letters are sent here."""
    entries = folded.entries
    rules = newest_rules(entries)
    story = gather(entries)
    bound = bindings(story)
    seen = _seen(entries)
    failures = _failures(entries)
    found: list[Due] = []
    for name, held in folded.held.items():
        subscription = held.subscription
        planned = any(item.price in rules.tiers for item in subscription.items)
        # Who was somebody's once, and is nobody's now, isn't written to.
        nobodys = not held.reader and subscription.customer in bound
        if not planned or not held.whose.ours or nobodys or name not in seen:
            continue
        oldest = max(began, seen[name].known_at) - RECENT_SECONDS
        of_it = [*_of(held, seen[name]), *_unpaid(held, story, failures)]
        found += [each for each in of_it if each.at >= oldest and each.at <= now < each.until]
    return sorted(found, key=lambda each: (each.at, each.key))


def _of(held: Held, seen: _Seen) -> Iterator[Due]:
    subscription = held.subscription
    created = float(subscription.created or 0)
    if subscription.status == Status.CANCELED and seen.was_open:
        ended = float(subscription.ended_at or 0)
        yield _due(held, seen, Told.ENDED, at=ended, until=ended + RECENT_SECONDS, day=ended)
    if subscription.status not in _OPEN:
        return
    ends = [float(item.ends_at) for item in subscription.items if item.ends_at is not None]
    starts = [float(item.starts_at) for item in subscription.items if item.starts_at is not None]
    ends_at, starts_at = max(ends, default=0.0), max(starts, default=0.0)
    if held.reader and held.whose.opens:
        at = created if seen.began_at is None else seen.began_at
        yield _due(held, seen, Told.WELCOME, at=at, until=at + RECENT_SECONDS, day=ends_at)
    leaving_at = float(subscription.cancel_at or ends_at)
    if _leaving(subscription) and seen.left_at is not None:
        # Who left here has a receipt that says so by then, and who took it back hears nothing.
        at = seen.left_at + LEFT_SECONDS
        yield _due(held, seen, Told.ENDING, at=at, until=at + RECENT_SECONDS, day=leaving_at)
    if _leaving(subscription) or not ends_at or subscription.paused_collection:
        return
    trial_end = float(subscription.trial_end or 0)
    trial = trial_end - created
    if subscription.status == Status.TRIALING and trial >= _SHORT_TRIAL_SECONDS:
        at = trial_end - min(TRIAL_SECONDS, trial / 2)
        yield _due(held, seen, Told.TRIAL_ENDING, at=at, until=trial_end, day=trial_end)
    if subscription.status == Status.ACTIVE and ends_at - starts_at >= _LONG_SECONDS:
        at, until = ends_at - RENEWAL_SECONDS, ends_at - RENEWAL_LAST_SECONDS
        yield _due(held, seen, Told.RENEWAL, at=at, until=until, day=ends_at)
    if subscription.collection_method in _AUTOMATIC:
        at = max(ends_at - CARD_SECONDS, starts_at)
        yield _due(held, seen, Told.CARD_ENDING, at=at, until=ends_at, day=ends_at)


def _unpaid(held: Held, story: Story, failures: Mapping[str, _Failure]) -> Iterator[Due]:
    """One letter an invoice, be it asked for many times; it tells of the newest try."""
    subscription = held.subscription
    if subscription.status not in (*_OPEN, Status.PAST_DUE, Status.UNPAID):
        return
    for name, failure in failures.items():
        known: Known[Invoice] | None = story.invoices.get(name)
        if known is None or known.said.subscription != subscription.id:
            continue
        invoice = known.said
        if invoice.status != "open" or invoice.billing_reason == _FIRST:
            continue
        yield Due(
            key=f"payment:{invoice.id}",
            told=Told.PAYMENT_CONFIRM if failure.confirm else Told.PAYMENT_FAILED,
            subscription_id=subscription.id,
            customer_id=subscription.customer,
            reader_id=held.reader,
            at=failure.at,
            until=failure.at + RECENT_SECONDS,
            prices=tuple(item.price for item in subscription.items),
            invoice_id=invoice.id,
            amount=Amount(invoice.amount_due, invoice.currency),
        )


def _due(held: Held, seen: _Seen, told: Told, *, at: float, until: float, day: float) -> Due:
    subscription = held.subscription
    once = told in (Told.WELCOME, Told.ENDED)
    key = f"{told}:{subscription.id}" if once else f"{told}:{subscription.id}:{int(day)}"
    return Due(
        key=key,
        told=told,
        subscription_id=subscription.id,
        customer_id=subscription.customer,
        reader_id=held.reader,
        at=at,
        until=until,
        day=day,
        prices=tuple(item.price for item in subscription.items),
        currency=seen.currency,
        made_at=float(subscription.created or 0),
        trial_end=float(subscription.trial_end)
        if subscription.status == Status.TRIALING and subscription.trial_end
        else None,
    )


def _leaving(subscription: Subscription) -> bool:
    return subscription.cancel_at is not None or subscription.cancel_at_period_end


@dataclass(frozen=True, slots=True)
class _Failure:
    at: float
    confirm: bool


def _failures(entries: Iterable[Entry]) -> dict[str, _Failure]:
    """By invoice: when Stripe last said that it wasn't paid, and whether its payer must confirm."""
    found: dict[str, _Failure] = {}
    for entry in entries:
        if entry.kind in (_FAILED, _CONFIRM) and entry.invoice_id:
            before = found.get(entry.invoice_id, _Failure(0.0, False))
            found[entry.invoice_id] = _Failure(
                max(before.at, entry.observed_at), before.confirm or entry.kind == _CONFIRM
            )
    return found


def _seen(entries: Iterable[Entry]) -> dict[str, _Seen]:
    """``began_at``: when it was open first, where it was seen waiting for its first payment before;
    else it began when it was made. ``left_at``: since when it is cancelled, where that was seen."""
    of_it: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.subscription_id:
            of_it[entry.subscription_id].append(entry)
    found = {}
    for name, these in of_it.items():
        shots = [each for each in these if each.object_type == "subscription"]
        opened = [each.observed_at for each in shots if each.said.get("status") in _OPEN]
        waited = any(each.said.get("status") == Status.INCOMPLETE for each in shots)
        found[name] = _Seen(
            known_at=min(each.at for each in these),
            began_at=min(opened) if waited and opened else None,
            was_open=bool(opened),
            left_at=_left_at(shots),
            currency=max((each.currency for each in shots), default=""),
        )
    return found


def _left_at(shots: Iterable[Entry]) -> float | None:
    """None where it was never seen going on: then nobody knows when it was cancelled."""
    left_at = None
    went_on = False
    for shot in sorted(shots, key=lambda each: (each.observed_at, each.number)):
        said = shot.said
        if said.get("cancel_at") is None and not said.get("cancel_at_period_end"):
            went_on, left_at = True, None
        elif went_on and left_at is None:
            left_at = shot.observed_at
    return left_at
