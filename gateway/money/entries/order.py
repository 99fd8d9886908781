"""Which of several snapshots of one Stripe object is the later. Pure.

Stripe's objects don't say when they changed, events come in any order, and ``created: incomplete``
and ``updated: active`` share a second at nearly every Checkout. So: a status that is never left
wins; then the later *observation* (the event's ``created``, the ``Date`` of Stripe's answer); then
what we fetched over what an event carried; then the rank of the status; then the event id. Never the
order of arrival, never our clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.model.entry import Entry
from gateway.model.subscription import Status


@dataclass(frozen=True, slots=True)
class Told:
    """An entry and its facts, read once."""

    entry: Entry
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ladder:
    """``terminal`` statuses are never left. ``ranks``: of two in one second, the higher is later."""

    terminal: frozenset[str] = frozenset()
    ranks: Mapping[str, int] = field(default_factory=dict)


def _ladder(rising: str, terminal: str = "") -> Ladder:
    words = rising.split()
    return Ladder(frozenset(terminal.split()), {word: rank for rank, word in enumerate(words, 1)})


_ANY = Ladder()
_LADDERS = {
    # In doubt within one second, what opens more: the fetch that follows corrects it either way.
    "subscription": Ladder(
        frozenset((Status.CANCELED, Status.INCOMPLETE_EXPIRED)),
        {
            Status.INCOMPLETE: -1,  # below a word that we don't know
            Status.TRIALING: 1,
            Status.PAUSED: 2,
            Status.UNPAID: 3,
            Status.PAST_DUE: 4,
            Status.ACTIVE: 5,
        },
    ),
    # An uncollectible invoice can still be paid or voided.
    "invoice": _ladder("draft open uncollectible void paid", "void paid"),
    "invoice_payment": _ladder("open canceled paid"),
    "checkout.session": _ladder("open expired complete", "expired complete"),
    # A refund that succeeded can still fail.
    "refund": _ladder("pending requires_action succeeded canceled failed", "canceled failed"),
    # None is terminal: an appeal can win what was lost.
    "dispute": _ladder(
        "warning_needs_response warning_under_review warning_closed needs_response under_review"
        " lost appeal_needs_response appeal_under_review prevented won"
    ),
}


def newest(snapshots: Iterable[Told]) -> Told:
    """Of one or more snapshots of one object."""
    return max(snapshots, key=_order)


def _order(told: Told) -> tuple[bool, float, bool, int, str]:
    ladder = _LADDERS.get(told.entry.object_type, _ANY)
    status = str(told.facts.get("status", ""))
    return (
        status in ladder.terminal,
        told.entry.observed_at,
        told.entry.fetched,
        ladder.ranks.get(status, 0),
        told.entry.event_id,
    )
