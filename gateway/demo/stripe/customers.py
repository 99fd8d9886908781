"""Customers: who pays. Knows no subscription but to end one when its customer is deleted."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.demo.stripe.account import Account, Thing, absorb
from gateway.demo.stripe.parameters import (
    EXPAND,
    PAGE,
    POSTAL,
    RANGE,
    Email,
    Group,
    Kind,
    Many,
    Metadata,
    One,
    Text,
    Whole,
)
from gateway.demo.stripe.refused import Refused

_FIELDS: Mapping[str, Kind] = {
    "address": POSTAL,
    "balance": Whole(),
    "description": Text(),
    "email": Email(),
    "metadata": Metadata(),
    "name": Text(256),
    "phone": Text(20),
    "preferred_locales": Many(Text(20)),
    "tax_exempt": One(("none", "exempt", "reverse"), clears=True),
    **EXPAND,
}
CREATE = Group(_FIELDS)
UPDATE = Group(
    {**_FIELDS, "invoice_settings": Group({"default_payment_method": Text(), "footer": Text()})}
)
LIST = Group({**PAGE, "created": RANGE, "email": Text()})
_PLAIN = (
    "address",
    "balance",
    "description",
    "email",
    "name",
    "phone",
    "preferred_locales",
    "tax_exempt",
)


def create(account: Account, params: Thing) -> Thing:
    customer: Thing = {
        "id": account.new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": account.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": account.new_id("x", 8)[2:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": account.livemode,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    _set(customer, params)
    account.add(customer)
    account.tell("customer.created", customer)
    return customer


def update(account: Account, params: Thing, customer_id: str) -> Thing:
    customer = living(account, customer_id)
    settings = params.get("invoice_settings") or {}
    method = settings.get("default_payment_method")
    if method:
        belongs(account, method, customer_id, "invoice_settings[default_payment_method]")
    with account.changing(customer, "customer.updated"):
        _set(customer, params)
        customer["invoice_settings"] |= settings
    return customer


def _set(customer: Thing, params: Thing) -> None:
    absorb(customer, params, _PLAIN)
    customer["tax_exempt"] = customer["tax_exempt"] or "none"
    if customer["address"]:
        blank = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
        customer["address"] = blank | customer["address"]


def retrieve(account: Account, params: Thing, customer_id: str) -> Thing:
    del params
    return account.find("customer", customer_id)


def living(account: Account, customer_id: str, *, param: str = "") -> Thing:
    """A customer that can still be used; a deleted one is as good as none."""
    customer = account.find("customer", customer_id, param=param)
    if customer.get("deleted"):
        raise Refused(
            f"No such customer: '{customer_id}'",
            param=param or "id",
            code="resource_missing",
            status=400 if param else 404,
        )
    return customer


def belongs(account: Account, method_id: str, customer_id: str, param: str) -> Thing:
    method = account.find("payment_method", method_id, param=param)
    if method["customer"] != customer_id:
        raise Refused(
            f"The customer does not have a payment method with the ID {method_id}. The payment "
            "method must be attached to the customer.",
            param=param,
            code="resource_missing",
        )
    return method


def delete(account: Account, params: Thing, customer_id: str) -> Thing:
    """What is left of a deleted customer; its subscriptions end at once, as Stripe says."""
    from gateway.demo.stripe import leaving

    del params
    customer = living(account, customer_id)
    for subscription in account.all("subscription"):
        if subscription["customer"] == customer_id:
            leaving.end(account, subscription, reason=None)
    for method in account.all("payment_method"):
        if method["customer"] == customer_id:
            method["customer"] = None
    for session in account.all("checkout.session"):
        if session["customer"] == customer_id and session["status"] == "open":
            session |= {"status": "expired", "url": None}
            account.tell("checkout.session.expired", session)
    account.tell("customer.deleted", customer)
    remains: Thing = {"id": customer_id, "object": "customer", "deleted": True}
    customer.clear()
    customer |= remains
    return customer


def matches(customer: Thing, params: Thing) -> bool:
    """Deleted customers aren't listed; an address is compared to the letter, as Stripe does."""
    return not customer.get("deleted") and params.get("email") in (None, customer["email"])
