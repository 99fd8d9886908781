"""Money that goes back: refunds, whole or in part, and those that fail afterwards."""

from __future__ import annotations

from gateway.demo.stripe import cards
from gateway.demo.stripe.account import Account, Thing, merge_metadata
from gateway.demo.stripe.parameters import (
    EXPAND,
    PAGE,
    RANGE,
    Group,
    Metadata,
    One,
    Text,
    Whole,
)
from gateway.demo.stripe.refused import Refused

CREATE = Group(
    {
        "amount": Whole(least=1),
        "charge": Text(),
        "metadata": Metadata(),
        "payment_intent": Text(),
        "reason": One(("duplicate", "fraudulent", "requested_by_customer")),
        **EXPAND,
    }
)
LIST = Group({**PAGE, "charge": Text(), "created": RANGE, "payment_intent": Text()})


def create(account: Account, params: Thing) -> Thing:
    if ("charge" in params) == ("payment_intent" in params):
        raise Refused(
            "One of the following params should be provided for this request: payment_intent or "
            "charge."
        )
    charge = _charge(account, params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise Refused("The charge didn't succeed, so it can't be refunded.", executed=True)
    if charge["disputed"]:
        raise Refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            executed=True,
        )
    if left <= 0:
        raise Refused(
            f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded",
            executed=True,
        )
    amount = params.get("amount", left)
    if amount > left:
        raise Refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
            executed=True,
        )
    refund = _refund(account, charge, amount, params.get("reason"))
    merge_metadata(refund, params.get("metadata") or {})
    account.add(refund)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    account.tell("refund.created", refund)
    account.tell("charge.refunded", charge)
    method = account.named("payment_method", charge["payment_method"])
    if cards.how(account, method).after == "refund_fails":
        account.at(account.now() + 60, "fail_refund", refund["id"])
    return refund


def _charge(account: Account, params: Thing) -> Thing:
    if "charge" in params:
        return account.find("charge", params["charge"], param="charge")
    intent = account.find("payment_intent", params["payment_intent"], param="payment_intent")
    charge = account.get("charge", intent["latest_charge"])
    if charge is None:
        raise Refused("This PaymentIntent has no successful charge to refund.", executed=True)
    return charge


def _refund(account: Account, charge: Thing, amount: int, reason: str | None) -> Thing:
    kind = charge["payment_method_details"]["type"]
    said: Thing = {"reference_status": "pending", "reference_type": "acquirer_reference_number"}
    return {
        "id": account.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": account.now(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {
            kind: said | {"type": "refund"} if kind == "card" else {},
            "type": kind,
        },
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def fail_due(account: Account, refund_id: str) -> None:
    """The payer's bank sent the money back: the charge counts as not refunded again."""
    refund = account.named("refund", refund_id)
    if refund["status"] != "succeeded":
        return
    refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    charge = account.named("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    account.tell("refund.failed", refund)
    account.tell("charge.refund.updated", refund)
    account.tell("charge.updated", charge)


def retrieve(account: Account, params: Thing, refund_id: str) -> Thing:
    del params
    return account.find("refund", refund_id)


def matches(refund: Thing, params: Thing) -> bool:
    return all(params.get(key) in (None, refund[key]) for key in ("charge", "payment_intent"))
