"""Prices and webhook endpoints as Stripe has them now. Raises StripeRefused and StripeUnavailable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.model.amount import Amount
from gateway.model.price import Price
from gateway.money.entries.fields import currency, identifier, mapping, whole, word
from gateway.money.stripe_api.door import Door, Told
from gateway.money.stripe_api.objects import PAGE

_WHOLE = ["currency_options", "product"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``events`` may hold ``*`` for all of them."""

    url: str
    enabled: bool
    events: frozenset[str]


class Shelf:
    """Implements ``money.prices.Asked``."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def price(self, price_id: str) -> Price:
        asked = self._door.v1.prices.retrieve_async(price_id, {"expand": _WHOLE})
        return price_of(await self._door.ask(asked))

    async def endpoints(self) -> list[Endpoint]:
        listed = self._door.v1.webhook_endpoints.list_async({"limit": PAGE})
        page, _ = await self._door.page(listed)
        return [_endpoint(each.thing) for each in page]


def price_of(told: Told) -> Price:
    """``product`` is expanded: what is of a product that isn't sold any more can't be bought."""
    thing = told.thing
    recurring = mapping(thing.get("recurring"))
    product = mapping(thing.get("product"))
    own = currency(thing)
    # A metered price, or one in tiers, has no amount that a period costs.
    fixed = word(recurring.get("usage_type")) != "metered"
    minor = whole(thing.get("unit_amount")) if fixed else None
    return Price(
        id=told.id,
        product=identifier(thing.get("product")),
        amount=None if minor is None or not own else Amount(minor, own),
        options=_options(thing, own) if fixed else (),
        interval=word(recurring.get("interval")),
        interval_count=whole(recurring.get("interval_count")) or 1,
        tax_behavior=word(thing.get("tax_behavior")),
        active=thing.get("active") is True and product.get("active") is not False,
        livemode=thing.get("livemode") is True,
        fetched_at=told.at,
    )


def _options(thing: Mapping[str, Any], own: str) -> tuple[Amount, ...]:
    """In other currencies than its own, which Stripe lists among them."""
    found = mapping(thing.get("currency_options"))
    amounts = ((whole(mapping(found[code]).get("unit_amount")), code) for code in sorted(found))
    return tuple(
        Amount(minor, code) for minor, code in amounts if minor is not None and code != own
    )


def _endpoint(thing: Mapping[str, Any]) -> Endpoint:
    events = thing.get("enabled_events")
    url = thing.get("url")
    return Endpoint(
        url=url if isinstance(url, str) else "",
        enabled=thing.get("status") == "enabled",
        events=frozenset(each for each in events if isinstance(each, str))
        if isinstance(events, list)
        else frozenset(),
    )
