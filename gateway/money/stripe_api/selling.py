"""What selling asks of Stripe: a customer for a reader, a Checkout session, the customer's portal.

Each method raises StripeRefused and StripeUnavailable. What is made bears a key of our own, so that
being asked twice makes it once (docs.stripe.com/api/idempotent_requests).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.entry import Draft
from gateway.money.entries.fields import identifier, mapping, word
from gateway.money.stripe_api.door import Door, draft_of
from gateway.money.stripe_api.objects import PAGE, Objects

HOSTS = ("https://checkout.stripe.com", "https://billing.stripe.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A Checkout session. ``status`` is ``open``, ``complete`` or ``expired``; ``url`` is where it is
    paid, empty once it can't be. ``drafts`` are Stripe's answers about it."""

    id: str
    status: str
    payment_status: str
    url: str
    drafts: Sequence[Draft] = ()


class Till:
    """Implements ``money.selling.Stripe``."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._objects = Objects(door)

    async def new_customer(
        self, reader: str, *, email: str, name: str, language: str, key: str
    ) -> str:
        wanted: dict[str, Any] = {"metadata": {"reader": reader}, "preferred_locales": [language]}
        if email:
            wanted["email"] = email
        if name:
            wanted["name"] = name
        asked: Any = wanted
        made = self._door.v1.customers.create_async(asked, {"idempotency_key": key})
        return (await self._door.ask(made)).id

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> Session:
        asked: Any = dict(parameters)
        made = self._door.v1.checkout.sessions.create_async(asked, {"idempotency_key": key})
        return _session((await self._door.ask(made)).thing)

    async def session(self, session_id: str) -> Session:
        asked = self._door.v1.checkout.sessions.retrieve_async(session_id)
        return _session((await self._door.ask(asked)).thing)

    async def expire(self, session_id: str) -> Session:
        """Raises StripeRefused where it isn't open any more."""
        asked = self._door.v1.checkout.sessions.expire_async(session_id)
        return _session((await self._door.ask(asked)).thing)

    async def bought(self, session_id: str) -> Session:
        """A session with all that hangs on it: its subscription, and the invoice of that."""
        told = await self._door.ask(self._door.v1.checkout.sessions.retrieve_async(session_id))
        found = _session(told.thing)
        drafts = [draft_of(told)]
        subscription = identifier(told.thing.get("subscription"))
        if subscription:
            drafts.append(await self._objects.one("subscription", subscription))
            invoice = str(drafts[-1].facts.get("latest_invoice", ""))
            if invoice:
                drafts.append(await self._objects.one("invoice", invoice))
        return Session(
            id=found.id,
            status=found.status,
            payment_status=found.payment_status,
            url=found.url,
            drafts=drafts,
        )

    async def live_of(self, customer: str) -> Sequence[Draft]:
        """The customer's subscriptions that aren't over, as they stand now."""
        listed: Any = {"customer": customer, "limit": PAGE}
        page, _ = await self._door.page(self._door.v1.subscriptions.list_async(listed))
        return [draft_of(await self._objects.with_all_items(each)) for each in page]

    async def portal(
        self,
        customer: str,
        *,
        return_url: str,
        language: str,
        configuration: str = "",
        flow: Mapping[str, Any] | None = None,
    ) -> str:
        """Where the customer manages what they pay for."""
        wanted: dict[str, Any] = {
            "customer": customer,
            "return_url": return_url,
            "locale": language,
        }
        if configuration:
            wanted["configuration"] = configuration
        if flow:
            wanted["flow_data"] = dict(flow)
        asked: Any = wanted
        made = self._door.v1.billing_portal.sessions.create_async(asked)
        return word_of_url((await self._door.ask(made)).thing)


def _session(thing: Mapping[str, Any]) -> Session:
    return Session(
        id=identifier(thing.get("id")),
        status=word(mapping(thing).get("status")),
        payment_status=word(thing.get("payment_status")),
        url=word_of_url(thing),
    )


def word_of_url(thing: Mapping[str, Any]) -> str:
    """Only what can stand in a Location header."""
    url = thing.get("url")
    plain = isinstance(url, str) and url.isascii() and url.isprintable() and " " not in url
    return url if plain and isinstance(url, str) else ""
