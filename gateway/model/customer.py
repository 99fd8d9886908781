"""A customer at Stripe, as it was last told: who pays, and where mail reaches them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """``email`` as it was written there, and empty where there is none or the customer was deleted.
    ``language`` is the first that they prefer, a BCP 47 tag or empty."""

    id: str
    email: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """A live subscription on one of our prices, for an operator to look at."""

    customer: Customer
    subscription: str
    price: str
    status: str
