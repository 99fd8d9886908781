"""Changes to a living subscription: another plan with its prorations, its end, pauses, cards.

Prorations are by the second of the period left (docs.stripe.com/billing/subscriptions/prorations):
a credit for what won't be used and a charge for what will, kept for the next invoice or billed now.
A change of interval begins a new period at once.
"""

from __future__ import annotations

from gateway.demo.stripe import billing, discounts, invoices, leaving
from gateway.demo.stripe.account import Account, Thing, absorb
from gateway.demo.stripe.catalogue import plan_of
from gateway.demo.stripe.collecting import default_method
from gateway.demo.stripe.customers import belongs
from gateway.demo.stripe.drafting import Line, draft
from gateway.demo.stripe.leaving import UPDATED
from gateway.demo.stripe.parameters import (
    EXPAND,
    Group,
    Many,
    Moment,
    One,
    Text,
    Whole,
)
from gateway.demo.stripe.periods import next_end
from gateway.demo.stripe.prorating import prorate
from gateway.demo.stripe.refused import Refused
from gateway.demo.stripe.subscribing import TRIAL_SECONDS_MAX, recurring_price
from gateway.demo.stripe.subscriptions import COMMON, DETAILS, cancel_time

PRORATIONS = One(("always_invoice", "create_prorations", "none"))
_ITEM = Group(
    {
        "id": Text(),
        "price": Text(),
        "quantity": Whole(least=0),
    }
)
UPDATE = Group(
    {
        **COMMON,
        "cancel_at": Moment(("min_period_end", "max_period_end"), clears=True),
        "cancellation_details": DETAILS,
        "description": Text(500, clears=True),
        "discounts": discounts.APPLIED,
        "items": Many(_ITEM, least=1, most=20),
        "pause_collection": Group(
            {
                "behavior": One(("keep_as_draft", "mark_uncollectible", "void")),
                "resumes_at": Whole(least=0),
            },
            needs=("behavior",),
            clears=True,
        ),
        "proration_behavior": PRORATIONS,
        "trial_end": Moment(("now",)),
    }
)
RESUME = Group(
    {
        "billing_cycle_anchor": Group({"type": One(("now",))}, needs=("type",)),
        "proration_behavior": PRORATIONS,
        **EXPAND,
    }
)
PAUSE = Group({"type": One(("subscription",)), **EXPAND})
_INCOMPLETE_MAY = {"metadata", "expand"}


def update(account: Account, params: Thing, subscription_id: str) -> Thing:
    subscription = account.find("subscription", subscription_id)
    _may_change(subscription, params, account.now())
    method_id = params.get("default_payment_method")
    if method_id:
        belongs(account, method_id, subscription["customer"], "default_payment_method")
    changes = _changes(account, subscription, params.get("items") or [])
    named = [
        discounts.chosen(account, each, subscription["customer"])
        for each in params.get("discounts") or []
    ]
    cancel_time(account, subscription, params)  # Refuses before anything is changed.
    if changes:
        billing.check_card(account, subscription, params, there=False)
    with account.changing(subscription, UPDATED):
        plain = ("automatic_tax", "default_payment_method", "description", "trial_settings")
        before_tax = subscription["automatic_tax"]
        absorb(subscription, params, plain)
        subscription["automatic_tax"] = before_tax | subscription["automatic_tax"]
        subscription["cancellation_details"] |= params.get("cancellation_details") or {}
        if "pause_collection" in params:
            _pause_collection(account, subscription, params["pause_collection"])
        lines = _apply(account, subscription, changes, params)
        _cancellation(account, subscription, params)
    for each in named:
        discounts.redeem(account, each, subscription, None)
    if lines:
        _bill_now(account, subscription, lines)
    if "trial_end" in params:
        _move_trial(account, subscription, params["trial_end"])
    return subscription


def _may_change(subscription: Thing, params: Thing, now: int) -> None:
    status = subscription["status"]
    if status in leaving.ENDED and set(params) - {"metadata", "expand", "cancellation_details"}:
        raise Refused(
            "A canceled subscription can only update its cancellation_details and metadata.",
            executed=True,
        )
    if status == "incomplete" and set(params) - _INCOMPLETE_MAY:
        raise Refused(
            "An incomplete subscription can't be changed before its first invoice is paid.",
            executed=True,
        )
    if "collection_method" in params or "days_until_due" in params:
        raise Refused("This stand-in keeps how a subscription is collected.", param="items")
    resumes = (params.get("pause_collection") or {}).get("resumes_at")
    if resumes is not None and resumes <= now:
        raise Refused("resumes_at must lie in the future.", param="pause_collection[resumes_at]")
    if "trial_end" in params and status != "trialing":
        raise Refused("Only a subscription in its trial has its trial moved.", param="trial_end")
    trial_end = params.get("trial_end", "now")
    if trial_end != "now" and not now < trial_end <= now + TRIAL_SECONDS_MAX:
        raise Refused("The trial must end in the future, within two years.", param="trial_end")


def _changes(
    account: Account, subscription: Thing, wanted: list[Thing]
) -> list[tuple[Thing, Thing, int]]:
    """Each changed item with its new price and quantity."""
    held = {item["id"]: item for item in subscription["items"]["data"]}
    changes = []
    for index, change in enumerate(wanted):
        item = held.get(change.get("id", ""))
        if item is None:
            raise Refused(
                f"This stand-in changes items; items[{index}][id] names none of "
                f"{subscription['id']}.",
                param=f"items[{index}][id]",
                code="resource_missing",
            )
        price = item["price"]
        if "price" in change:
            price = recurring_price(account, change["price"], f"items[{index}][price]")
        if price["currency"] != subscription["currency"]:
            raise Refused("The price has another currency.", param=f"items[{index}][price]")
        changes.append((item, price, change.get("quantity", item["quantity"])))
    if changes and len({tuple(_rhythm(price)) for _, price, _ in changes}) > 1:
        raise Refused("All items are billed together here.", param="items")
    return changes


def _rhythm(price: Thing) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def _apply(
    account: Account, subscription: Thing, changes: list[tuple[Thing, Thing, int]], params: Thing
) -> list[Line]:
    """Put the new prices in place; the lines to bill at once, the others wait backstage."""
    behaviour = params.get("proration_behavior", "create_prorations")
    anew = any(_rhythm(item["price"]) != _rhythm(price) for item, price, _ in changes)
    free = subscription["status"] == "trialing" or behaviour == "none"
    now = account.now()
    lines: list[Line] = []
    for item, price, quantity in changes:
        if not free:
            lines += prorate(account, subscription, item, price, quantity, anew=anew, now=now)
        item |= {"price": price, "plan": plan_of(price), "quantity": quantity}
        if anew and subscription["status"] != "trialing":
            subscription["billing_cycle_anchor"] = now
            end = next_end(now, price["recurring"], now)
            item |= {"current_period_start": now, "current_period_end": end}
            account.at(end, "turn", subscription["id"])
            lines.append(billing.period_line(item))
    if anew or behaviour == "always_invoice":
        return lines
    account.backstage.setdefault(subscription["id"], {}).setdefault("pending", []).extend(lines)
    return []


def _bill_now(account: Account, subscription: Thing, lines: list[Line]) -> None:
    now = account.now()
    lines = [*billing.pending(account, subscription), *lines]
    invoice = draft(account, subscription, lines, reason="subscription_update", period=(now, now))
    invoices.announce(account, invoice)
    with account.changing(subscription, UPDATED):
        subscription["latest_invoice"] = invoice["id"]
    invoices.finalize(account, invoice)
    if invoice["total"] < 0:
        invoices.settle(account, invoice, 0)
    else:
        billing.ask(account, invoice)


def _cancellation(account: Account, subscription: Thing, params: Thing) -> None:
    if params.get("cancel_at_period_end") is False or params.get("cancel_at", "") is None:
        leaving.keep(subscription)
    when = cancel_time(account, subscription, params)
    if when is not None:
        leaving.cancel_later(account, subscription, when, flag="cancel_at_period_end" in params)


def _pause_collection(account: Account, subscription: Thing, wanted: Thing | None) -> None:
    subscription["pause_collection"] = wanted and {"resumes_at": None, **wanted}
    if wanted and wanted.get("resumes_at") is not None:
        account.at(wanted["resumes_at"], "collect_again", subscription["id"])


def _move_trial(account: Account, subscription: Thing, wanted: int | str) -> None:
    """``now`` ends the trial at once; a later time prolongs it."""
    when = account.now() if wanted == "now" else int(wanted)
    with account.changing(subscription, UPDATED):
        subscription |= {"trial_end": when, "billing_cycle_anchor": when}
        for item in subscription["items"]["data"]:
            item["current_period_end"] = when
    account.at(when, "turn", subscription["id"])


def pause(account: Account, params: Thing, subscription_id: str) -> Thing:
    del params
    subscription = account.find("subscription", subscription_id)
    if subscription["status"] != "active" or subscription["billing_mode"]["type"] != "flexible":
        raise Refused("Only active subscriptions in flexible billing pause.", executed=True)
    leaving.pause(account, subscription, "pause_requested")
    return subscription


def resume(account: Account, params: Thing, subscription_id: str) -> Thing:
    """A paused subscription asks for a new period's money, and opens when it is paid."""
    del params
    subscription = account.find("subscription", subscription_id)
    if subscription["status"] != "paused":
        raise Refused("The subscription isn't paused.", executed=True)
    if default_method(account, subscription) is None:
        raise Refused("The subscription has no payment method.", executed=True)
    now = account.now()
    with account.changing(subscription, UPDATED):
        subscription["billing_cycle_anchor"] = now
        for item in subscription["items"]["data"]:
            end = next_end(now, item["price"]["recurring"], now)
            item |= {"current_period_start": now, "current_period_end": end}
    account.at(subscription["items"]["data"][0]["current_period_end"], "turn", subscription_id)
    _bill_now(
        account, subscription, [billing.period_line(i) for i in subscription["items"]["data"]]
    )
    return subscription
