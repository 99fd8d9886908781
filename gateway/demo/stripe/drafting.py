"""Drafts of invoices: the object, its lines, and what they add up to.

Pure arithmetic on an account's objects: nothing is announced or paid here. Amounts are minor units
of the invoice's currency, and what the payer pays: no tax is added to them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.demo.stripe import discounts
from gateway.demo.stripe.account import Account, Thing

# What is always there and, in this stand-in, null to begin with.
_NULL = tuple(
    (
        "account_tax_ids application automatically_finalizes_at custom_fields customer_account "
        "customer_shipping default_payment_method default_source description due_date effective_at "
        "ending_balance footer from_invoice hosted_invoice_url invoice_pdf last_finalization_error "
        "latest_revision next_payment_attempt number on_behalf_of receipt_number rendering "
        "shipping_cost shipping_details statement_descriptor test_clock webhooks_delivered_at"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Line:
    """``pending_id`` names the invoice item of a proration, "" for a period billed as usual."""

    item: Thing
    price: Thing
    amount: int
    quantity: int
    start: int
    end: int
    description: str
    pending_id: str = ""


def draft(
    account: Account,
    subscription: Thing,
    lines: list[Line],
    *,
    reason: str,
    period: tuple[int, int],
) -> Thing:
    """A draft that nobody has heard of yet: the caller keeps it with ``announce``."""
    customer = account.named("customer", subscription["customer"])
    invoice_id = account.new_id("in")
    invoice: Thing = {
        "id": invoice_id,
        **dict.fromkeys(_NULL),
        "object": "invoice",
        "account_country": account.settings.country,
        "account_name": account.settings.name,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": _tax(subscription),
        "billing_reason": reason,
        "collection_method": subscription["collection_method"],
        "created": account.now(),
        "currency": subscription["currency"],
        **_payer(customer),
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": list(subscription["discounts"]),
        "issuer": {"type": "self"},
        "lines": _lines(account, subscription, invoice_id, lines),
        "livemode": account.livemode,
        "metadata": {},
        "parent": _parent(subscription),
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": customer["balance"],
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }
    _total(account, invoice)
    return invoice


def _payer(customer: Thing) -> Thing:
    """The customer as it is now; an invoice keeps what it said of its payer."""
    keys = ("address", "email", "name", "phone", "tax_exempt")
    return {"customer": customer["id"]} | {f"customer_{key}": customer[key] for key in keys}


def _parent(subscription: Thing) -> Thing:
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subscription["metadata"]),
            "subscription": subscription["id"],
        },
        "type": "subscription_details",
    }


def _tax(subscription: Thing) -> Thing:
    enabled = subscription["automatic_tax"]["enabled"]
    return {
        "disabled_reason": None,
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "complete" if enabled else None,
    }


def _lines(account: Account, subscription: Thing, invoice_id: str, lines: list[Line]) -> Thing:
    return {
        "object": "list",
        "data": [_line(account, subscription, invoice_id, line) for line in lines],
        "has_more": False,
        "url": f"/v1/invoices/{invoice_id}/lines",
    }


def _line(account: Account, subscription: Thing, invoice_id: str, line: Line) -> Thing:
    return {
        "id": account.new_id("il"),
        "object": "line_item",
        "amount": line.amount,
        "currency": subscription["currency"],
        "description": line.description,
        "discount_amounts": [],
        "discountable": not line.pending_id,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": account.livemode,
        "metadata": dict(subscription["metadata"]),
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": line.pending_id or None,
                "proration": bool(line.pending_id),
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": line.item["id"],
            },
            "type": "subscription_item_details",
        },
        "period": {"end": line.end, "start": line.start},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": line.price["id"], "product": line.price["product"]},
            "type": "price_details",
            "unit_amount_decimal": line.price["unit_amount_decimal"],
        },
        "quantity": line.quantity,
        "quantity_decimal": str(line.quantity),
        "subscription": subscription["id"],
        "subtotal": line.amount,
        "taxes": [],
    }


def _total(account: Account, invoice: Thing) -> None:
    """Sums, discounts by line, and what the customer's balance (negative: credit) makes of them."""
    lines = invoice["lines"]["data"]
    invoice["subtotal"] = sum(line["amount"] for line in lines)
    off = 0
    for discount_id in invoice["discounts"]:
        coupon = account.named("coupon", account.named("discount", discount_id)["source"]["coupon"])
        for line in lines:
            if line["discountable"] and line["amount"] > 0:
                amount = discounts.taken_off(coupon, line["amount"])
                line["discount_amounts"] = [{"amount": amount, "discount": discount_id}]
                off += amount
        invoice["total_discount_amounts"] = [{"amount": off, "discount": discount_id}]
    total = invoice["subtotal"] - off
    due = max(0, total + invoice["starting_balance"])
    invoice |= {
        "subtotal_excluding_tax": invoice["subtotal"],
        "total": total,
        "total_excluding_tax": total,
        "amount_due": due,
        "amount_remaining": due,
    }
