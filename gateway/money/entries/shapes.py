"""Stripe's objects as our own facts, whichever API version wrote them. Pure, and refuses nothing: a
field of an unforeseen type reads as absent, and what depends on it then needs a person.

We pin 2026-10-28.endive. Since 2025-03-31 (basil) periods stand on a subscription's items, an
invoice's subscription in ``parent.subscription_details``, a line's in
``parent.subscription_item_details``, and which payment paid an invoice is an object of its own
(``invoice_payment``). The older places are read where the newer are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.model.subscription import (
    Charge,
    Checkout,
    Dispute,
    Invoice,
    Item,
    Payment,
    Refund,
    Subscription,
    said,
)
from gateway.money.entries.fields import (
    Thing,
    currency,
    identifier,
    listed,
    mapping,
    reader,
    whole,
    word,
)


def described(thing: Thing) -> dict[str, Any]:
    """The fields of a Draft that an object fills: its type, ids, money and facts."""
    kind, object_id = identifier(thing.get("object")), identifier(thing.get("id"))
    fields: dict[str, Any] = {"object_type": kind, "object_id": object_id}
    reading = _READINGS.get(kind)
    if reading is None:
        customer = object_id if kind == "customer" else identifier(thing.get("customer"))
        facts: dict[str, Any] = {"id": object_id}
        if thing.get("deleted") is True:
            facts["deleted"] = True
        return fields | {"customer_id": customer, "facts": facts}
    return fields | reading(thing)


def _subscription(thing: Thing) -> dict[str, Any]:
    items = mapping(thing.get("items"))
    pause = mapping(mapping(thing.get("status_details")).get("paused"))
    facts = Subscription(
        id=identifier(thing.get("id")),
        customer=identifier(thing.get("customer")),
        status=word(thing.get("status")),
        created=whole(thing.get("created")),
        items=tuple(_item(each, thing) for each in listed(items)),
        more_items=items.get("has_more") is True,
        cancel_at=whole(thing.get("cancel_at")),
        cancel_at_period_end=thing.get("cancel_at_period_end") is True,
        ended_at=whole(thing.get("ended_at")),
        paused_collection=bool(mapping(thing.get("pause_collection"))),
        paused_reason=word(mapping(pause.get("subscription")).get("type")),
        collection_method=word(thing.get("collection_method")),
        latest_invoice=identifier(thing.get("latest_invoice")),
        trial_end=whole(thing.get("trial_end")),
    )
    return {
        "customer_id": facts.customer,
        "subscription_id": facts.id,
        "currency": currency(thing),
        "facts": said(facts),
    }


def _item(item: Thing, subscription: Thing) -> Item:
    quantity = whole(item.get("quantity"))
    starts_at = whole(item.get("current_period_start"))
    ends_at = whole(item.get("current_period_end"))
    return Item(
        id=identifier(item.get("id")),
        price=identifier(item.get("price")) or identifier(item.get("plan")),
        quantity=1 if quantity is None else quantity,
        # Before basil the period was the subscription's.
        starts_at=whole(subscription.get("current_period_start"))
        if starts_at is None
        else starts_at,
        ends_at=whole(subscription.get("current_period_end")) if ends_at is None else ends_at,
    )


def _invoice(thing: Thing) -> dict[str, Any]:
    parent = mapping(mapping(thing.get("parent")).get("subscription_details"))
    transitions = mapping(thing.get("status_transitions"))
    paid_by = [mapping(each.get("payment")) for each in listed(thing.get("payments"))]
    payments = [thing.get("payment_intent"), *(each.get("payment_intent") for each in paid_by)]
    charges = [thing.get("charge"), *(each.get("charge") for each in paid_by)]
    subscription = identifier(parent.get("subscription")) or identifier(thing.get("subscription"))
    facts = Invoice(
        id=identifier(thing.get("id")),
        customer=identifier(thing.get("customer")),
        subscription=subscription,
        status=word(thing.get("status")),
        created=whole(thing.get("created")),
        finalized_at=whole(transitions.get("finalized_at")),
        due_date=whole(thing.get("due_date")),
        paid_at=whole(transitions.get("paid_at")),
        collection_method=word(thing.get("collection_method")),
        billing_reason=word(thing.get("billing_reason")),
        amount_due=whole(thing.get("amount_due")) or 0,
        amount_paid=whole(thing.get("amount_paid")) or 0,
        total=whole(thing.get("total")) or 0,
        tax=_tax(thing),
        currency=currency(thing),
        lines_end=_lines_end(thing, subscription),
        payments=_named(payments),
        charges=_named(charges),
        paid_off_stripe=_off_stripe(thing),
    )
    return {
        "customer_id": facts.customer,
        "subscription_id": facts.subscription,
        "invoice_id": facts.id,
        "payment_id": facts.payments[0] if facts.payments else "",
        "charge_id": facts.charges[0] if facts.charges else "",
        "amount_minor": whole(thing.get("total")),
        "currency": facts.currency,
        "facts": said(facts),
    }


def _named(values: list[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(identifier, values))))


def _tax(invoice: Thing) -> int | None:
    taxes = invoice.get("total_taxes")
    if isinstance(taxes, list):
        return sum(whole(mapping(each).get("amount")) or 0 for each in taxes)
    return whole(invoice.get("tax"))


def _off_stripe(invoice: Thing) -> int:
    """Before basil an invoice was paid out of band as a whole, or not at all."""
    if invoice.get("paid_out_of_band") is True:
        return whole(invoice.get("amount_paid")) or 0
    return whole(invoice.get("amount_paid_off_stripe")) or 0


def _lines_end(invoice: Thing, subscription: str) -> int | None:
    """The latest end among the lines that charge for the subscription's periods."""
    ends = []
    for line in listed(invoice.get("lines")):
        parent = mapping(line.get("parent"))
        details = mapping(parent.get("subscription_item_details")) or mapping(
            parent.get("invoice_item_details")
        )
        whose = identifier(details.get("subscription")) or identifier(line.get("subscription"))
        end = whole(mapping(line.get("period")).get("end"))
        if end is not None and whose in ("", subscription):
            ends.append(end)
    return max(ends, default=None)


def _payment(thing: Thing) -> dict[str, Any]:
    by = mapping(thing.get("payment"))
    facts = Payment(
        id=identifier(thing.get("id")),
        invoice=identifier(thing.get("invoice")),
        payment=identifier(by.get("payment_intent")),
        charge=identifier(by.get("charge")),
        status=word(thing.get("status")),
        amount_paid=whole(thing.get("amount_paid")) or 0,
        currency=currency(thing),
    )
    return {
        "invoice_id": facts.invoice,
        "payment_id": facts.payment,
        "charge_id": facts.charge,
        "amount_minor": whole(thing.get("amount_paid")),
        "currency": facts.currency,
        "facts": said(facts),
    }


def _charge(thing: Thing) -> dict[str, Any]:
    facts = Charge(
        id=identifier(thing.get("id")),
        customer=identifier(thing.get("customer")),
        payment=identifier(thing.get("payment_intent")),
        invoice=identifier(thing.get("invoice")),
        status=word(thing.get("status")),
        amount=whole(thing.get("amount")) or 0,
        amount_refunded=whole(thing.get("amount_refunded")) or 0,
        refunded=thing.get("refunded") is True,
        disputed=thing.get("disputed") is True,
        currency=currency(thing),
        created=whole(thing.get("created")),
    )
    return {
        "customer_id": facts.customer,
        "invoice_id": facts.invoice,
        "payment_id": facts.payment,
        "charge_id": facts.id,
        "amount_minor": whole(thing.get("amount")),
        "currency": facts.currency,
        "facts": said(facts),
    }


def _refund(thing: Thing) -> dict[str, Any]:
    facts = Refund(**_of_payment(thing), reason=word(thing.get("reason")))
    return _paid_back(thing, facts)


def _dispute(thing: Thing) -> dict[str, Any]:
    due_by = whole(mapping(thing.get("evidence_details")).get("due_by"))
    facts = Dispute(**_of_payment(thing), reason=word(thing.get("reason")), due_by=due_by)
    return _paid_back(thing, facts)


def _warning(thing: Thing) -> dict[str, Any]:
    known = _of_payment(thing)
    facts = Dispute(**known, reason=word(thing.get("fraud_type")), warning=True)
    return _paid_back(thing, facts)


def _of_payment(thing: Thing) -> dict[str, Any]:
    return {
        "id": identifier(thing.get("id")),
        "charge": identifier(thing.get("charge")),
        "payment": identifier(thing.get("payment_intent")),
        "status": word(thing.get("status")),
        "amount": whole(thing.get("amount")) or 0,
        "currency": currency(thing),
        "created": whole(thing.get("created")),
    }


def _paid_back(thing: Thing, facts: Refund | Dispute) -> dict[str, Any]:
    return {
        "customer_id": identifier(thing.get("customer")),
        "payment_id": facts.payment,
        "charge_id": facts.charge,
        "amount_minor": whole(thing.get("amount")),
        "currency": facts.currency,
        "facts": said(facts),
    }


def _checkout(thing: Thing) -> dict[str, Any]:
    facts = Checkout(
        id=identifier(thing.get("id")),
        customer=identifier(thing.get("customer")),
        subscription=identifier(thing.get("subscription")),
        reader=reader(thing.get("client_reference_id")),
        mode=word(thing.get("mode")),
        status=word(thing.get("status")),
        payment_status=word(thing.get("payment_status")),
        amount_total=whole(thing.get("amount_total")) or 0,
        currency=currency(thing),
    )
    return {
        "customer_id": facts.customer,
        "subscription_id": facts.subscription,
        "invoice_id": identifier(thing.get("invoice")),
        "payment_id": identifier(thing.get("payment_intent")),
        "amount_minor": whole(thing.get("amount_total")),
        "currency": facts.currency,
        "reader": facts.reader,
        "facts": said(facts),
    }


_READINGS: dict[str, Callable[[Thing], dict[str, Any]]] = {
    "subscription": _subscription,
    "invoice": _invoice,
    "invoice_payment": _payment,
    "charge": _charge,
    "refund": _refund,
    "dispute": _dispute,
    "radar.early_fraud_warning": _warning,
    "checkout.session": _checkout,
}
