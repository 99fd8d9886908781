"""Subscriptions as the API makes, shows and lists them. How they live is ``billing``'s affair."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.demo.stripe import billing, discounts, leaving
from gateway.demo.stripe.account import DAY, Account, Thing
from gateway.demo.stripe.catalogue import CURRENCIES
from gateway.demo.stripe.customers import belongs, living
from gateway.demo.stripe.listing import page
from gateway.demo.stripe.parameters import (
    EXPAND,
    PAGE,
    RANGE,
    Flag,
    Group,
    Kind,
    Many,
    Metadata,
    Moment,
    One,
    Text,
    Whole,
)
from gateway.demo.stripe.refused import Refused
from gateway.demo.stripe.subscribing import build, one_currency, priced

FEEDBACK = tuple(
    "customer_service low_quality missing_features other switched_service too_complex "
    "too_expensive unused".split()
)
DETAILS = Group({"comment": Text(clears=True), "feedback": One(FEEDBACK, clears=True)})
TRIAL_SETTINGS = Group(
    {
        "end_behavior": Group(
            {"missing_payment_method": One(("cancel", "create_invoice", "pause"))},
            needs=("missing_payment_method",),
        )
    },
    needs=("end_behavior",),
)
BILLING_MODE = Group({"type": One(("classic", "flexible"))}, needs=("type",))
AUTOMATIC_TAX = Group({"enabled": Flag()}, needs=("enabled",))
COMMON: Mapping[str, Kind] = {
    "automatic_tax": AUTOMATIC_TAX,
    "cancel_at": Moment(("min_period_end", "max_period_end")),
    "cancel_at_period_end": Flag(),
    "collection_method": One(("charge_automatically", "send_invoice")),
    "days_until_due": Whole(least=0, most=730),
    "default_payment_method": Text(),
    "metadata": Metadata(),
    "off_session": Flag(),
    "payment_behavior": One(("allow_incomplete", "default_incomplete", "error_if_incomplete")),
    "trial_settings": TRIAL_SETTINGS,
    **EXPAND,
}
CREATE = Group(
    {
        **COMMON,
        "billing_mode": BILLING_MODE,
        "currency": One(CURRENCIES),
        "customer": Text(),
        "description": Text(500),
        "discounts": discounts.APPLIED,
        "items": Many(
            Group(
                {"metadata": Metadata(clears=False), "price": Text(), "quantity": Whole(least=0)}
            ),
            least=1,
            most=20,
        ),
        "trial_end": Moment(("now",)),
        "trial_period_days": Whole(least=0, most=730),
    },
    needs=("customer", "items"),
)
STATUSES = (
    "active",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
)
LIST = Group(
    {
        **PAGE,
        "collection_method": One(("charge_automatically", "send_invoice")),
        "created": RANGE,
        "customer": Text(),
        "price": Text(),
        "status": One((*STATUSES, "all", "ended")),
    }
)
CANCEL = Group({"cancellation_details": DETAILS, **EXPAND})
ITEM_LIST = Group({**PAGE, "subscription": Text()}, needs=("subscription",))


def create(account: Account, params: Thing) -> Thing:
    customer = living(account, params["customer"], param="customer")
    if "trial_end" in params and "trial_period_days" in params:
        raise Refused("You can't set both trial_end and trial_period_days.", param="trial_end")
    if (params.get("collection_method") == "send_invoice") != ("days_until_due" in params):
        raise Refused("`days_until_due` goes with `send_invoice`.", param="days_until_due")
    days = params.get("trial_period_days")
    trial_end = account.now() + days * DAY if days else params.get("trial_end")
    wanted = priced(account, params["items"], params.get("currency"))
    one_currency(account, customer["id"], wanted[0][0]["currency"])
    method_id = params.get("default_payment_method")
    if method_id:
        belongs(account, method_id, customer["id"], "default_payment_method")
    elif not customer["invoice_settings"]["default_payment_method"]:
        _needs_method(params, wanted, trial_end)
    named = [
        discounts.chosen(account, each, customer["id"]) for each in params.get("discounts", [])
    ]
    subscription = build(account, customer, wanted, params, trial_end=trial_end)
    billing.check_card(account, subscription, params, there=False)
    for each in named:
        discounts.redeem(account, each, subscription, None)
    when = cancel_time(account, subscription, params)
    if when is not None:
        leaving.cancel_later(account, subscription, when, flag="cancel_at_period_end" in params)
    billing.start(
        account, subscription, collect=params.get("payment_behavior") != "default_incomplete"
    )
    return subscription


def _needs_method(params: Thing, wanted: list[tuple[Thing, int]], trial_end: object) -> None:
    free = trial_end or not sum(price["unit_amount"] * quantity for price, quantity in wanted)
    lenient = params.get("payment_behavior") == "default_incomplete"
    if not free and not lenient and params.get("collection_method") != "send_invoice":
        raise Refused(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="resource_missing",
        )


def cancel_time(account: Account, subscription: Thing, params: Thing) -> int | None:
    """When the request says that the subscription shall end, if it does."""
    end = int(subscription["items"]["data"][0]["current_period_end"])
    if params.get("cancel_at_period_end"):
        if params.get("cancel_at") is not None:
            raise Refused("Send either cancel_at or cancel_at_period_end.", param="cancel_at")
        return end
    when = params.get("cancel_at")
    if when in ("min_period_end", "max_period_end"):
        if subscription["billing_mode"]["type"] != "flexible":
            raise Refused("This needs flexible billing mode.", param="cancel_at")
        return end
    if when is not None and when <= account.now():
        raise Refused("The cancellation must lie in the future.", param="cancel_at")
    return when


def retrieve(account: Account, params: Thing, subscription_id: str) -> Thing:
    del params
    return account.find("subscription", subscription_id)


def matches(subscription: Thing, params: Thing) -> bool:
    """Without a status those canceled aren't listed, as Stripe says."""
    status, now = params.get("status"), subscription["status"]
    if status is None and now in ("canceled", "incomplete_expired"):
        return False
    if status == "ended" and now not in ("canceled", "incomplete_expired"):
        return False
    if status not in (None, "all", "ended", now):
        return False
    if "price" in params and all(
        item["price"]["id"] != params["price"] for item in subscription["items"]["data"]
    ):
        return False
    return all(
        params.get(key) in (None, subscription[key]) for key in ("customer", "collection_method")
    )


def cancel(account: Account, params: Thing, subscription_id: str) -> Thing:
    """At once, and for good."""
    subscription = account.find("subscription", subscription_id)
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise Refused(
            f"No such subscription: '{subscription_id}'",
            param="id",
            code="resource_missing",
            status=404,
        )
    subscription["cancellation_details"] |= params.get("cancellation_details") or {}
    leaving.end(account, subscription, reason="cancellation_requested")
    return subscription


def items(account: Account, params: Thing) -> Thing:
    subscription = account.find("subscription", params["subscription"], param="subscription")
    found = list(subscription["items"]["data"])
    url = "/v1/subscription_items"
    return page(account, found, params, table="subscription_item", url=url)
