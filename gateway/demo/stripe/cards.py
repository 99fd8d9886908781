"""Means of payment: Stripe's test cards and debits, what each does, and the objects made of them.

The behaviours are those of docs.stripe.com/testing. Knows no invoice: ``paying`` asks ``how``.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.customers import living
from gateway.demo.stripe.parameters import EXPAND, PAGE, Group, One, Text
from gateway.demo.stripe.refused import Refused


@dataclass(frozen=True, slots=True)
class Means:
    """``first`` is what a payment does while the payer is there, ``later`` when they aren't.

    Outcomes: ``pays``, ``asks`` (needs the payer's bank), ``pends`` (then ``ends``), or a decline
    code. ``after`` follows a payment: ``disputed``, ``refund_fails``.
    """

    last4: str
    first: str = "pays"
    later: str = "pays"
    kind: str = "card"
    brand: str = "visa"
    ends: str = "pays"
    after: str = ""


MEANS = {
    "4242424242424242": Means("4242"),
    "5555555555554444": Means("4444", brand="mastercard"),
    "4000000000000341": Means("0341", later="generic_decline"),
    "4000000000009995": Means("9995", first="insufficient_funds", later="insufficient_funds"),
    "4000000000000002": Means("0002", first="generic_decline", later="generic_decline"),
    "4000000000000069": Means("0069", first="expired_card", later="expired_card"),
    "4000002500003155": Means("3155"),
    "4000002760003184": Means("3184", later="asks"),
    "4000000000000259": Means("0259", after="disputed"),
    "4000000000005126": Means("5126", after="refund_fails"),
    "FR1420041010050500013M02606": Means("2606", "pends", "pends", "sepa_debit"),
    "FR8420041010050500013M02607": Means(
        "2607", "pends", "pends", "sepa_debit", ends="generic_decline"
    ),
}
# docs.stripe.com/testing: PaymentMethods that every test account has.
READY = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_refundFail": "4000000000005126",
}
DECLINES = {
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "generic_decline": ("card_declined", "Your card was declined."),
    "expired_card": ("expired_card", "Your card has expired."),
    "authentication_required": (
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
}

ATTACH = Group({"customer": Text(), **EXPAND}, needs=("customer",))
LIST = Group({**PAGE, "customer": Text(), "type": One(("card", "sepa_debit"))})


def make(
    account: Account, number: str, *, email: str | None = None, name: str | None = None
) -> Thing:
    """A new payment method of a test number, held by nobody yet."""
    means = MEANS[number]
    blank = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    method: Thing = {
        "id": account.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": blank | {"country": account.settings.country},
            "email": email,
            "name": name,
            "phone": None,
            "tax_id": None,
        },
        "created": account.now(),
        "customer": None,
        "livemode": account.livemode,
        "metadata": {},
        "type": means.kind,
    }
    method[means.kind] = _card(account, means) if means.kind == "card" else _debit(account, means)
    account.add(method)
    account.backstage[method["id"]] = {"number": number}
    return method


def _card(account: Account, means: Means) -> Thing:
    return {
        "brand": means.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": account.settings.country,
        "display_brand": means.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": account.new_id("f", 16)[2:],
        "funding": "credit",
        "generated_from": None,
        "last4": means.last4,
        "networks": {"available": [means.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _debit(account: Account, means: Means) -> Thing:
    return {
        "bank_code": "20041",
        "branch_code": "01005",
        "country": account.settings.country,
        "fingerprint": account.new_id("f", 16)[2:],
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": means.last4,
    }


def how(account: Account, method: Thing) -> Means:
    return MEANS[account.backstage[method["id"]]["number"]]


def hold(account: Account, method: Thing, customer: Thing) -> None:
    """The customer keeps this means for later payments."""
    if method["customer"] != customer["id"]:
        method["customer"] = customer["id"]
        account.tell("payment_method.attached", method)


def attach(account: Account, params: Thing, method_id: str) -> Thing:
    customer = living(account, params["customer"], param="customer")
    number = READY.get(method_id)
    if number is not None:
        method = make(account, number)
    else:
        method = account.find("payment_method", method_id)
        held = method["customer"]
        if held and held != customer["id"]:
            raise Refused(
                "The payment method you provided has already been attached to a customer.",
                param="payment_method",
                executed=True,
            )
        if held is None and account.backstage[method_id].get("detached"):
            raise Refused(
                "This PaymentMethod was previously used without being attached to a Customer or "
                "was detached from a Customer, and may not be used again.",
                executed=True,
            )
    hold(account, method, customer)
    return method


def detach(account: Account, params: Thing, method_id: str) -> Thing:
    del params
    method = account.find("payment_method", method_id)
    if method["customer"] is None:
        raise Refused(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible.",
            executed=True,
        )
    customer = account.named("customer", method["customer"])
    with account.changing(customer, "customer.updated"):
        if customer["invoice_settings"]["default_payment_method"] == method_id:
            customer["invoice_settings"]["default_payment_method"] = None
    for subscription in account.all("subscription"):
        with account.changing(subscription, "customer.subscription.updated"):
            if subscription["default_payment_method"] == method_id:
                subscription["default_payment_method"] = None
    method["customer"] = None
    account.backstage[method_id]["detached"] = True
    account.tell("payment_method.detached", method, {"customer": customer["id"]})
    return method


def retrieve(account: Account, params: Thing, method_id: str) -> Thing:
    del params
    return account.find("payment_method", method_id)


def matches(method: Thing, params: Thing) -> bool:
    """Without a customer the list shows nothing, as Stripe's shows only what is attached."""
    held = method["customer"] is not None and params.get("customer") in (None, method["customer"])
    return held and params.get("type") in (None, method["type"])
