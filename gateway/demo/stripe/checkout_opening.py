"""What a Checkout session may be asked to be, and the session it opens as."""

from __future__ import annotations

from gateway.demo.stripe import discounts
from gateway.demo.stripe.account import DAY, Account, Thing, merge_metadata
from gateway.demo.stripe.catalogue import CURRENCIES, LEAST
from gateway.demo.stripe.customers import living
from gateway.demo.stripe.parameters import (
    EXPAND,
    PAGE,
    RANGE,
    Address,
    Email,
    Flag,
    Group,
    Many,
    Metadata,
    One,
    Text,
    Whole,
)
from gateway.demo.stripe.refused import Refused
from gateway.demo.stripe.subscribing import one_currency, recurring_price
from gateway.demo.stripe.subscriptions import AUTOMATIC_TAX, BILLING_MODE, TRIAL_SETTINGS

LOCALES = tuple(
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl "
    "pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW".split()
)
_CUSTOM = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
_UPDATE = One(("auto", "never"))
CREATE = Group(
    {
        "allow_promotion_codes": Flag(),
        "automatic_tax": AUTOMATIC_TAX,
        "billing_address_collection": One(("auto", "required")),
        "cancel_url": Address(),
        "client_reference_id": Text(200),
        "currency": One(CURRENCIES),
        "customer": Text(),
        "customer_email": Email(),
        "custom_text": Group(
            {
                key: Group({"message": Text(1200)}, needs=("message",))
                for key in ("after_submit", "submit")
            }
        ),
        "customer_update": Group({"address": _UPDATE, "name": _UPDATE, "shipping": _UPDATE}),
        "discounts": discounts.APPLIED,
        "expires_at": Whole(least=0),
        "line_items": Many(
            Group({"price": Text(), "quantity": Whole(least=1, most=999_999)}), least=1, most=20
        ),
        "locale": One(LOCALES),
        "metadata": Metadata(clears=False),
        "mode": One(("payment", "setup", "subscription")),
        "payment_method_collection": One(("always", "if_required")),
        "phone_number_collection": Group({"enabled": Flag()}, needs=("enabled",)),
        "submit_type": One(("auto", "book", "donate", "pay", "subscribe")),
        "subscription_data": Group(
            {
                "billing_mode": BILLING_MODE,
                "description": Text(500),
                "metadata": Metadata(clears=False),
                "trial_end": Whole(least=0),
                "trial_period_days": Whole(least=1, most=730),
                "trial_settings": TRIAL_SETTINGS,
            }
        ),
        "success_url": Address(),
        "tax_id_collection": Group({"enabled": Flag()}, needs=("enabled",)),
        "ui_mode": One(("elements", "embedded_page", "form", "hosted_page")),
        **EXPAND,
    }
)
LIST = Group(
    {
        **PAGE,
        "created": RANGE,
        "customer": Text(),
        "customer_details": Group({"email": Text()}, needs=("email",)),
        "payment_intent": Text(),
        "status": One(("complete", "expired", "open")),
        "subscription": Text(),
    }
)
# docs.stripe.com/api/checkout/sessions/create: from 30 minutes to 24 hours.
_SHORTEST, _LONGEST = 1800, DAY


def opened(account: Account, params: Thing) -> tuple[Thing, Thing]:
    """The session, and what stays behind it until a payer completes it."""
    _fits(account, params)
    customer_id = params.get("customer")
    if customer_id:
        living(account, customer_id, param="customer")
    wanted = _wanted(account, params["line_items"], params.get("currency"))
    named = None
    for each in params.get("discounts") or []:
        named = discounts.chosen(account, each, customer_id)
    data = params.get("subscription_data") or {}
    trial = data.get("trial_period_days") or data.get("trial_end")
    kept = {
        "wanted": wanted,
        "subscription_data": data,
        "trial_end": trial,
        "customer_update": params.get("customer_update") or {},
        "line_items": line_items(account, wanted, named, free=bool(trial)),
    }
    one_currency(account, customer_id, wanted[0][0]["currency"])
    session = _session(account, params, kept, named)
    if 0 < session["amount_total"] < LEAST.get(session["currency"], 0):
        raise Refused(
            "The Checkout Session's total amount due is below what can be charged.",
            code="amount_too_small",
        )
    merge_metadata(session, params.get("metadata") or {})
    return session, kept


def _fits(account: Account, params: Thing) -> None:
    """What doesn't go together, or must be there, by mode and page."""
    if params.get("mode", "payment") != "subscription":
        raise Refused("This stand-in speaks `mode=subscription` alone.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise Refused("This stand-in has hosted pages alone.", param="ui_mode")
    for needed in ("success_url", "line_items"):
        if needed not in params:
            raise Refused(
                f"Missing required param: {needed}.", param=needed, code="parameter_missing"
            )
    for one, other in (
        ("customer", "customer_email"),
        ("allow_promotion_codes", "discounts"),
    ):
        if one in params and other in params:
            raise Refused(f"You may only specify one of these: {one}, {other}.", param=one)
    if "customer_update" in params and "customer" not in params:
        raise Refused(
            "`customer_update` can only be used with `customer`.", param="customer_update"
        )
    update = params.get("customer_update") or {}
    asks_tax_id = (params.get("tax_id_collection") or {}).get("enabled")
    if asks_tax_id and "customer" in params and update.get("name") != "auto":
        raise Refused(
            "Tax ID collection requires updating business name on the customer. To enable tax ID "
            "collection for an existing customer, please set `customer_update[name]` to `auto`."
        )
    if "submit_type" in params and params["submit_type"] not in ("auto", "subscribe"):
        raise Refused("This submit_type isn't for subscriptions.", param="submit_type")
    data = params.get("subscription_data") or {}
    if "trial_end" in data and "trial_period_days" in data:
        raise Refused(
            "You may only specify one of these: trial_end, trial_period_days.",
            param="subscription_data[trial_end]",
        )
    if "trial_end" in data and data["trial_end"] < account.now() + 2 * DAY:
        raise Refused(
            "The `trial_end` date has to be at least 2 days in the future.",
            param="subscription_data[trial_end]",
        )
    expires = params.get("expires_at")
    if expires is not None and not _SHORTEST <= expires - account.now() <= _LONGEST:
        raise Refused(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout "
            "Session creation.",
            param="expires_at",
        )
    _taxable(account, params)


def _taxable(account: Account, params: Thing) -> None:
    if not (params.get("automatic_tax") or {}).get("enabled") or "customer" not in params:
        return
    customer = living(account, params["customer"], param="customer")
    asked = (params.get("customer_update") or {}).get("address") == "auto"
    if not asked and not (customer["address"] or {}).get("country"):
        raise Refused(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a "
            "valid address to the Customer or set either `customer_update[address]` to 'auto' or "
            "`customer_update[shipping]` to 'auto' to save the address entered in Checkout to the "
            "Customer.",
            code="customer_tax_location_invalid",
        )


def _wanted(account: Account, items: list[Thing], currency: str | None) -> list[tuple[Thing, int]]:
    wanted = []
    for index, item in enumerate(items):
        for needed in ("price", "quantity"):
            if needed not in item:
                param = f"line_items[{index}][{needed}]"
                raise Refused(
                    f"Missing required param: {param}.", param=param, code="parameter_missing"
                )
        price = recurring_price(account, item["price"], f"line_items[{index}][price]")
        wanted.append((price, item["quantity"]))
    if len({price["currency"] for price, _ in wanted} | ({currency} if currency else set())) > 1:
        raise Refused("All line items must be of one currency.", param="line_items")
    rhythms = {(p["recurring"]["interval"], p["recurring"]["interval_count"]) for p, _ in wanted}
    if len(rhythms) > 1 or len({price["id"] for price, _ in wanted}) < len(wanted):
        raise Refused("Line items must be distinct and billed together.", param="line_items")
    return wanted


def line_items(
    account: Account, wanted: list[tuple[Thing, int]], named: Thing | None, *, free: bool
) -> list[Thing]:
    """``free``: a trial, in which nothing is due today."""
    coupon = account.named("coupon", named["coupon"]) if named else None
    items = []
    for price, quantity in wanted:
        subtotal = 0 if free else price["unit_amount"] * quantity
        off = discounts.taken_off(coupon, subtotal) if coupon else 0
        product = account.named("product", price["product"])
        items.append(
            {
                "id": account.new_id("li"),
                "object": "item",
                "amount_discount": off,
                "amount_subtotal": subtotal,
                "amount_tax": 0,
                "amount_total": subtotal - off,
                "currency": price["currency"],
                "description": product["name"],
                "metadata": {},
                "price": price,
                "quantity": quantity,
            }
        )
    return items


def _session(account: Account, params: Thing, kept: Thing, named: Thing | None) -> Thing:
    session_id = account.new_id("cs_test", 58)
    items = kept["line_items"]
    automatic = (params.get("automatic_tax") or {}).get("enabled", False)
    plain = dict.fromkeys(
        "after_expiration allow_promotion_codes billing_address_collection cancel_url "
        "client_reference_id client_secret collected_information consent consent_collection "
        "currency_conversion customer customer_account customer_creation customer_details "
        "customer_email invoice invoice_creation locale origin_context payment_intent payment_link "
        "payment_method_configuration_details permissions recovered_from setup_intent "
        "shipping_address_collection shipping_cost submit_type subscription".split()
    )
    plain |= {key: params[key] for key in plain.keys() & params.keys()}
    return {
        "id": session_id,
        "object": "checkout.session",
        **plain,
        "adaptive_pricing": None,
        "amount_subtotal": sum(item["amount_subtotal"] for item in items),
        "amount_total": sum(item["amount_total"] for item in items),
        "automatic_tax": {
            "enabled": automatic,
            "liability": {"type": "self"} if automatic else None,
            "provider": "stripe" if automatic else None,
            "status": "requires_location_inputs" if automatic else None,
        },
        "created": account.now(),
        "currency": items[0]["currency"],
        "custom_fields": [],
        "custom_text": dict.fromkeys(_CUSTOM) | params.get("custom_text", {}),
        "discounts": [named] if named else [],
        "expires_at": params.get("expires_at") or account.now() + DAY,
        "livemode": account.livemode,
        "metadata": {},
        "mode": "subscription",
        "payment_method_collection": params.get("payment_method_collection", "always"),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card", "sepa_debit"],
        "payment_status": "unpaid",
        "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
        "saved_payment_method_options": {
            "allow_redisplay_filters": ["always"],
            "payment_method_remove": "disabled",
            "payment_method_save": None,
        },
        "shipping_options": [],
        "status": "open",
        "success_url": params["success_url"],
        "total_details": {
            "amount_discount": sum(item["amount_discount"] for item in items),
            "amount_shipping": 0,
            "amount_tax": 0,
        },
        "ui_mode": "hosted_page",
        "url": f"{account.url}/c/pay/{session_id}",
        "wallet_options": None,
    }
