"""How a subscription stops: later, at once, for want of payment; or only pauses.

Knows no periods and no money: ``billing`` says when.
"""

from __future__ import annotations

from gateway.demo.stripe import invoices
from gateway.demo.stripe.account import Account, Thing

UPDATED = "customer.subscription.updated"
ENDED = ("canceled", "incomplete_expired")


def cancel_later(account: Account, subscription: Thing, when: int, *, flag: bool) -> None:
    """``flag``: by ``cancel_at_period_end``; else ``cancel_at`` stands alone, as flexible does."""
    subscription |= {
        "cancel_at": when,
        "cancel_at_period_end": flag,
        "canceled_at": account.now(),
    }
    subscription["cancellation_details"]["reason"] = "cancellation_requested"
    account.at(when, "cancel_due", subscription["id"])


def keep(subscription: Thing) -> None:
    """A cancellation asked for is taken back."""
    subscription |= {"cancel_at": None, "cancel_at_period_end": False, "canceled_at": None}
    subscription["cancellation_details"] = {"comment": None, "feedback": None, "reason": None}


def cancel_due(account: Account, subscription_id: str) -> None:
    subscription = account.named("subscription", subscription_id)
    when = subscription["cancel_at"]
    if when is not None and when <= account.now():
        end(account, subscription, reason="cancellation_requested")


def end(account: Account, subscription: Thing, *, reason: str | None) -> None:
    """For good. Open invoices stay open; drafts and open ones are collected no more."""
    if subscription["status"] in ENDED:
        return
    now = account.now()
    subscription |= {"status": "canceled", "ended_at": now, "status_details": None}
    subscription["canceled_at"] = subscription["canceled_at"] or now
    subscription["cancellation_details"]["reason"] = reason
    for invoice in account.all("invoice"):
        if invoices.subscription_id(invoice) == subscription["id"]:
            with account.changing(invoice, "invoice.updated"):
                if invoice["status"] in ("draft", "open"):
                    invoice |= {"auto_advance": False, "next_payment_attempt": None}
                    invoice["automatically_finalizes_at"] = None
    account.tell("customer.subscription.deleted", subscription)


def pause(account: Account, subscription: Thing, why: str) -> None:
    with account.changing(subscription, UPDATED):
        subscription["status"] = "paused"
        subscription["status_details"] = {
            "paused": {
                "subscription": {"type": why},
                "transitioned_at": account.now(),
                "type": "subscription",
            }
        }
    account.tell("customer.subscription.paused", subscription)


def give_up(account: Account, subscription: Thing) -> None:
    wish = account.settings.after_last_failure
    if wish == "cancel":
        end(account, subscription, reason="payment_failed")
    elif wish == "unpaid":
        with account.changing(subscription, UPDATED):
            subscription["status"] = "unpaid"
