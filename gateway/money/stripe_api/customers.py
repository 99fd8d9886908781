"""Customers at Stripe: who they are, what they pay for, and ending it.

Each method raises StripeRefused (``missing`` where Stripe knows no such customer) and
StripeUnavailable. Ending twice is ending once: what is over already is told as it stands.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from gateway.errors import StripeRefused
from gateway.model.customer import Customer, Paying
from gateway.model.entry import Draft
from gateway.money.entries.fields import identifier, mapping, word
from gateway.money.stripe_api.door import Door, Told, draft_of
from gateway.money.stripe_api.objects import PAGE, PAGES_MAX, Objects

_OVER = frozenset(("canceled", "incomplete_expired"))
_NOT_LIVE = _OVER | {"incomplete"}


class Customers:
    """Implements ``money.adopting.Customers`` and ``money.erasing.Payments``."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._objects = Objects(door)

    async def customer(self, customer_id: str) -> Customer:
        """A deleted one has no address."""
        told = await self._door.ask(self._door.v1.customers.retrieve_async(customer_id))
        return _customer(told.thing)

    async def subscriptions_of(self, customer_id: str) -> Sequence[Draft]:
        """All that a customer ever had, ended ones too. Who was deleted is as good as unknown."""
        found = [
            draft_of(await self._objects.with_all_items(each))
            async for each in self._subscriptions({"customer": customer_id, "status": "all"})
        ]
        if not found:  # nothing of somebody, or of nobody
            told = await self._door.ask(self._door.v1.customers.retrieve_async(customer_id))
            if told.thing.get("deleted") is True:
                raise StripeRefused(status=404, code="resource_missing", detail="deleted")
        return found

    async def end_all(self, customer_id: str) -> Sequence[Draft]:
        """Nothing of this customer's goes on: subscriptions end now, and open Checkouts can't be paid
        any more. What Stripe says of each that was ended."""
        sessions = await self._door.page(
            self._door.v1.checkout.sessions.list_async(
                {"customer": customer_id, "status": "open", "limit": PAGE}
            )
        )
        for each in sessions[0]:
            await self._over(self._door.v1.checkout.sessions.expire_async(each.id))
        ended = []
        asked: dict[str, Any] = {"customer": customer_id, "status": "all"}
        live = [each async for each in self._subscriptions(asked) if _goes_on(each.thing)]
        for each in live:
            await self._over(self._door.v1.subscriptions.cancel_async(each.id))
            # Asked again, so that what we note is how it stands, were it ended by somebody else.
            told = await self._door.ask(self._door.v1.subscriptions.retrieve_async(each.id))
            if _goes_on(told.thing):
                raise StripeRefused(status=409, detail=f"{each.id} wouldn't end")
            ended.append(draft_of(await self._objects.with_all_items(told)))
        return ended

    async def paying(self, prices: Collection[str]) -> AsyncIterator[list[Paying]]:
        """Live subscriptions on any of these prices, page by page, each with its customer."""
        asked: dict[str, Any] = {"status": "all", "expand": ["data.customer"], "limit": PAGE}
        last = ""
        while True:
            after = {"starting_after": last} if last else {}
            listed = self._door.v1.subscriptions.list_async({**asked, **after})  # type: ignore[arg-type]  # a TypedDict put together
            page, more = await self._door.page(listed)
            yield [found for each in page if (found := _paying(each.thing, prices)) is not None]
            if not more or not page:
                return
            last = page[-1].id

    async def _subscriptions(self, asked: Mapping[str, Any]) -> AsyncIterator[Told]:
        last = ""
        for _ in range(PAGES_MAX):
            after = {"starting_after": last} if last else {}
            wanted: Any = {**asked, **after, "limit": PAGE}
            page, more = await self._door.page(self._door.v1.subscriptions.list_async(wanted))
            for each in page:
                yield each
            if not more or not page:
                return
            last = page[-1].id

    async def _over(self, call: Any) -> None:
        """A refusal because it is over already is none."""
        try:
            await self._door.ask(call)
        except StripeRefused as refused:
            if refused.refused_status not in (400, 404):
                raise


def _customer(thing: Mapping[str, Any]) -> Customer:
    if thing.get("deleted") is True:
        return Customer(id=word(thing.get("id")))
    email, name = thing.get("email"), thing.get("name")
    spoken = thing.get("preferred_locales")
    first = spoken[0] if isinstance(spoken, list) and spoken else ""
    return Customer(
        id=identifier(thing.get("id")),
        email=email if isinstance(email, str) else "",
        name=name if isinstance(name, str) else "",
        language=first if isinstance(first, str) else "",
    )


def _goes_on(thing: Mapping[str, Any]) -> bool:
    return word(thing.get("status")) not in _OVER


def _paying(thing: Mapping[str, Any], prices: Collection[str]) -> Paying | None:
    status = word(thing.get("status"))
    items = mapping(thing.get("items")).get("data")
    listed = items if isinstance(items, list) else []
    theirs = [identifier(mapping(each).get("price")) for each in listed]
    ours = [price for price in theirs if price in prices]
    if status in _NOT_LIVE or not ours:
        return None
    return Paying(
        customer=_customer(mapping(thing.get("customer"))),
        subscription=identifier(thing.get("id")),
        price=ours[0],
        status=status,
    )
