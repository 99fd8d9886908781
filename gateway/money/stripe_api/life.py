"""What a letter needs of Stripe: the card that will be charged, the page on which an invoice is paid.

Each method raises StripeRefused and StripeUnavailable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model.customer import Customer
from gateway.model.life import Card
from gateway.money.entries.fields import identifier, mapping, whole, word
from gateway.money.stripe_api.customers import Customers
from gateway.money.stripe_api.door import Door

_METHOD = "invoice_settings.default_payment_method"


class Asked:
    """Implements ``money.living.Stripe``. ``api_base`` is that of a stand-in, or empty."""

    def __init__(self, door: Door, *, api_base: str = "") -> None:
        self._door = door
        self._api_base = api_base
        self._customers = Customers(door)

    async def customer(self, customer_id: str) -> Customer:
        return await self._customers.customer(customer_id)

    async def card(self, subscription_id: str) -> Card | None:
        """The one that is charged next: the subscription's own, else its customer's. None for what has
        no end: a debit, a balance."""
        told = await self._door.ask(
            self._door.v1.subscriptions.retrieve_async(
                subscription_id, {"expand": ["default_payment_method", f"customer.{_METHOD}"]}
            )
        )
        settings = mapping(mapping(told.thing.get("customer")).get("invoice_settings"))
        own = mapping(told.thing.get("default_payment_method"))
        return _card(own or mapping(settings.get("default_payment_method")))

    async def payment_page(self, invoice_id: str) -> str:
        """Where whoever has the link pays an invoice; empty where there is no such page."""
        told = await self._door.ask(self._door.v1.invoices.retrieve_async(invoice_id))
        url = told.thing.get("hosted_invoice_url")
        if not isinstance(url, str) or not url.isascii() or not url.isprintable():
            return ""
        ours = self._api_base and url.startswith(f"{self._api_base}/")
        return url if ours or url.startswith("https://") else ""


def _card(method: Mapping[str, Any]) -> Card | None:
    card = mapping(method.get("card"))
    year, month = whole(card.get("exp_year")), whole(card.get("exp_month"))
    if year is None or month is None or not 1 <= month <= 12:
        return None
    return Card(identifier(method.get("id")), word(card.get("last4")), year, month)
