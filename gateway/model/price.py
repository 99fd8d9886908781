"""A price at Stripe, as it was last told: what the plans page, the wall and Checkout say of money.

Amounts are Stripe's own, in minor units; nothing here is formatted or converted.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.amount import Amount

INCLUSIVE = "inclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """``amount`` is of one period, None where Stripe names no fixed one. ``options`` are the same price
    in other currencies. ``interval`` is ``day``, ``week``, ``month`` or ``year``, empty for what is
    sold once. ``active``: Stripe sells it, and the product it is of. ``fetched_at`` is Stripe's time."""

    id: str
    product: str = ""
    amount: Amount | None = None
    options: tuple[Amount, ...] = ()
    interval: str = ""
    interval_count: int = 1
    tax_behavior: str = ""
    active: bool = False
    livemode: bool = False
    fetched_at: float = 0.0

    @property
    def recurring(self) -> bool:
        return bool(self.interval)

    @property
    def monthly(self) -> bool:
        return self.interval == "month" and self.interval_count == 1

    @property
    def yearly(self) -> bool:
        """Twelve months are a year, whichever way it is written."""
        return (self.interval, self.interval_count) in (("year", 1), ("month", 12))

    @property
    def tax_included(self) -> bool:
        return self.tax_behavior == INCLUSIVE

    def within(self, currency: str) -> Amount | None:
        """What it costs in a currency; None where it isn't sold in that one."""
        offered = (self.amount, *self.options)
        return next((each for each in offered if each and each.currency == currency), None)
