"""What became of a ledger entry when it was folded, and why: closed words, logged and counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    RECEIVED = "received"  # in the ledger, and not yet applied (or what it needs is still missing)
    APPLIED = "applied"  # it counted, were it only by being older than another snapshot
    IGNORED = "ignored"  # of a kind that opens and closes nothing
    NOT_OURS = "not-ours"  # another business's, mode's or account's
    NEEDS_A_PERSON = "needs-a-person"  # nobody is granted anything until somebody has looked


class Why(StrEnum):
    """Closed: each is logged, counted and shown in the console."""

    NONE = ""  # nothing to add
    # Received, and waiting.
    TO_BE_FETCHED = "to-be-fetched"  # it only hints at an object, which Stripe hasn't told us yet
    TO_BE_LINKED = "to-be-linked"  # which subscription was paid by it isn't known yet
    FAILED = "failed"  # it couldn't be applied, a fault of ours; it comes up again
    # Ignored.
    KIND_NOT_USED = "kind-not-used"  # kept, shown, and without meaning for who may read
    NOT_FINISHED = "not-finished"  # a Checkout that wasn't completed
    SUPERSEDED = "superseded"  # plans or settings that newer ones replaced
    ERASED = "erased"  # its reader is gone
    DESK_WORK = "desk-work"  # an act in the console that gives and takes nothing
    # Not ours.
    OTHER_MODE = "other-mode"  # test events in a live ledger, or live ones in a test ledger
    OTHER_ACCOUNT = "other-account"  # a Connect account's
    OTHER_BUSINESS = "other-business"  # an unknown customer without a plan's price
    # Needs a person.
    NO_READER = (
        "payment-without-a-reader"  # a plan's price, and a customer whom no reader is bound to
    )
    TWO_READERS = "two-readers"  # Checkouts bind one customer to several readers
    UNKNOWN_PRICE = "unknown-price"  # a reader's subscription to something that is no plan
    UNKNOWN_STATUS = "unknown-status"  # a word that this version doesn't know
    QUANTITY = (
        "quantity-over-one"  # not one: of more it opens for the payer alone, of none for nobody
    )
    MORE_ITEMS = "more-items"  # Stripe sent only the first of its items
    MISSING = "missing-at-stripe"  # Stripe says that there is no such object
    REFUNDED = "refunded-still-subscribed"  # paid back in full, and not cancelled
    DISPUTED = "disputed"  # the payer's bank took the money back, or asks
    FRAUD_WARNING = "fraud-warning"  # the card's issuer suspects fraud
    TWO_SUBSCRIPTIONS = "two-live-subscriptions"  # one reader pays twice for one tier
    OVER_REFUNDED = "refund-larger-than-paid"  # more was paid back than was ever paid
    BY_HAND = "leaving-by-hand"  # a subscription to end, or money to pay back, that Stripe refused
    STOPPED = (
        "reconcile-stopped"  # a reconcile would have closed more than it may without being told
    )
    DRIFT = "drift"  # a reconcile found that we and Stripe differed


@dataclass(frozen=True, slots=True)
class Mark:
    state: State
    reason: str = ""
