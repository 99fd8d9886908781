"""Money that moved, in one currency: what a day's sums are made of. Amounts are signed minor units.

What Stripe collected, what came by another way, what was paid back, and what a payer's bank took.
Each has its moment by Stripe's clock, or none where Stripe didn't say: then no day can count it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """Closed: each has a column of its own."""

    PAYMENT = "payment"  # Stripe collected it for an invoice
    OUT_OF_BAND = "out-of-band"  # an invoice was paid in cash or by transfer; Stripe never saw it
    REFUND = "refund"  # paid back: negative
    DISPUTE = "dispute"  # taken by the payer's bank: negative, and gone again once it is won


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """``object_id`` and ``sort`` name it: one invoice may be paid in part by each way. ``number`` is the
    entry that says so."""

    object_id: str
    sort: Sort
    at: float | None
    currency: str
    amount_minor: int
    number: int
    customer_id: str = ""
    invoice_id: str = ""
    payment_id: str = ""
    charge_id: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one currency and one sort. Sums of two currencies make none."""

    currency: str
    sort: Sort
    count: int
    amount_minor: int
