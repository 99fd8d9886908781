"""Somebody wants to leave: to cancel a subscription, or to withdraw from it within the days of the law.

What they asked, and what became of it. ``wished`` is a day as ISO 8601 writes it, or empty: at the end
of what is paid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.amount import Amount

LINK_HOURS = 72


class Way(StrEnum):
    CANCEL = "cancel"  # Code de la consommation, L.215-1-1: the subscription ends, later or now
    WITHDRAW = "withdraw"  # L.221-18; directive 2023/2673, 11a: as if there had been no contract


class State(StrEnum):
    ASKED = "asked"  # somebody wrote it; the address isn't proved yet
    ACCEPTED = "accepted"  # it counts from when it was asked, and is to be carried out
    DONE = "done"  # carried out


class Result(StrEnum):
    """What became of one subscription. Each is a sentence of the receipt."""

    ENDING = "ending"  # it ends at a moment that is set
    ENDED = "ended"  # it ended at once
    ALREADY = "already"  # it was cancelled before, or is over
    WITHDRAWN = "withdrawn"  # it ended at once, and what was paid comes back
    TOO_LATE = "too-late"  # the days for withdrawing were over when it was asked
    REFUSED = "refused"  # Stripe refused; a person has to do it
    NOTHING = "nothing"  # no subscription was found


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``ends_at`` is when it ends or ended, None where nobody knows. ``refunded``: by currency;
    ``by_hand`` what was paid and couldn't go back by itself; ``before``: some had gone back already."""

    result: Result
    subscription_id: str = ""
    prices: tuple[str, ...] = ()
    ends_at: float | None = None
    refunded: tuple[Amount, ...] = ()
    by_hand: tuple[Amount, ...] = ()
    before: bool = False

    @property
    def for_a_person(self) -> bool:
        return self.result is Result.REFUSED or bool(self.by_hand)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """``once`` names what may be asked for once. ``subscriptions`` are those it is about; none: those
    that are found under ``email`` when it is carried out."""

    id: str
    once: str
    way: Way
    state: State
    reader_id: str = ""
    email: str = field(repr=False, default="")
    name: str = field(repr=False, default="")
    reference: str = ""
    wished: str = ""
    reason: str = field(repr=False, default="")
    language: str
    subscriptions: tuple[str, ...] = ()
    asked_at: float
    until: float = 0.0
    accepted_at: float | None = None
    receipted: bool = False
    tries: int = 0
    outcomes: tuple[Outcome, ...] = ()
