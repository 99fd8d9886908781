"""A portal session: opened for one customer, and what whoever holds its URL may do there.

Only what the session's configuration allows: a plan is changed to a price that it lists, a
cancellation is at the period's end unless it says at once.
"""

from __future__ import annotations

from gateway.demo.stripe import billing, cards, changing, collecting, leaving
from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.customers import living
from gateway.demo.stripe.leaving import UPDATED
from gateway.demo.stripe.refused import Refused


def create(account: Account, params: Thing) -> Thing:
    customer = living(account, params["customer"], param="customer")
    configuration = _configuration(account, params.get("configuration"))
    flow = params.get("flow_data")
    return_url = params.get("return_url") or configuration["default_return_url"]
    session: Thing = {
        "id": account.new_id("bps"),
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": account.now(),
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(account, customer, configuration, flow) if flow else None,
        "livemode": account.livemode,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": return_url,
        "url": f"{account.url}/p/session/test_{account.new_id('x', 40)[2:]}",
    }
    account.add(session)
    account.backstage[session["url"].rpartition("/")[2]] = {"session": session["id"]}
    account.tell("billing_portal.session.created", session)
    return session


def _configuration(account: Account, configuration_id: str | None) -> Thing:
    if configuration_id:
        configuration = account.find(
            "billing_portal.configuration", configuration_id, param="configuration"
        )
        if not configuration["active"]:
            raise Refused("The configuration isn't active.", param="configuration")
        return configuration
    for each in account.all("billing_portal.configuration"):
        if each["is_default"]:
            return each
    raise Refused(
        "You can't create a portal session in test mode until you save your customer portal "
        "settings in test mode."
    )


def _flow(account: Account, customer: Thing, configuration: Thing, asked: Thing) -> Thing:
    kind = asked["type"]
    feature = {
        "payment_method_update": "payment_method_update",
        "subscription_cancel": "subscription_cancel",
        "subscription_update": "subscription_update",
        "subscription_update_confirm": "subscription_update",
    }[kind]
    if not configuration["features"][feature]["enabled"]:
        raise Refused(
            f"This flow can't be used because the {feature} feature in the portal configuration is "
            "disabled.",
            param="flow_data[type]",
        )
    names = ("subscription_cancel", "subscription_update", "subscription_update_confirm")
    for name in names:
        if (name in asked) != (name == kind):
            raise Refused(f"`{name}` goes with its own flow.", param=f"flow_data[{name}]")
    after = asked.get("after_completion") or {"type": "portal_homepage"}
    if (after["type"] == "redirect") != ("redirect" in after):
        raise Refused("`redirect` goes with its type.", param="flow_data[after_completion]")
    flow: Thing = {
        "after_completion": {"hosted_confirmation": None, "redirect": None} | after,
        "type": kind,
        **{name: asked.get(name) for name in names},
    }
    if kind in asked:
        subscription = _own(account, customer["id"], asked[kind]["subscription"], kind)
        if kind == "subscription_cancel":
            flow[kind]["retention"] = None
        if kind == "subscription_update_confirm":
            flow[kind] = _confirm(configuration, subscription, asked[kind])
    return flow


def _own(account: Account, customer_id: str, subscription_id: str, kind: str) -> Thing:
    param = f"flow_data[{kind}][subscription]"
    subscription = account.find("subscription", subscription_id, param=param)
    if subscription["customer"] != customer_id or subscription["status"] in leaving.ENDED:
        raise Refused(
            f"No such subscription: '{subscription_id}'", param=param, code="resource_missing"
        )
    return subscription


def _confirm(configuration: Thing, subscription: Thing, asked: Thing) -> Thing:
    param = "flow_data[subscription_update_confirm][items]"
    if len(subscription["items"]["data"]) > 1:
        raise Refused("Subscriptions with multiple items can't be updated here.", param=param)
    item = asked["items"][0]
    held = next((i for i in subscription["items"]["data"] if i["id"] == item["id"]), None)
    if held is None:
        raise Refused(f"No such subscription item: '{item['id']}'", param=param)
    price_id, quantity = item.get("price"), item.get("quantity", held["quantity"])
    if price_id not in (None, held["price"]["id"]) and price_id not in offered(configuration):
        raise Refused(
            f"The price {price_id} isn't among those of the portal configuration.", param=param
        )
    if price_id in (None, held["price"]["id"]) and quantity == held["quantity"]:
        raise Refused("The subscription update has no changes to confirm.", param=param)
    said = {"id": item["id"], "price": price_id or held["price"]["id"], "quantity": quantity}
    return {"discounts": None, "items": [said], "subscription": subscription["id"]}


def offered(configuration: Thing) -> list[str]:
    """The prices that a reader may change to."""
    feature = configuration["features"]["subscription_update"]
    if not feature["enabled"]:
        return []
    return [price_id for listed in feature["products"] for price_id in listed["prices"]]


def by_token(account: Account, token: str) -> Thing | None:
    kept = account.backstage.get(token, {})
    return account.get("billing_portal.session", kept.get("session"))


def features(account: Account, session: Thing) -> Thing:
    configuration = account.named("billing_portal.configuration", session["configuration"])
    found: Thing = configuration["features"]
    return found


def subscriptions(account: Account, session: Thing) -> list[Thing]:
    return [
        each
        for each in account.all("subscription")
        if each["customer"] == session["customer"] and each["status"] not in leaving.ENDED
    ]


def cancel(account: Account, session: Thing, subscription: Thing, *, feedback: str = "") -> None:
    feature = features(account, session)["subscription_cancel"]
    if feedback:
        subscription["cancellation_details"]["feedback"] = feedback
    if feature["mode"] == "immediately" or subscription["status"] in ("past_due", "unpaid"):
        leaving.end(account, subscription, reason="cancellation_requested")
        return
    when = subscription["items"]["data"][0]["current_period_end"]
    # Flexible billing sets cancel_at alone; the older mode says it by the flag.
    classic = subscription["billing_mode"]["type"] == "classic"
    with account.changing(subscription, UPDATED):
        leaving.cancel_later(account, subscription, when, flag=classic)


def keep(account: Account, subscription: Thing) -> None:
    with account.changing(subscription, UPDATED):
        leaving.keep(subscription)


def change_plan(account: Account, session: Thing, subscription: Thing, price_id: str) -> None:
    configuration = account.named("billing_portal.configuration", session["configuration"])
    if price_id not in offered(configuration):
        raise Refused("That plan isn't offered.", param="price")
    behaviour = configuration["features"]["subscription_update"]["proration_behavior"]
    item = subscription["items"]["data"][0]
    wanted = {
        "items": [{"id": item["id"], "price": price_id}],
        "proration_behavior": behaviour,
    }
    changing.update(account, wanted, subscription["id"])


def change_card(account: Account, session: Thing, number: str) -> None:
    """The new card pays from now on, and what is open is tried again with it."""
    customer = account.named("customer", session["customer"])
    method = cards.make(account, number, email=customer["email"], name=customer["name"])
    cards.hold(account, method, customer)
    with account.changing(customer, "customer.updated"):
        customer["invoice_settings"]["default_payment_method"] = method["id"]
    for subscription in subscriptions(account, session):
        with account.changing(subscription, UPDATED):
            if subscription["default_payment_method"]:
                subscription["default_payment_method"] = method["id"]


def open_invoices(account: Account, session: Thing) -> list[Thing]:
    return [
        each
        for each in account.all("invoice")
        if each["customer"] == session["customer"] and each["status"] == "open"
    ]


def pay(account: Account, invoice: Thing, number: str = "") -> bool:
    """Pay an open invoice while the payer is there; with a new card when ``number`` names one."""
    method = collecting.default_method(account, invoice)
    if number:
        customer = account.named("customer", invoice["customer"])
        method = cards.make(account, number, email=customer["email"], name=customer["name"])
        cards.hold(account, method, customer)
    outcome = collecting.collect(account, invoice, method, there=True)
    if outcome == "paid":
        billing.recover(account, invoice)
    return outcome == "paid"
