"""Collecting an open invoice: by which means, what the bank says, when the next try is.

Changes the invoice and its payment; what the subscription makes of the answer isn't its affair.
"""

from __future__ import annotations

from gateway.demo.stripe import invoices, paying
from gateway.demo.stripe.account import DAY, Account, Thing
from gateway.demo.stripe.paying import Outcome

# A direct debit's answer takes some days.
PENDING_SECONDS = 3 * DAY


def default_method(account: Account, thing: Thing) -> Thing | None:
    """The means of a subscription, or of an invoice's; else the customer's."""
    subscription = thing
    if thing["object"] == "invoice":
        subscription = account.named("subscription", invoices.subscription_id(thing))
    customer = account.get("customer", thing["customer"])
    named = subscription["default_payment_method"]
    if not named and customer is not None and not customer.get("deleted"):
        named = customer["invoice_settings"]["default_payment_method"]
    return account.get("payment_method", named)


def collect(
    account: Account, invoice: Thing, method: Thing | None, *, there: bool = False
) -> Outcome | None:
    """The outcome, or None for an invoice that is sent and waits for its payer."""
    if not invoice["amount_due"]:
        invoices.settle(account, invoice, 0)
        return Outcome.PAID
    if invoice["collection_method"] == "send_invoice" and method is None and not there:
        _send(account, invoice)
        return None
    intent = _intent(account, invoice)
    outcome = paying.attempt(account, intent, method, there=there) if method else Outcome.DECLINED
    apply(account, invoice, intent, outcome)
    return outcome


def apply(account: Account, invoice: Thing, intent: Thing, outcome: Outcome) -> None:
    """Write the bank's answer on the invoice and its payment."""
    invoice["attempt_count"] += 1
    if outcome is Outcome.PAID:
        _paid(account, invoice, intent)
    elif outcome is Outcome.PENDING:
        with account.changing(invoice, "invoice.updated"):
            invoice["attempted"] = True
            invoice["next_payment_attempt"] = None
        account.at(account.now() + PENDING_SECONDS, "conclude", intent["id"])
    else:
        _failed(account, invoice)
        if outcome is Outcome.ASKS:
            account.tell("invoice.payment_action_required", invoice)
        account.tell("invoice.payment_failed", invoice)


def _paid(account: Account, invoice: Thing, intent: Thing) -> None:
    payment = next(
        each
        for each in paying.tied_to(account, invoice)
        if each["payment"]["payment_intent"] == intent["id"]
    )
    payment |= {"amount_paid": intent["amount"], "status": "paid"}
    payment["status_transitions"]["paid_at"] = account.now()
    account.tell("invoice_payment.paid", payment)
    invoices.settle(account, invoice, intent["amount"])
    customer = account.get("customer", invoice["customer"])
    if customer is not None and customer.get("delinquent"):
        with account.changing(customer, "customer.updated"):
            customer["delinquent"] = False


def _failed(account: Account, invoice: Thing) -> None:
    """What would start a subscription isn't tried again by itself; all else by the days set."""
    days = account.settings.retry_days
    subscription = account.named("subscription", invoices.subscription_id(invoice))
    retried = subscription["status"] != "incomplete"
    count = invoice["attempt_count"]
    with account.changing(invoice, "invoice.updated"):
        invoice["attempted"] = True
        if retried and count <= len(days):
            first = invoice["status_transitions"]["finalized_at"]
            when = max(account.now() + 1, first + days[count - 1] * DAY)
            invoice["next_payment_attempt"] = when
            account.at(when, "retry", invoice["id"])
        else:
            invoice["next_payment_attempt"] = None
            invoice["auto_advance"] = False
    customer = account.named("customer", invoice["customer"])
    with account.changing(customer, "customer.updated"):
        if retried:
            customer["delinquent"] = True


def _send(account: Account, invoice: Thing) -> None:
    subscription = account.named("subscription", invoices.subscription_id(invoice))
    due = account.now() + (subscription["days_until_due"] or 0) * DAY
    with account.changing(invoice, "invoice.updated"):
        invoice["due_date"] = due
    account.at(due, "overdue", invoice["id"])
    account.tell("invoice.sent", invoice)


def _intent(account: Account, invoice: Thing) -> Thing:
    """The open payment's intent, or a new one tied to the invoice."""
    for payment in paying.tied_to(account, invoice):
        if payment["status"] == "open":
            return account.named("payment_intent", payment["payment"]["payment_intent"])
    intent = paying.intend(
        account,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer_id=invoice["customer"],
        description="Subscription update"
        if invoice["billing_reason"] != "subscription_create"
        else "Subscription creation",
    )
    paying.tie(account, invoice, intent)
    return intent
