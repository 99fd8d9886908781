"""The account itself, its events and its webhook endpoints, as the API shows them."""

from __future__ import annotations

from gateway.demo.stripe.account import API_VERSION, Account, Thing
from gateway.demo.stripe.listing import page
from gateway.demo.stripe.parameters import PAGE, RANGE, Flag, Group, Many, Text
from gateway.demo.stripe.refused import Refused, missing

# docs.stripe.com/api/events/list: events are kept for 30 days.
EVENT_SECONDS = 30 * 86_400
EVENT_LIST = Group(
    {
        **PAGE,
        "created": RANGE,
        "delivery_success": Flag(),
        "type": Text(),
        "types": Many(Text(), most=20),
    }
)


def account_object(account: Account, params: Thing) -> Thing:
    """The fields that don't say who runs the business."""
    del params
    settings = account.settings
    return {
        "id": account.id,
        "object": "account",
        "business_profile": {"name": settings.name, "url": None},
        "business_type": "company",
        "charges_enabled": True,
        "country": settings.country,
        "default_currency": settings.currency,
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def events(account: Account, params: Thing) -> Thing:
    since = account.now() - EVENT_SECONDS
    found = [
        each
        for each in account.all("event")
        if each["created"] > since and event_matches(each, params)
    ]
    return page(account, found, params, table="event", url="/v1/events")


def event(account: Account, params: Thing, event_id: str) -> Thing:
    del params
    found = account.find("event", event_id)
    if found["created"] <= account.now() - EVENT_SECONDS:
        raise missing("event", event_id)
    return found


def event_matches(event: Thing, params: Thing) -> bool:
    if "type" in params and "types" in params:
        raise Refused("You may only specify one of these: type, types.", param="type")
    if "delivery_success" in params and params["delivery_success"] != (
        event["pending_webhooks"] == 0
    ):
        return False
    kinds = params.get("types") or ([params["type"]] if "type" in params else [])
    return not kinds or any(_same_kind(event["type"], kind) for kind in kinds)


def _same_kind(kind: str, asked: str) -> bool:
    """``charge.*`` names a group."""
    return kind.startswith(asked[:-1]) if asked.endswith(".*") else kind == asked


def endpoints(account: Account, params: Thing) -> Thing:
    found = account.all("webhook_endpoint")
    return page(account, found, params, table="webhook_endpoint", url="/v1/webhook_endpoints")


def endpoint(account: Account, url: str) -> Thing:
    """A new endpoint in the dashboard. Its secret is shown to nobody by the API."""
    return account.add(
        {
            "id": account.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": API_VERSION,
            "application": None,
            "created": account.now(),
            "description": None,
            "enabled_events": ["*"],
            "livemode": account.livemode,
            "metadata": {},
            "status": "enabled",
            "url": url,
        }
    )
