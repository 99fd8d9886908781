"""What is sold: products and their prices, per unit and licensed, the only kinds spoken here."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.demo.stripe.account import Account, Thing, absorb
from gateway.demo.stripe.parameters import (
    EXPAND,
    PAGE,
    RANGE,
    Address,
    Flag,
    Group,
    Kind,
    Many,
    Metadata,
    One,
    Text,
    Whole,
)
from gateway.demo.stripe.refused import Refused

# Those a European publisher sells in; Stripe knows more, and we refuse what we can't say.
CURRENCIES = tuple(
    "aud bgn brl cad chf czk dkk eur gbp hkd huf isk jpy nok nzd pln ron sek "
    "sgd try ugx usd xaf xof xpf".split()
)
# docs.stripe.com/currencies: what can be charged at least, in minor units; 0: anything.
LEAST = {"chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30, "huf": 17_500, "jpy": 50}
LEAST |= {"aud": 50, "bgn": 100, "cad": 50, "nok": 300, "pln": 200, "ron": 200, "sek": 300}
LEAST |= {"hkd": 400, "nzd": 50, "sgd": 50, "usd": 50}
INTERVALS = ("day", "week", "month", "year")
# docs.stripe.com/api/prices/create: at most three years.
LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}
_TAX = One(("exclusive", "inclusive", "unspecified"))
_RECURRING = Group(
    {
        "interval": One(INTERVALS),
        "interval_count": Whole(least=1),
        "usage_type": One(("licensed",)),
    },
    needs=("interval",),
)
_PRODUCT: Mapping[str, Kind] = {
    "active": Flag(),
    "description": Text(40_000),
    "images": Many(Address(2048), most=8),
    "metadata": Metadata(),
    "name": Text(250),
    "unit_label": Text(12),
    "url": Address(),
    **EXPAND,
}
PRODUCT_CREATE = Group(
    {**_PRODUCT, "id": Text(100), "metadata": Metadata(clears=False)}, needs=("name",)
)
PRODUCT_UPDATE = Group({**_PRODUCT, "default_price": Text()})
PRODUCT_LIST = Group({**PAGE, "active": Flag(), "created": RANGE, "ids": Many(Text())})
_PRICE: Mapping[str, Kind] = {
    "active": Flag(),
    "lookup_key": Text(200),
    "metadata": Metadata(),
    "nickname": Text(),
    "tax_behavior": _TAX,
    "transfer_lookup_key": Flag(),
    **EXPAND,
}
PRICE_CREATE = Group(
    {
        **_PRICE,
        "metadata": Metadata(clears=False),
        "billing_scheme": One(("per_unit",)),
        "currency": One(CURRENCIES),
        "product": Text(),
        "product_data": Group(
            {
                "active": Flag(),
                "id": Text(100),
                "metadata": Metadata(clears=False),
                "name": Text(250),
            },
            needs=("name",),
        ),
        "recurring": _RECURRING,
        "unit_amount": Whole(least=0, most=99_999_999),
    },
    needs=("currency",),
)
PRICE_UPDATE = Group(_PRICE)
PRICE_LIST = Group(
    {
        **PAGE,
        "active": Flag(),
        "created": RANGE,
        "currency": One(CURRENCIES),
        "lookup_keys": Many(Text(), most=10),
        "product": Text(),
        "recurring": Group({"interval": One(INTERVALS), "usage_type": One(("licensed",))}),
        "type": One(("one_time", "recurring")),
    }
)


def create_product(account: Account, params: Thing) -> Thing:
    product_id = params.get("id")
    if product_id and account.get("product", product_id):
        raise Refused("Product already exists.", param="id", code="resource_already_exists")
    product: Thing = {
        "id": product_id or account.new_id("prod", 14),
        "object": "product",
        "active": True,
        "created": account.now(),
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": account.livemode,
        "marketing_features": [],
        "metadata": {},
        "name": "",
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": account.now(),
        "url": None,
    }
    absorb(product, params, _PLAIN)
    account.add(product)
    account.tell("product.created", product)
    return product


_PLAIN = ("active", "description", "images", "name", "unit_label", "url")


def update_product(account: Account, params: Thing, product_id: str) -> Thing:
    product = account.find("product", product_id)
    price_id = params.get("default_price")
    if price_id:
        price = account.find("price", price_id, param="default_price")
        if price["product"] != product_id:
            raise Refused("The price belongs to another product.", param="default_price")
    with account.changing(product, "product.updated"):
        absorb(product, params, (*_PLAIN, "default_price"))
        product["updated"] = account.now()
    return product


def retrieve_product(account: Account, params: Thing, product_id: str) -> Thing:
    del params
    return account.find("product", product_id)


def product_matches(product: Thing, params: Thing) -> bool:
    ids = params.get("ids")
    return (not ids or product["id"] in ids) and params.get("active") in (None, product["active"])


def create_price(account: Account, params: Thing, *, price_id: str = "") -> Thing:
    if ("product" in params) == ("product_data" in params):
        raise Refused("You must specify either `product` or `product_data`.", param="product")
    if "unit_amount" not in params:
        raise Refused(
            "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.",
            param="unit_amount",
            code="parameter_missing",
        )
    recurring = params.get("recurring")
    if recurring and recurring.get("interval_count", 1) > LONGEST[recurring["interval"]]:
        raise Refused("Prices can be billed at most every three years.", param="recurring")
    key = params.get("lookup_key")
    if "product" in params:
        product = account.find("product", params["product"], param="product")
    else:
        product = create_product(account, params["product_data"])
    _hand_over(account, key, params)
    price: Thing = {
        "id": price_id or account.new_id("price"),
        "object": "price",
        "active": params.get("active", True),
        "billing_scheme": "per_unit",
        "created": account.now(),
        "currency": params["currency"],
        "custom_unit_amount": None,
        "livemode": account.livemode,
        "lookup_key": key,
        "metadata": {},
        "nickname": params.get("nickname"),
        "product": product["id"],
        "recurring": recurring
        and {
            "interval": recurring["interval"],
            "interval_count": recurring.get("interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": params["unit_amount"],
        "unit_amount_decimal": str(params["unit_amount"]),
    }
    absorb(price, params, ())
    account.add(price)
    account.tell("price.created", price)
    return price


def _hand_over(account: Account, key: str | None, params: Thing) -> None:
    """A lookup key names one price; another may take it only when it says so."""
    for other in account.all("price"):
        if key and other["lookup_key"] == key:
            if not params.get("transfer_lookup_key"):
                raise Refused(
                    f"A price (`{other['id']}`) already uses that lookup key.", param="lookup_key"
                )
            with account.changing(other, "price.updated"):
                other["lookup_key"] = None


def update_price(account: Account, params: Thing, price_id: str) -> Thing:
    price = account.find("price", price_id)
    behaviour = params.get("tax_behavior", price["tax_behavior"])
    if behaviour != price["tax_behavior"] != "unspecified":
        raise Refused("The tax behavior can't be changed once it is set.", param="tax_behavior")
    if params.get("lookup_key") != price["lookup_key"]:
        _hand_over(account, params.get("lookup_key"), params)
    with account.changing(price, "price.updated"):
        absorb(price, params, ("active", "lookup_key", "nickname", "tax_behavior"))
    return price


def retrieve_price(account: Account, params: Thing, price_id: str) -> Thing:
    del params
    return account.find("price", price_id)


def price_matches(price: Thing, params: Thing) -> bool:
    keys = params.get("lookup_keys")
    recurring = params.get("recurring") or {}
    interval = recurring.get("interval")
    if interval and (price["recurring"] or {}).get("interval") != interval:
        return False
    return (not keys or price["lookup_key"] in keys) and all(
        params.get(name) in (None, price[name])
        for name in ("active", "currency", "product", "type")
    )


def plan_of(price: Thing) -> Thing:
    """The older name of a recurring price, which subscription items still carry."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": price["livemode"],
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
