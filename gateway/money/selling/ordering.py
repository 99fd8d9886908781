"""What Stripe is asked for an order, parameter by parameter. Pure: the same wish asks for the same.

As docs.stripe.com/api/checkout/sessions/create and …/customer_portal/sessions/create name them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gateway.model.price import Price
from gateway.model.selling import Plan
from gateway.money.selling.owning import Owned

_DONE_PATH = "/-/checkout/done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the publisher sells. ``site_url`` has no slash at its end."""

    site_url: str
    automatic_tax: bool = False
    promotion_codes: bool = True
    portal_configuration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a reader, who is logged in, wants to buy. ``email`` is empty where it isn't verified."""

    reader: str
    email: str
    name: str = ""
    plan: Plan
    price: Price
    return_to: str
    language: str


def session_of(wish: Wish, customer: str, terms: Terms, *, trial: bool) -> dict[str, Any]:
    """A Checkout session for one reader, known by our own reference and never by an address."""
    back = f"return_to={quote(wish.return_to, safe='/')}&lang={wish.language}"
    parameters: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer,
        "client_reference_id": wish.reader,
        "line_items": [{"price": wish.price.id, "quantity": 1}],
        # Stripe fills the name in; it must reach it with its braces.
        "success_url": f"{terms.site_url}{_DONE_PATH}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{terms.site_url}/-/plans?{back}",
        "locale": wish.language,
    }
    if terms.promotion_codes:
        parameters["allow_promotion_codes"] = True
    if terms.automatic_tax:
        parameters["automatic_tax"] = {"enabled": True}
        parameters["billing_address_collection"] = "required"
        parameters["customer_update"] = {"address": "auto"}
    if trial:
        parameters["subscription_data"] = {"trial_period_days": wish.plan.trial_days}
    return parameters


def change_to(price: str, owned: Owned) -> dict[str, Any]:
    """A flow of the portal that confirms a change to another price; {} where there is none to confirm."""
    if not owned.live:
        return {}
    subscription = owned.live[0].subscription
    if len(subscription.items) != 1 or subscription.items[0].price == price:
        return {}
    kind = "subscription_update_confirm"
    item = {"id": subscription.items[0].id, "price": price, "quantity": 1}
    return {"type": kind, kind: {"subscription": subscription.id, "items": [item]}}
