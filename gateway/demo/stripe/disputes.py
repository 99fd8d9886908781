"""Disputes and early fraud warnings: what a payer's bank opens and decides, by a test's word.

A dispute names its charge and its intent and no customer, as in Stripe.
"""

from __future__ import annotations

from gateway.demo.stripe import cards
from gateway.demo.stripe.account import DAY, Account, Thing
from gateway.demo.stripe.parameters import PAGE, RANGE, Group, Text
from gateway.demo.stripe.refused import Refused

LIST = Group({**PAGE, "charge": Text(), "created": RANGE, "payment_intent": Text()})
REASONS = (
    "bank_cannot_process",
    "credit_not_processed",
    "duplicate",
    "fraudulent",
    "general",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
_EVIDENCE = tuple(
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure "
    "cancellation_rebuttal customer_communication customer_email_address customer_name "
    "customer_purchase_ip customer_signature duplicate_charge_documentation "
    "duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy "
    "refund_policy_disclosure refund_refusal_explanation service_date service_documentation "
    "shipping_address shipping_carrier shipping_date shipping_documentation "
    "shipping_tracking_number uncategorized_file uncategorized_text".split()
)


def open_dispute(
    account: Account, charge: Thing, *, reason: str = "fraudulent", amount: int | None = None
) -> Thing:
    """The bank takes the money back until it has decided."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise Refused("This charge can't be disputed.", executed=True)
    method = charge["payment_method_details"]
    card = method.get("card") or {}
    dispute: Thing = {
        "id": account.new_id("du"),
        "object": "dispute",
        "amount": amount or charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": account.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": account.now() + 9 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": account.livemode,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": card
        and {
            "card": {
                "brand": card["brand"],
                "case_type": "chargeback",
                "network": card["network"],
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }
    dispute["payment_method_details"] = dispute["payment_method_details"] or None
    charge["disputed"] = True
    account.add(dispute)
    account.tell("charge.dispute.created", dispute)
    account.tell("charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(account: Account, dispute: Thing, *, won: bool) -> None:
    if dispute["status"] in ("won", "lost"):
        raise Refused("This dispute is already closed.", executed=True)
    with account.changing(dispute, "charge.dispute.updated"):
        dispute["status"] = "won" if won else "lost"
    account.tell("charge.dispute.closed", dispute)
    if won:
        account.tell("charge.dispute.funds_reinstated", dispute)


def warn(account: Account, charge: Thing, *, kind: str = "made_with_stolen_card") -> Thing:
    """An early fraud warning: the issuer suspects, before any dispute."""
    warning = account.add(
        {
            "id": account.new_id("issfr"),
            "object": "radar.early_fraud_warning",
            "actionable": True,
            "charge": charge["id"],
            "created": account.now(),
            "fraud_type": kind,
            "livemode": account.livemode,
            "payment_intent": charge["payment_intent"],
        }
    )
    account.tell("radar.early_fraud_warning.created", warning)
    return warning


def dispute_new_charges(account: Account, event: Thing) -> None:
    """The test card whose every payment is disputed."""
    if event["type"] == "charge.succeeded":
        charge = account.named("charge", event["data"]["object"]["id"])
        method = account.named("payment_method", charge["payment_method"])
        if cards.how(account, method).after == "disputed":
            account.at(account.now() + 60, "dispute", charge["id"])


def dispute_due(account: Account, charge_id: str) -> None:
    charge = account.named("charge", charge_id)
    if not charge["disputed"]:
        open_dispute(account, charge)


def retrieve(account: Account, params: Thing, dispute_id: str) -> Thing:
    del params
    return account.find("dispute", dispute_id)


def close(account: Account, params: Thing, dispute_id: str) -> Thing:
    """The publisher accepts it: the dispute is lost."""
    del params
    dispute = account.find("dispute", dispute_id)
    decide(account, dispute, won=False)
    return dispute


def matches(dispute: Thing, params: Thing) -> bool:
    return all(params.get(key) in (None, dispute[key]) for key in ("charge", "payment_intent"))
