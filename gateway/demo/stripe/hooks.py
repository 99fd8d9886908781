"""What a test or the demo may make happen that no API call does: time, payers, banks, the net.

``POST /test/{name}`` with a JSON object; the same by ``StandIn.hook``. Each answers with the object
that changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.demo.stripe import (
    cards,
    catalogue,
    checkout,
    collecting,
    customers,
    disputes,
    leaving,
    portal,
    refunds,
)
from gateway.demo.stripe.account import DAY, Account, Thing, copied
from gateway.demo.stripe.api import Trouble
from gateway.demo.stripe.leaving import UPDATED
from gateway.demo.stripe.refused import Refused

if TYPE_CHECKING:
    from gateway.demo.stripe.server import StandIn

Hook = Callable[["StandIn", Thing], Awaitable[Thing]]


async def advance(stand_in: StandIn, wish: Thing) -> Thing:
    """``seconds`` or ``days`` forward, or ``to`` a moment."""
    now = stand_in.account.clock.now()
    seconds = wish.get("seconds", 0) + wish.get("days", 0) * DAY
    if "to" in wish:
        seconds = max(0, wish["to"] - now)
    done = await stand_in.advance(seconds)
    return {"now": stand_in.account.now(), "done": done}


async def pay(stand_in: StandIn, wish: Thing) -> Thing:
    """A payer completes ``session`` with ``card``, as on its page."""
    account = stand_in.account
    session = account.find("checkout.session", wish["session"], param="session")
    if session["status"] != "open":
        raise Refused("The session isn't open.", param="session")
    if wish.get("promotion_code") and not checkout.use_code(
        account, session, wish["promotion_code"]
    ):
        raise Refused("This code isn't good.", param="promotion_code")
    card = wish.get("card", "4242424242424242") if checkout.needs_card(account, session) else ""
    outcome = checkout.complete(
        account,
        session,
        number=card,
        email=wish.get("email", "wallet@example.com"),
        name=wish.get("name", "Camille Martin"),
    )
    return {"outcome": str(outcome), "session": copied(session)}


async def payment_link(stand_in: StandIn, wish: Thing) -> Thing:
    """Somebody whom no site sent pays ``price`` as ``email``: by a link of the dashboard's."""
    account = stand_in.account
    customer = customers.create(account, {"email": wish["email"]})
    session = checkout.create(
        account,
        {
            "customer": customer["id"],
            "line_items": [{"price": wish["price"], "quantity": 1}],
            "mode": "subscription",
            "success_url": f"{account.url}/dashboard",
        },
    )
    return await pay(stand_in, {"session": session["id"], "email": wish["email"]})


async def refund(stand_in: StandIn, wish: Thing) -> Thing:
    """``subscription``'s latest payment, or a ``charge``; ``amount`` or all."""
    account = stand_in.account
    charge = _charge(account, wish)
    wanted = {"charge": charge["id"], "reason": "requested_by_customer"}
    if "amount" in wish:
        wanted["amount"] = wish["amount"]
    return copied(refunds.create(account, wanted))


async def dispute(stand_in: StandIn, wish: Thing) -> Thing:
    charge = _charge(stand_in.account, wish)
    reason = wish.get("reason", "fraudulent")
    if reason not in disputes.REASONS:
        raise Refused("No such reason.", param="reason")
    return copied(disputes.open_dispute(stand_in.account, charge, reason=reason))


async def dispute_close(stand_in: StandIn, wish: Thing) -> Thing:
    found = stand_in.account.find("dispute", wish["dispute"], param="dispute")
    disputes.decide(stand_in.account, found, won=bool(wish.get("won")))
    return copied(found)


async def warn(stand_in: StandIn, wish: Thing) -> Thing:
    return copied(disputes.warn(stand_in.account, _charge(stand_in.account, wish)))


async def card(stand_in: StandIn, wish: Thing) -> Thing:
    """From now on ``subscription``'s means of payment behaves as the test number ``number``."""
    account = stand_in.account
    subscription = _subscription(account, wish)
    method = collecting.default_method(account, subscription)
    number = wish.get("number", "4000000000000341")
    if method is None or number not in cards.MEANS:
        raise Refused("There is no such card to change.", param="number")
    account.backstage[method["id"]]["number"] = number
    return copied(method)


async def retry(stand_in: StandIn, wish: Thing) -> Thing:
    """Ask for ``subscription``'s open invoice now, as the dashboard's button does."""
    from gateway.demo.stripe import billing

    account = stand_in.account
    subscription = _subscription(account, wish)
    invoice = account.named("invoice", subscription["latest_invoice"])
    if invoice["status"] != "open":
        raise Refused("The latest invoice isn't open.", param="subscription")
    billing.ask(account, invoice)
    return copied(invoice)


async def cancel(stand_in: StandIn, wish: Thing) -> Thing:
    """From the dashboard: at once, or ``at_period_end``."""
    account = stand_in.account
    subscription = _subscription(account, wish)
    if subscription["status"] in leaving.ENDED:
        raise Refused("The subscription has ended.", param="subscription")
    if wish.get("at_period_end"):
        when = subscription["items"]["data"][0]["current_period_end"]
        classic = subscription["billing_mode"]["type"] == "classic"
        with account.changing(subscription, UPDATED):
            leaving.cancel_later(account, subscription, when, flag=classic)
    else:
        leaving.end(account, subscription, reason="cancellation_requested")
    return copied(subscription)


async def delivery(stand_in: StandIn, wish: Thing) -> Thing:
    """How webhooks travel; also ``secrets``, ``payload`` and ``enabled_events`` of the endpoint."""
    for name in ("secrets", "payload", "enabled_events", "url"):
        if name in wish:
            value = wish.pop(name)
            for each in stand_in.delivery.endpoints:
                setattr(each, name, value)
                shown = stand_in.account.get("webhook_endpoint", each.id)
                if shown is not None and name in ("enabled_events", "url"):
                    shown[name] = value
    try:
        stand_in.delivery.behave(**wish)
    except ValueError as error:
        raise Refused(str(error)) from None
    return {"waiting": len(stand_in.delivery.waiting)}


async def event(stand_in: StandIn, wish: Thing) -> Thing:
    """Any event, signed as ours: ``type`` and ``object``, and what ``overrides`` changes of it.

    For what one account never makes by itself: another livemode, a Connect ``account``, a kind
    that nobody knows yet.
    """
    made = stand_in.account.tell(wish["type"], wish["object"])
    made |= wish.get("overrides", {})
    return copied(made)


async def resend(stand_in: StandIn, wish: Thing) -> Thing:
    """``event`` once more to every endpoint, as the dashboard's button does."""
    event = stand_in.account.find("event", wish["event"], param="event")
    for each in stand_in.delivery.endpoints:
        stand_in.delivery.send(event["id"], each)
    return {"event": event["id"]}


async def trouble(stand_in: StandIn, wish: Thing) -> Thing:
    """The API fails: ``status``, ``times``, ``path``, ``method``, ``after`` carrying out."""
    stand_in.api.troubles.append(Trouble(**wish))
    return {"troubles": sum(each.times for each in stand_in.api.troubles)}


async def settings(stand_in: StandIn, wish: Thing) -> Thing:
    """The dashboard's settings, by the names of ``Settings``."""
    for name, value in wish.items():
        if not hasattr(stand_in.account.settings, name):
            raise Refused(f"no such setting: {name}", param=name)
        setattr(stand_in.account.settings, name, tuple(value) if name == "retry_days" else value)
    return dict(wish)


async def offer(stand_in: StandIn, wish: Thing) -> Thing:
    """A product and its recurring price under ids of one's choice, as a config file names them.

    ``id`` of the price, ``product`` its id, ``name``, ``unit_amount``, ``interval``, ``currency``,
    ``tax_behavior``. Stripe itself gives prices their ids.
    """
    account = stand_in.account
    if account.get("price", wish["id"]):
        raise Refused("There is such a price.", param="id")
    product_id = wish.get("product") or f"prod_of_{wish['id']}"
    if not account.get("product", product_id):
        catalogue.create_product(account, {"id": product_id, "name": wish["name"]})
    made = catalogue.create_price(
        account,
        {
            "currency": wish.get("currency", account.settings.currency),
            "nickname": wish.get("name"),
            "product": product_id,
            "recurring": {"interval": wish.get("interval", "month")},
            "tax_behavior": wish.get("tax_behavior", "unspecified"),
            "unit_amount": int(wish["unit_amount"]),
        },
        price_id=wish["id"],
    )
    return copied(made)


async def plan_changes(stand_in: StandIn, wish: Thing) -> Thing:
    """The default portal offers every active recurring price to change to."""
    account = stand_in.account
    products: dict[str, list[str]] = {}
    for price in reversed(account.all("price")):
        if price["active"] and price["recurring"]:
            products.setdefault(price["product"], []).append(price["id"])
    default = next(
        each for each in account.all("billing_portal.configuration") if each["is_default"]
    )
    feature: dict[str, Any] = {
        "enabled": True,
        "default_allowed_updates": ["price"],
        "products": [{"product": key, "prices": value} for key, value in products.items()],
        "proration_behavior": wish.get("proration_behavior", "create_prorations"),
    }
    wanted = {"features": {"subscription_update": feature}}
    return copied(portal.update_configuration(account, wanted, default["id"]))


def _subscription(account: Account, wish: Thing) -> Thing:
    return account.find("subscription", wish["subscription"], param="subscription")


def _charge(account: Account, wish: Thing) -> Thing:
    """The charge named, or that of the subscription's last payment."""
    if "charge" in wish:
        return account.find("charge", wish["charge"], param="charge")
    subscription = _subscription(account, wish)
    for payment in account.all("invoice_payment"):
        invoice = account.named("invoice", payment["invoice"])
        mine = invoice["parent"]["subscription_details"]["subscription"] == subscription["id"]
        if mine and payment["status"] == "paid":
            intent = account.named("payment_intent", payment["payment"]["payment_intent"])
            return account.named("charge", intent["latest_charge"])
    raise Refused("Nothing was paid for this subscription.", param="subscription")


HOOKS: Mapping[str, Hook] = {
    "advance": advance,
    "cancel": cancel,
    "card": card,
    "delivery": delivery,
    "dispute": dispute,
    "dispute/close": dispute_close,
    "event": event,
    "offer": offer,
    "pay": pay,
    "payment_link": payment_link,
    "plan_changes": plan_changes,
    "refund": refund,
    "resend": resend,
    "retry": retry,
    "settings": settings,
    "trouble": trouble,
    "warn": warn,
}
