"""A day counted at Stripe: what is asked of it and of our own books, and how far around the day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from gateway.errors import StripeUnavailable
from gateway.model.movement import Movement
from gateway.money import day
from gateway.money.day import EDGE_SECONDS, LATE_SECONDS, Counted

MOVEMENTS_MAX = 30_000


class Days(Protocol):
    """Every method raises StoreUnavailable."""

    async def movements(self, since: float, until: float, *, limit: int) -> Sequence[Movement]:
        """One more than ``limit`` says that there are more."""

    async def ours(self, customers: Collection[str], payments: Collection[str]) -> set[str]: ...


class Stripe(Protocol):
    """Raises StripeUnavailable and StripeRefused."""

    async def moved(self, since: float, until: float) -> Sequence[Movement]: ...

    async def charged(self, since: float, until: float) -> Sequence[Movement]: ...


async def counted(days: Days, stripe: Stripe, since: float, until: float) -> Counted | None:
    """None where it is too much to be compared. Where all is found within the day, nothing further is
    asked; what isn't may be a direct debit, which was charged weeks before. Raises StripeUnavailable,
    StripeRefused and StoreUnavailable."""
    first, last = since - EDGE_SECONDS, until + EDGE_SECONDS
    ours = await days.movements(first, last, limit=MOVEMENTS_MAX)
    if len(ours) > MOVEMENTS_MAX:
        return None
    stripes = await stripe.moved(first, last)
    near = await _compared(days, stripes, ours, since, until)
    if not near.only_ours and not near.only_stripe:
        return near
    around = since - LATE_SECONDS, until + LATE_SECONDS
    ours = await days.movements(*around, limit=MOVEMENTS_MAX)
    if len(ours) > MOVEMENTS_MAX:
        return near
    try:
        earlier = await stripe.charged(since - LATE_SECONDS, first)
    except StripeUnavailable:
        return near
    return await _compared(days, [*earlier, *stripes], ours, since, until)


async def _compared(
    days: Days, stripes: Sequence[Movement], ours: Sequence[Movement], since: float, until: float
) -> Counted:
    payments = {each.payment_id for each in stripes} | {each.charge_id for each in stripes}
    known = await days.ours({each.customer_id for each in stripes}, payments)
    return day.count(stripes, ours, known=known, since=since, until=until)
