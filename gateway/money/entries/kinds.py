"""The kinds of events that the gateway acts on: what an endpoint at Stripe should send. Pure.

Every other kind is appended all the same, and where it carries an object that the fold knows, that
snapshot counts like any other.
"""

from __future__ import annotations

EVENTS = (
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "invoice.finalization_failed",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
    "charge.refunded",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "radar.early_fraud_warning.created",
    "customer.deleted",
    "customer.updated",
    "price.created",
    "price.deleted",
    "price.updated",
    "product.created",
    "product.deleted",
    "product.updated",
)
_KNOWN = frozenset(EVENTS)
# What an event only hints at: the truth is what Stripe answers when it is asked for the object.
FETCHED = frozenset(
    (
        "subscription",
        "invoice",
        "charge",
        "refund",
        "dispute",
        "checkout.session",
        "radar.early_fraud_warning",
        "price",
        "product",
    )
)


def hints(kind: str, object_type: str, *, thin: bool) -> bool:
    """Whether the event's object is to be fetched. A thin event says nothing else."""
    return object_type in FETCHED and (thin or kind in _KNOWN)
