"""What Stripe says that moved within some time: its charges, refunds and disputes, as movements.

They are listed by when they were made. A charge that didn't succeed moved nothing, nor did a refund
that failed, nor an inquiry. Nothing is concluded where there is more than can be read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from gateway.errors import StripeUnavailable
from gateway.model.movement import Movement, Sort
from gateway.model.subscription import Charge, Dispute, Refund, read
from gateway.money.entries.shapes import described
from gateway.money.folding.movements import NOT_PAID_BACK, took
from gateway.money.stripe_api.door import Door, Told

PAGE_ROWS = 100
PAGES_MAX = 300


class Counting:
    """Implements ``console.day_count.Stripe``."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def charged(self, since: float, until: float) -> list[Movement]:
        """Raises StripeUnavailable and StripeRefused."""
        return await self._all(self._door.v1.charges.list_async, _charge, since, until)

    async def moved(self, since: float, until: float) -> list[Movement]:
        """Raises StripeUnavailable and StripeRefused."""
        v1 = self._door.v1
        found: list[Movement] = []
        for listing, reading in (
            (v1.charges.list_async, _charge),
            (v1.refunds.list_async, _refund),
            (v1.disputes.list_async, _dispute),
        ):
            found += await self._all(listing, reading, since, until)
        return found

    async def _all(
        self,
        listing: Callable[[Any], Awaitable[Any]],
        reading: Callable[[Told], Movement | None],
        since: float,
        until: float,
    ) -> list[Movement]:
        found: list[Movement] = []
        asked: dict[str, Any] = {
            "created": {"gte": int(since), "lt": int(until)},
            "limit": PAGE_ROWS,
        }
        for _ in range(PAGES_MAX):
            page, more = await self._door.page(listing(asked))
            found += [moved for told in page if (moved := reading(told)) is not None]
            if not more or not page:
                return found
            asked = asked | {"starting_after": page[-1].id}
        raise StripeUnavailable("stripe-too-much", f"more than {PAGES_MAX * PAGE_ROWS} in a list")


def _charge(told: Told) -> Movement | None:
    said = read(Charge, described(told.thing)["facts"])
    if said.status != "succeeded":
        return None
    return _movement(said.id, Sort.PAYMENT, said.amount, said, said.customer, said.id)


def _refund(told: Told) -> Movement | None:
    said = read(Refund, described(told.thing)["facts"])
    if said.status in NOT_PAID_BACK:
        return None
    return _movement(said.id, Sort.REFUND, -said.amount, said, "", said.charge)


def _dispute(told: Told) -> Movement | None:
    said = read(Dispute, described(told.thing)["facts"])
    return (
        _movement(said.id, Sort.DISPUTE, -said.amount, said, "", said.charge)
        if took(said)
        else None
    )


def _movement(
    object_id: str,
    sort: Sort,
    amount_minor: int,
    said: Charge | Refund | Dispute,
    customer: str,
    charge: str,
) -> Movement:
    return Movement(
        object_id=object_id,
        sort=sort,
        at=None if said.created is None else float(said.created),
        currency=said.currency,
        amount_minor=amount_minor,
        number=0,
        customer_id=customer,
        payment_id=said.payment,
        charge_id=charge,
    )
