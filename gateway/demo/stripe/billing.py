"""How a subscription lives: it starts, turns from period to period, falls behind, and ends.

Each step changes the objects, tells the events and notes what falls due next. Timing follows
docs.stripe.com/billing/subscriptions/overview: a renewal's invoice is a draft for an hour, a first
invoice left unpaid ends the subscription after 23 hours, retries go by the dashboard's setting.
"""

from __future__ import annotations

from gateway.demo.stripe import invoices
from gateway.demo.stripe.account import DAY, Account, Thing
from gateway.demo.stripe.cards import DECLINES, how
from gateway.demo.stripe.collecting import collect, default_method
from gateway.demo.stripe.drafting import Line, draft
from gateway.demo.stripe.leaving import ENDED, UPDATED, end, give_up, pause
from gateway.demo.stripe.periods import next_end
from gateway.demo.stripe.refused import Refused

_INCOMPLETE_SECONDS = 23 * 3600


def start(account: Account, subscription: Thing, *, collect: bool = True) -> Thing:
    """Announce a new subscription and its first invoice, and ask for the money if ``collect``."""
    invoice = begin(account, subscription)
    if subscription["collection_method"] == "send_invoice":
        with account.changing(subscription, UPDATED):
            if subscription["status"] == "incomplete":
                subscription["status"] = "active"
    if collect or not invoice["amount_due"]:
        ask(account, invoice)
    return invoice


def begin(account: Account, subscription: Thing) -> Thing:
    """The subscription is known, its first invoice open."""
    account.add(subscription)
    trial_end, now = subscription["trial_end"], account.now()
    items = subscription["items"]["data"]
    lines = [period_line(item, free=bool(trial_end)) for item in items]
    invoice = draft(account, subscription, lines, reason="subscription_create", period=(now, now))
    subscription["latest_invoice"] = invoice["id"]
    account.tell("customer.subscription.created", subscription)
    account.at(items[0]["current_period_end"], "turn", subscription["id"])
    if trial_end:
        account.at(max(now, trial_end - 3 * DAY), "trial_will_end", subscription["id"])
    invoices.announce(account, invoice)
    invoices.finalize(account, invoice)
    _spend_once(account, subscription)
    if subscription["status"] == "incomplete":
        account.at(now + _INCOMPLETE_SECONDS, "expire", subscription["id"])
    return invoice


def ask(account: Account, invoice: Thing, *, method: Thing | None = None) -> None:
    """Ask for an open invoice's money and let the subscription feel the answer."""
    outcome = collect(account, invoice, method or default_method(account, invoice))
    if outcome == "paid":
        recover(account, invoice)
    elif outcome == "pending":
        subscription = account.named("subscription", invoices.subscription_id(invoice))
        with account.changing(subscription, UPDATED):
            if subscription["status"] == "incomplete":
                subscription["status"] = "active"
    elif outcome in ("declined", "asks"):
        fall_behind(account, invoice)


def recover(account: Account, invoice: Thing) -> None:
    """An invoice was paid: the subscription opens again when it was the latest."""
    subscription = account.named("subscription", invoices.subscription_id(invoice))
    if subscription["latest_invoice"] != invoice["id"]:
        return
    if subscription["status"] == "paused":
        with account.changing(subscription, UPDATED):
            subscription |= {"status": "active", "status_details": None}
        account.tell("customer.subscription.resumed", subscription)
    with account.changing(subscription, UPDATED):
        if subscription["status"] in ("incomplete", "past_due", "unpaid"):
            subscription["status"] = "active"


def fall_behind(account: Account, invoice: Thing) -> None:
    """A payment failed: past due, a next try if one is left, else what the dashboard says."""
    subscription = account.named("subscription", invoices.subscription_id(invoice))
    with account.changing(subscription, UPDATED):
        if subscription["status"] in ("active", "trialing"):
            subscription["status"] = "past_due"
    if subscription["status"] != "past_due":
        return
    if invoice["next_payment_attempt"] is None and invoice["auto_advance"] is False:
        give_up(account, subscription)


def turn(account: Account, subscription_id: str) -> None:
    """A period's end: the subscription ends, or its trial does, or the next period begins."""
    subscription = account.get("subscription", subscription_id)
    if subscription is None or subscription["status"] in (*ENDED, "incomplete", "paused"):
        return
    now = account.now()
    items = subscription["items"]["data"]
    if items[0]["current_period_end"] > now:
        return
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= now:
        end(account, subscription, reason="cancellation_requested")
        return
    if subscription["status"] == "trialing" and not _trial_over(account, subscription):
        return
    start, turned = items[0]["current_period_start"], items[0]["current_period_end"]
    ends = next_end(subscription["billing_cycle_anchor"], items[0]["price"]["recurring"], turned)
    with account.changing(subscription, UPDATED):
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        for item in items:
            item |= {"current_period_start": turned, "current_period_end": ends}
        lines = [*pending(account, subscription), *(period_line(item) for item in items)]
        period = (start, turned)
        invoice = draft(account, subscription, lines, reason="subscription_cycle", period=period)
        subscription["latest_invoice"] = invoice["id"]
    account.at(ends, "turn", subscription_id)
    _bill_later(account, subscription, invoice)


def _trial_over(account: Account, subscription: Thing) -> bool:
    """False when the trial ends the subscription or pauses it, for want of a means of payment."""
    if default_method(account, subscription) or subscription["collection_method"] == "send_invoice":
        return True
    wish = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if wish == "cancel":
        end(account, subscription, reason=None)
    elif wish == "pause":
        pause(account, subscription, "trial_end_without_payment_method")
    return bool(wish == "create_invoice")


def _bill_later(account: Account, subscription: Thing, invoice: Thing) -> None:
    """A draft is finalised after an hour, unless collection is paused or given up."""
    collection = subscription["pause_collection"] or {}
    held = collection.get("behavior") == "keep_as_draft" or subscription["status"] == "unpaid"
    invoice["auto_advance"] = not held
    if not held:
        due = account.now() + account.settings.draft_seconds
        invoice["automatically_finalizes_at"] = due
        account.at(due, "finalize", invoice["id"])
    invoices.announce(account, invoice)
    _spend_once(account, subscription)


def finalize_due(account: Account, invoice_id: str) -> None:
    invoice = account.named("invoice", invoice_id)
    if invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    subscription = account.named("subscription", invoices.subscription_id(invoice))
    invoices.finalize(account, invoice)
    behaviour = (subscription["pause_collection"] or {}).get("behavior")
    if behaviour in ("void", "mark_uncollectible"):
        status = "void" if behaviour == "void" else "uncollectible"
        invoices.close(account, invoice, status)
    elif subscription["status"] not in ENDED:
        ask(account, invoice)


def retry_due(account: Account, invoice_id: str) -> None:
    invoice = account.named("invoice", invoice_id)
    due = invoice["next_payment_attempt"]
    if invoice["status"] == "open" and due is not None and due <= account.now():
        ask(account, invoice)


def expire_due(account: Account, subscription_id: str) -> None:
    """A first invoice unpaid for 23 hours."""
    subscription = account.named("subscription", subscription_id)
    if subscription["status"] != "incomplete":
        return
    with account.changing(subscription, UPDATED):
        subscription |= {"status": "incomplete_expired", "ended_at": account.now()}
    invoice = account.named("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        invoices.close(account, invoice, "void")


def overdue(account: Account, invoice_id: str) -> None:
    """A sent invoice that nobody paid by its due date."""
    invoice = account.named("invoice", invoice_id)
    if invoice["status"] == "open":
        account.tell("invoice.overdue", invoice)
        subscription = account.named("subscription", invoices.subscription_id(invoice))
        with account.changing(subscription, UPDATED):
            if subscription["status"] == "active":
                subscription["status"] = "past_due"


def trial_will_end(account: Account, subscription_id: str) -> None:
    subscription = account.named("subscription", subscription_id)
    if subscription["status"] == "trialing":
        account.tell("customer.subscription.trial_will_end", subscription)


def collect_again(account: Account, subscription_id: str) -> None:
    """``pause_collection[resumes_at]`` has come."""
    subscription = account.named("subscription", subscription_id)
    resumes = (subscription["pause_collection"] or {}).get("resumes_at")
    if resumes is not None and resumes <= account.now():
        with account.changing(subscription, UPDATED):
            subscription["pause_collection"] = None


def period_line(item: Thing, *, free: bool = False) -> Line:
    price, quantity = item["price"], item["quantity"]
    words = "Trial period for" if free else f"{quantity} ×"
    return Line(
        item=item,
        price=price,
        amount=0 if free else price["unit_amount"] * quantity,
        quantity=quantity,
        start=item["current_period_start"],
        end=item["current_period_end"],
        description=f"{words} {price['nickname'] or price['product']}",
    )


def pending(account: Account, subscription: Thing) -> list[Line]:
    """Prorations that wait for an invoice; they wait no more."""
    kept = account.backstage.setdefault(subscription["id"], {})
    lines: list[Line] = kept.pop("pending", [])
    return lines


def _spend_once(account: Account, subscription: Thing) -> None:
    """A discount of one invoice, or one whose months are over, leaves the subscription."""
    for discount_id in list(subscription["discounts"]):
        discount = account.named("discount", discount_id)
        coupon = account.named("coupon", discount["source"]["coupon"])
        over = discount["end"] is not None and discount["end"] <= account.now()
        if coupon["duration"] == "once" or over:
            with account.changing(subscription, UPDATED):
                subscription["discounts"] = []
            account.tell("customer.discount.deleted", discount)


def check_card(account: Account, subscription: Thing, params: Thing, *, there: bool) -> None:
    """``error_if_incomplete``: a card that would be declined undoes the request, 402."""
    if params.get("payment_behavior") != "error_if_incomplete":
        return
    method = default_method(account, subscription)
    does = (how(account, method).first if there else how(account, method).later) if method else ""
    if does in DECLINES:
        code, message = DECLINES[does]
        raise Refused(
            message, status=402, kind="card_error", code=code, decline_code=does, executed=True
        )
