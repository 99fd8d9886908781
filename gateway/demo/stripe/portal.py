"""The customer portal's configurations, and what a request for a session may say.

What a reader does in a session is ``portal_session``'s affair.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.demo.stripe.account import Account, Thing, merge_metadata
from gateway.demo.stripe.parameters import (
    EXPAND,
    PAGE,
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
from gateway.demo.stripe.subscriptions import FEEDBACK

LOCALES = tuple(
    "auto bg cs da de el en en-AU en-CA en-GB en-IE en-IN en-NZ en-SG es es-419 et fi fil fr fr-CA "
    "hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW".split()
)
_ON = Group({"enabled": Flag()}, needs=("enabled",))
_ONE_SUBSCRIPTION = Group({"subscription": Text()}, needs=("subscription",))
SESSION_CREATE = Group(
    {
        "configuration": Text(),
        "customer": Text(),
        "flow_data": Group(
            {
                "after_completion": Group(
                    {
                        "type": One(("hosted_confirmation", "portal_homepage", "redirect")),
                        "redirect": Group({"return_url": Address()}, needs=("return_url",)),
                    },
                    needs=("type",),
                ),
                "subscription_cancel": _ONE_SUBSCRIPTION,
                "subscription_update": _ONE_SUBSCRIPTION,
                "subscription_update_confirm": Group(
                    {
                        "items": Many(
                            Group(
                                {"id": Text(), "price": Text(), "quantity": Whole(least=0)},
                                needs=("id",),
                            ),
                            least=1,
                            most=1,
                        ),
                        "subscription": Text(),
                    },
                    needs=("items", "subscription"),
                ),
                "type": One(
                    (
                        "payment_method_update",
                        "subscription_cancel",
                        "subscription_update",
                        "subscription_update_confirm",
                    )
                ),
            },
            needs=("type",),
        ),
        "locale": One(LOCALES),
        "return_url": Address(),
        **EXPAND,
    },
    needs=("customer",),
)
_PRORATIONS = One(("always_invoice", "create_prorations", "none"))
_FEATURES = Group(
    {
        "customer_update": Group(
            {
                "allowed_updates": Many(
                    One(("address", "email", "name", "phone", "shipping", "tax_id")), clears=True
                ),
                "enabled": Flag(),
            },
            needs=("enabled",),
        ),
        "invoice_history": _ON,
        "payment_method_update": _ON,
        "subscription_cancel": Group(
            {
                "cancellation_reason": Group(
                    {"enabled": Flag(), "options": Many(One(FEEDBACK))},
                    needs=("enabled", "options"),
                ),
                "enabled": Flag(),
                "mode": One(("at_period_end", "immediately")),
                "proration_behavior": One(("none",)),
            },
            needs=("enabled",),
        ),
        "subscription_update": Group(
            {
                "default_allowed_updates": Many(One(("price", "promotion_code", "quantity"))),
                "enabled": Flag(),
                "products": Many(
                    Group({"prices": Many(Text()), "product": Text()}, needs=("prices", "product")),
                    most=10,
                ),
                "proration_behavior": _PRORATIONS,
            },
            needs=("enabled",),
        ),
    }
)
_CONFIGURATION: Mapping[str, Kind] = {
    "business_profile": Group(
        {"headline": Text(60), "privacy_policy_url": Address(), "terms_of_service_url": Address()}
    ),
    "default_return_url": Address(),
    "features": _FEATURES,
    "metadata": Metadata(clears=False),
    "name": Text(),
    **EXPAND,
}
CONFIGURATION_CREATE = Group(_CONFIGURATION, needs=("features",))
CONFIGURATION_UPDATE = Group({**_CONFIGURATION, "active": Flag()})
CONFIGURATION_LIST = Group({**PAGE, "active": Flag(), "is_default": Flag()})


def create_configuration(account: Account, params: Thing, *, default: bool = False) -> Thing:
    configuration: Thing = {
        "id": account.new_id("bpc"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": dict.fromkeys(
            ("headline", "privacy_policy_url", "terms_of_service_url")
        ),
        "created": account.now(),
        "default_return_url": None,
        "features": {
            "customer_update": {"allowed_updates": [], "enabled": False},
            "invoice_history": {"enabled": default},
            "payment_method_update": {"enabled": default, "payment_method_configuration": None},
            "subscription_cancel": {
                "cancellation_reason": {"enabled": False, "options": list(FEEDBACK)},
                "enabled": default,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_pause": {
                "duration": {"interval_options": [], "type": "indefinite"},
                "enabled": False,
            },
            "subscription_update": {
                "billing_cycle_anchor": None,
                "default_allowed_updates": [],
                "enabled": False,
                "products": [],
                "proration_behavior": "none",
                "schedule_at_period_end": {"conditions": []},
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": default,
        "livemode": account.livemode,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": account.now(),
    }
    _configure(account, configuration, params)
    account.add(configuration)
    account.tell("billing_portal.configuration.created", configuration)
    return configuration


def _configure(account: Account, configuration: Thing, params: Thing) -> None:
    features = params.get("features") or {}
    update = features.get("subscription_update") or {}
    for index, listed in enumerate(update.get("products") or []):
        param = f"features[subscription_update][products][{index}]"
        account.find("product", listed["product"], param=f"{param}[product]")
        for place, price_id in enumerate(listed["prices"]):
            price = account.find("price", price_id, param=f"{param}[prices][{place}]")
            if price["product"] != listed["product"]:
                raise Refused("The price belongs to another product.", param=f"{param}[prices]")
        blank = {"enabled": False, "maximum": None, "minimum": 1}
        listed["adjustable_quantity"] = blank
    if update.get("enabled") and not (
        update.get("products") and "default_allowed_updates" in update
    ):
        raise Refused(
            "Missing required param: features[subscription_update][products].",
            param="features[subscription_update][products]",
            code="parameter_missing",
        )
    for name, feature in features.items():
        configuration["features"][name] |= feature or {}
    configuration["business_profile"] |= params.get("business_profile") or {}
    for key in ("active", "default_return_url", "name"):
        if key in params:
            configuration[key] = params[key]
    merge_metadata(configuration, params.get("metadata") or {})
    configuration["updated"] = account.now()


def update_configuration(account: Account, params: Thing, configuration_id: str) -> Thing:
    configuration = account.find("billing_portal.configuration", configuration_id)
    with account.changing(configuration, "billing_portal.configuration.updated"):
        _configure(account, configuration, params)
    return configuration


def retrieve_configuration(account: Account, params: Thing, configuration_id: str) -> Thing:
    del params
    return account.find("billing_portal.configuration", configuration_id)


def configuration_matches(configuration: Thing, params: Thing) -> bool:
    return all(params.get(key) in (None, configuration[key]) for key in ("active", "is_default"))
