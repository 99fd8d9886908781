"""What is known of a subscription and of what was paid for it: our own shapes, whatever Stripe's were.

``money.shapes`` makes them of Stripe's objects, old and new. They are written to the ledger as facts
(``said``) and read back (``read``): a field that is added later reads as its default in old entries,
and one that was dropped is passed over. No names, no addresses: entries outlive an erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

Facts = TypeVar(
    "Facts", "Subscription", "Invoice", "Charge", "Refund", "Dispute", "Payment", "Checkout"
)


class Status(StrEnum):
    """Of a subscription, as Stripe names them. Any other word is one that this version doesn't know."""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Item:
    """One price of a subscription, with its own period in seconds since the epoch."""

    id: str = ""
    price: str = ""
    quantity: int = 1
    starts_at: int | None = None
    ends_at: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """``paused_collection``: Stripe goes on with periods and collects nothing. ``paused_reason`` is
    why a paused one is. ``more_items``: Stripe sent only the first of its items."""

    id: str = ""
    customer: str = ""
    status: str = ""
    created: int | None = None
    items: tuple[Item, ...] = ()
    more_items: bool = False
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    ended_at: int | None = None
    paused_collection: bool = False
    paused_reason: str = ""
    collection_method: str = ""
    latest_invoice: str = ""
    trial_end: int | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """``lines_end`` is the latest end of a period that its lines pay for. ``payments`` are the payment
    intents that Stripe named in it (older shapes, or expanded ones); ``charges`` likewise.
    ``paid_off_stripe`` is the part of ``amount_paid`` that came by another way: cash, a transfer."""

    id: str = ""
    customer: str = ""
    subscription: str = ""
    status: str = ""
    created: int | None = None
    finalized_at: int | None = None
    due_date: int | None = None
    paid_at: int | None = None
    collection_method: str = ""
    billing_reason: str = ""
    amount_due: int = 0
    amount_paid: int = 0
    total: int = 0
    tax: int | None = None
    currency: str = ""
    lines_end: int | None = None
    payments: tuple[str, ...] = ()
    charges: tuple[str, ...] = ()
    paid_off_stripe: int = 0


@dataclass(frozen=True, slots=True)
class Payment:
    """Which payment paid which invoice: Stripe's ``invoice_payment``."""

    id: str = ""
    invoice: str = ""
    payment: str = ""
    charge: str = ""
    status: str = ""
    amount_paid: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """``invoice`` is what API versions before basil named."""

    id: str = ""
    customer: str = ""
    payment: str = ""
    invoice: str = ""
    status: str = ""
    amount: int = 0
    amount_refunded: int = 0
    refunded: bool = False
    disputed: bool = False
    currency: str = ""
    created: int | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    id: str = ""
    charge: str = ""
    payment: str = ""
    status: str = ""
    amount: int = 0
    currency: str = ""
    reason: str = ""
    created: int | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute proper, or an early warning of fraud (``warning``), which has no status. ``due_by``:
    until when the publisher may answer the payer's bank."""

    id: str = ""
    charge: str = ""
    payment: str = ""
    status: str = ""
    amount: int = 0
    currency: str = ""
    reason: str = ""
    warning: bool = False
    created: int | None = None
    due_by: int | None = None


@dataclass(frozen=True, slots=True)
class Checkout:
    """``reader`` is our own ``client_reference_id``. Nobody is ever found by an e-mail address."""

    id: str = ""
    customer: str = ""
    subscription: str = ""
    reader: str = ""
    mode: str = ""
    status: str = ""
    payment_status: str = ""
    amount_total: int = 0
    currency: str = ""


_NAMES: Mapping[type, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(kind))
    for kind in (Item, Subscription, Invoice, Payment, Charge, Refund, Dispute, Checkout)
}


def said(facts: object) -> dict[str, Any]:
    """As the ledger writes it."""
    written = {name: getattr(facts, name) for name in _NAMES[type(facts)]}
    if isinstance(facts, Subscription):
        written["items"] = tuple(map(said, facts.items))
    return written


def read(kind: type[Facts], facts: Mapping[str, Any]) -> Facts:
    """As the ledger wrote it, by this version or an earlier one."""
    known = _NAMES[kind]
    values = {name: _frozen(value) for name, value in facts.items() if name in known}
    if kind is Subscription:
        parts = _NAMES[Item]
        values["items"] = tuple(
            Item(**{name: value for name, value in each.items() if name in parts})
            for each in facts.get("items", ())
        )
    return kind(**values)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
