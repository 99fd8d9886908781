"""What a new subscription is made of: prices that go together, its items, the object itself.

Announces nothing and bills nothing: ``subscriptions`` and ``checkout`` do, through ``billing``.
"""

from __future__ import annotations

from gateway.demo.stripe.account import DAY, Account, Thing, merge_metadata
from gateway.demo.stripe.catalogue import plan_of
from gateway.demo.stripe.periods import next_end
from gateway.demo.stripe.refused import Refused

# docs.stripe.com/api/subscriptions/create: two years from the billing cycle anchor.
TRIAL_SECONDS_MAX = 730 * DAY
# What is always there and, in this stand-in, null to begin with.
_NULL = tuple(
    (
        "application application_fee_percent billing_cycle_anchor_config billing_thresholds "
        "cancel_at canceled_at customer_account default_source ended_at latest_invoice "
        "next_pending_invoice_item_invoice on_behalf_of pause_collection "
        "pending_invoice_item_interval pending_setup_intent pending_update schedule status_details "
        "test_clock transfer_data"
    ).split()
)


def priced(account: Account, items: list[Thing], currency: str | None) -> list[tuple[Thing, int]]:
    """Each item's price and quantity: recurring, active, of one currency and one interval."""
    wanted: list[tuple[Thing, int]] = []
    for index, item in enumerate(items):
        param = f"items[{index}][price]"
        if "price" not in item:
            raise Refused(
                f"Missing required param: {param}.", param=param, code="parameter_missing"
            )
        price = recurring_price(account, item["price"], param)
        if any(price["id"] == other["id"] for other, _ in wanted):
            raise Refused("Subscription items need distinct prices.", param=param)
        wanted.append((price, item.get("quantity", 1)))
    currencies = {price["currency"] for price, _ in wanted} | ({currency} if currency else set())
    if len(currencies) > 1:
        raise Refused("All prices must be of one currency.", param="items")
    rhythms = {(p["recurring"]["interval"], p["recurring"]["interval_count"]) for p, _ in wanted}
    if len(rhythms) > 1:
        raise Refused("This stand-in bills all items of a subscription together.", param="items")
    return wanted


def one_currency(account: Account, customer_id: str | None, currency: str) -> None:
    """A customer pays in one currency for ever after (docs.stripe.com/billing/customer)."""
    customer = account.get("customer", customer_id)
    if customer is not None and customer["currency"] not in (None, currency):
        raise Refused(
            "You cannot combine currencies on a single customer. This customer has had a "
            f"subscription, coupon, or invoice item with currency {customer['currency']}"
        )


def recurring_price(account: Account, price_id: str, param: str) -> Thing:
    price = account.find("price", price_id, param=param)
    if not price["active"] or not account.named("product", price["product"])["active"]:
        raise Refused(
            f"The price specified is inactive: {price_id}", param=param, code="resource_missing"
        )
    if price["recurring"] is None:
        raise Refused(
            f"The price specified is set to `type=one_time` but this field only accepts prices with "
            f"`type=recurring`: {price_id}",
            param=param,
        )
    return price


def build(
    account: Account,
    customer: Thing,
    wanted: list[tuple[Thing, int]],
    params: Thing,
    *,
    trial_end: int | str | None,
) -> Thing:
    """A subscription that nobody has heard of yet: incomplete, or in its trial."""
    now = account.now()
    trial = int(trial_end) if trial_end not in (None, "now") else None
    if trial is not None and not now < trial <= now + TRIAL_SECONDS_MAX:
        raise Refused("The trial must end in the future, within two years.", param="trial_end")
    end = trial or next_end(now, wanted[0][0]["recurring"], now)
    mode = (params.get("billing_mode") or {}).get("type")
    subscription_id = account.new_id("sub")
    items = [_item(account, subscription_id, *each, (now, end)) for each in wanted]
    subscription: Thing = {
        "id": subscription_id,
        **dict.fromkeys(_NULL),
        "object": "subscription",
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": (params.get("automatic_tax") or {}).get("enabled", False),
            "liability": None,
        },
        "billing_cycle_anchor": trial or now,
        "billing_mode": {
            "flexible": None,
            "type": mode or ("flexible" if account.settings.flexible_billing else "classic"),
        },
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": params.get("collection_method", "charge_automatically"),
        "created": now,
        "currency": wanted[0][0]["currency"],
        "customer": customer["id"],
        "days_until_due": params.get("days_until_due"),
        "default_payment_method": params.get("default_payment_method"),
        "default_tax_rates": [],
        "description": params.get("description"),
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={subscription_id}",
        },
        "livemode": account.livemode,
        "metadata": {},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": now,
        "status": "incomplete" if trial is None else "trialing",
        "trial_end": trial,
        "trial_settings": params.get("trial_settings")
        or {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": now if trial else None,
    }
    merge_metadata(subscription, params.get("metadata") or {})
    return subscription


def _item(
    account: Account, subscription_id: str, price: Thing, quantity: int, period: tuple[int, int]
) -> Thing:
    return {
        "id": account.new_id("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": account.now(),
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": {},
        "plan": plan_of(price),
        "price": price,  # The price itself: a change of it shows at once.
        "quantity": quantity,
        "subscription": subscription_id,
        "tax_rates": [],
    }
