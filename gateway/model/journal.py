"""The ledger as people look through it: a filter, a page of rows, and what stands in a row.

Pages hang on entry numbers alone: what comes in meanwhile moves nothing from one page to another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.entry import Entry


class Shown(StrEnum):
    """States as the journal names them: those of the fold, with the failed apart from the waiting."""

    RECEIVED = "received"  # waits to be applied, or for Stripe's answer
    APPLIED = "applied"  # it counted
    IGNORED = "ignored"  # it opens and closes nothing
    NOT_OURS = "not-ours"  # another business's, mode's or account's
    NEEDS_A_PERSON = "needs-a-person"  # nobody is granted anything until somebody has looked
    FAILED = "failed"  # it couldn't be applied, a fault of ours; it is tried again


@dataclass(frozen=True, slots=True)
class Written:
    """An amount as it was typed: 9.90 is 990 of a currency with two digits behind the point."""

    minor: int
    exponent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a search. An entry answers it in any of these ways: one of its ids is ``id``, its
    amount is one of ``amounts``, it came within ``days``, or its payload says one of ``terms``.
    ``address`` also finds the accounts that have it."""

    id: str = ""
    amounts: tuple[Written, ...] = ()
    days: tuple[tuple[float, float], ...] = ()
    terms: tuple[str, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """All of these hold. ``since`` ≤ the moment it came < ``until``. Amounts are minor units without a
    sign, of ``currency``. ``deliveries_min`` is how often Stripe sent it, ``lag_min`` how late."""

    state: Shown | None = None
    reason: str = ""
    kind: str = ""
    source: str = ""
    reader: str = ""
    currency: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    since: float | None = None
    until: float | None = None
    deliveries_min: int = 0
    lag_min: int = 0
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``amount_minor`` is signed: what was paid back is negative. ``next_at``: when a failed one is
    tried again, or one that waits asked about. ``reader`` is whose the customer is now."""

    entry: Entry
    state: Shown
    reason: str
    amount_minor: int | None
    deliveries: int
    lag_seconds: float | None
    tries: int
    next_at: float | None
    failure: str
    reader: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``rows`` newest first. ``before`` is where the next page begins; 0: there is none. ``cut``: so many
    entries were looked through that the rest is for the next page."""

    rows: tuple[Row, ...]
    before: int = 0
    cut: bool = False


_TAKEN = frozenset(("refund", "dispute"))


def signed_amount(entry: Entry) -> int | None:
    """What was paid back or taken is negative; of a charge that was refunded, what came back of it."""
    if entry.amount_minor is None:
        return None
    if entry.object_type in _TAKEN:
        return -entry.amount_minor
    if entry.kind == "charge.refunded":
        back = entry.said.get("amount_refunded")
        return -back if type(back) is int else None
    return entry.amount_minor
