"""Subscriptions as their reader leaves them: what is running, until when it is paid, what may be done.

Pure. The same of a story that the ledger tells and of an object that Stripe has just shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from gateway.model.subscription import Status, Subscription
from gateway.money.folding.fold import Folded
from gateway.money.folding.rules import Rules
from gateway.money.leaving.withdrawing import last_moment, midnight_after

AHEAD_DAYS_MAX = 366
_OVER = (Status.CANCELED, Status.INCOMPLETE_EXPIRED)
_OPEN = (Status.ACTIVE, Status.TRIALING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """``ends_at`` is the end of what is paid; ``leaving_at`` when it ends for good, where that is set.
    ``refunded``: its latest invoice was paid back. ``seen`` is the entry that says so, 0 for what only
    Stripe told."""

    id: str
    customer: str
    status: str
    prices: tuple[str, ...]
    made_at: float
    ends_at: float | None
    leaving_at: float | None
    ended_at: float | None
    trial: bool = False
    refunded: bool = False
    seen: int = 0

    @property
    def over(self) -> bool:
        return self.status in _OVER

    @property
    def open(self) -> bool:
        """Somebody reads by it: it ends when what is paid ends. Any other can end at once."""
        return self.status in _OPEN

    @property
    def can_cancel(self) -> bool:
        return not self.over and self.leaving_at is None

    @property
    def ending(self) -> bool:
        """It goes on for a while, and may be taken back until then."""
        return not self.over and self.leaving_at is not None

    def can_withdraw(self, at: float, zone: ZoneInfo) -> bool:
        """Whether that was in time. What was cancelled is withdrawn from all the same."""
        gone = self.status == Status.INCOMPLETE_EXPIRED or (self.over and self.refunded)
        return not gone and at < self.withdraw_until(zone)

    def withdraw_until(self, zone: ZoneInfo) -> float:
        return last_moment(self.made_at, zone)

    def end_of(self, wished: str, zone: ZoneInfo) -> float | None:
        """When it should end. None: at the end of what is paid, which is also what a wish for that day
        means. ``wished`` is a day as it is kept, or empty."""
        if not wished:
            return None
        end = midnight_after(date.fromisoformat(wished), zone)
        if self.ends_at is not None:
            paid_day = datetime.fromtimestamp(self.ends_at, zone).date()
            if paid_day.isoformat() == wished:
                return None
        return end


def of_facts(subscription: Subscription, *, refunded: bool = False, seen: int = 0) -> Contract:
    ends = [item.ends_at for item in subscription.items if item.ends_at is not None]
    ends_at = float(max(ends)) if ends else None
    leaving_at = None
    if subscription.cancel_at is not None:
        leaving_at = float(subscription.cancel_at)
    elif subscription.cancel_at_period_end:
        leaving_at = ends_at
    return Contract(
        id=subscription.id,
        customer=subscription.customer,
        status=subscription.status,
        prices=tuple(item.price for item in subscription.items),
        made_at=float(subscription.created or 0),
        ends_at=ends_at,
        leaving_at=leaving_at,
        ended_at=None if subscription.ended_at is None else float(subscription.ended_at),
        trial=subscription.status == Status.TRIALING,
        refunded=refunded,
        seen=seen,
    )


def of_reader(folded: Folded, reader: str) -> list[Contract]:
    """Those that are this reader's own, the newest first."""
    found = [
        of_facts(
            held.subscription,
            refunded=held.refunded is not None,
            seen=max(held.standing.numbers, default=0),
        )
        for held in folded.held.values()
        if held.reader == reader and held.whose.ours
    ]
    return in_order(found)


def ours(contracts: Iterable[Contract], rules: Rules) -> list[Contract]:
    """Those on a plan's price: one account of Stripe's may sell other things too."""
    return in_order(
        each for each in contracts if any(price in rules.tiers for price in each.prices)
    )


def in_order(contracts: Iterable[Contract]) -> list[Contract]:
    once: Mapping[str, Contract] = {each.id: each for each in contracts}
    return sorted(once.values(), key=lambda each: (-each.made_at, each.id))


def day_wished(written: str, *, now: float, zone: ZoneInfo) -> str | None:
    """The day that somebody typed, as it is kept; empty for none. None for what is no day, or one that
    is past, or further ahead than a year."""
    if not written:
        return ""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    ahead = (day - datetime.fromtimestamp(now, zone).date()).days
    return day.isoformat() if 0 <= ahead <= AHEAD_DAYS_MAX else None
