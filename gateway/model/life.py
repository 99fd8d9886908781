"""The letters of a subscription's life: which there are, and one that is due."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.amount import Amount


class Told(StrEnum):
    """What a letter tells (``templates/mail/life.html``)."""

    WELCOME = "welcome"  # it began: plan, price, terms, how to withdraw and to cancel
    PAYMENT_FAILED = "payment-failed"  # a renewal wasn't paid; with Stripe's page to pay it
    PAYMENT_CONFIRM = "payment-confirm"  # the payer's bank wants to hear from them
    CARD_ENDING = "card-ending"  # the card is over before the next payment
    TRIAL_ENDING = "trial-ending"  # it will be paid from a day on
    RENEWAL = "renewal"  # code de la consommation, L.215-1: one to three months before
    ENDING = "ending"  # it was cancelled elsewhere than here: when it ends (L.215-1-1)
    ENDED = "ended"  # it is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """``key`` is there once for ever. ``at`` is when its cause came, ``until`` when it is of no use any
    more. ``day`` is the moment that it tells of. ``reader_id`` is empty for who pays for no account."""

    key: str
    told: Told
    subscription_id: str
    customer_id: str
    reader_id: str = ""
    at: float
    until: float
    day: float = 0.0
    prices: tuple[str, ...] = ()
    currency: str = ""
    made_at: float = 0.0
    trial_end: float | None = None
    invoice_id: str = ""
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A means of payment that has an end: the last day of a month."""

    id: str
    last4: str
    year: int
    month: int
