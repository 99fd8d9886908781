"""Invoices: drafted from lines, numbered when finalised, then open, paid, void or uncollectible.

Knows what an invoice says and when it may change; that money moves is ``paying``'s affair, and
what an invoice does to its subscription ``billing``'s.
"""

from __future__ import annotations

from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.parameters import EXPAND, PAGE, RANGE, Group, One, Text
from gateway.demo.stripe.refused import Refused

LIST = Group(
    {
        **PAGE,
        "collection_method": One(("charge_automatically", "send_invoice")),
        "created": RANGE,
        "customer": Text(),
        "status": One(("draft", "open", "paid", "uncollectible", "void")),
        "subscription": Text(),
    }
)
LINES = Group(PAGE)
FINALIZE = Group(EXPAND)


def subscription_id(invoice: Thing) -> str:
    return str(invoice["parent"]["subscription_details"]["subscription"])


def announce(account: Account, invoice: Thing) -> None:
    account.add(invoice)
    account.tell("invoice.created", invoice)


def finalize(account: Account, invoice: Thing) -> None:
    """Number it and settle the customer's balance with it; it is open after."""
    customer = account.named("customer", invoice["customer"])
    now = account.now()
    ending = min(0, invoice["total"] + customer["balance"])
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
    with account.changing(customer, "customer.updated"):
        customer["balance"] = ending
        customer["currency"] = invoice["currency"]
    customer["next_invoice_sequence"] += 1
    invoice |= {
        "status": "open",
        "number": number,
        "effective_at": now,
        "ending_balance": ending,
        "automatically_finalizes_at": None,
        "hosted_invoice_url": f"{account.url}/i/{invoice['id']}",
        "invoice_pdf": f"{account.url}/i/{invoice['id']}?pdf",
    }
    invoice["status_transitions"]["finalized_at"] = now
    account.tell("invoice.finalized", invoice)


def settle(account: Account, invoice: Thing, paid: int, *, off_stripe: bool = False) -> None:
    """``off_stripe``: in cash, or by a transfer that Stripe never saw."""
    with account.changing(invoice, "invoice.updated"):
        invoice["amount_paid"] = paid
        if off_stripe:
            invoice["amount_paid_off_stripe"] = paid
        invoice["amount_remaining"] = invoice["amount_due"] - paid
        invoice["attempted"] = True
        invoice["status"] = "paid"
        invoice["next_payment_attempt"] = None
        invoice["auto_advance"] = False
        invoice["status_transitions"]["paid_at"] = account.now()
    account.tell("invoice.paid", invoice)
    account.tell("invoice.payment_succeeded", invoice)


def close(account: Account, invoice: Thing, status: str) -> None:
    """``void`` or ``uncollectible``: nothing more is asked for."""
    kind, at = {
        "void": ("invoice.voided", "voided_at"),
        "uncollectible": ("invoice.marked_uncollectible", "marked_uncollectible_at"),
    }[status]
    with account.changing(invoice, "invoice.updated"):
        invoice["status"] = status
        invoice["next_payment_attempt"] = None
        invoice["auto_advance"] = False
        invoice["status_transitions"][at] = account.now()
    account.tell(kind, invoice)


def must_be(invoice: Thing, statuses: tuple[str, ...], wish: str) -> None:
    if invoice["status"] not in statuses:
        raise Refused(
            f"You can only {wish} if the invoice is {' or '.join(statuses)}; it is "
            f"{invoice['status']}.",
            code="invoice_not_editable" if "draft" in statuses else "",
            executed=True,
        )


def retrieve(account: Account, params: Thing, invoice_id: str) -> Thing:
    del params
    return account.find("invoice", invoice_id)


def matches(invoice: Thing, params: Thing) -> bool:
    return params.get("subscription") in (None, subscription_id(invoice)) and all(
        params.get(key) in (None, invoice[key])
        for key in ("collection_method", "customer", "status")
    )
