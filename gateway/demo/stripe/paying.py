"""Money that moves: payment intents, charges, and the payments that tie them to invoices.

A charge names no invoice and an intent neither: ``invoice_payment`` alone does, as in Stripe since
2025-03-31. Must not know subscriptions or sessions.
"""

from __future__ import annotations

from enum import StrEnum

from gateway.demo.stripe import cards
from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.parameters import PAGE, RANGE, Group, One, Text

INTENT_LIST = Group({**PAGE, "created": RANGE, "customer": Text()})
CHARGE_LIST = Group({**INTENT_LIST.fields, "payment_intent": Text()})
INVOICE_PAYMENT_LIST = Group(
    {
        **PAGE,
        "created": RANGE,
        "invoice": Text(),
        "payment": Group(
            {"payment_intent": Text(), "type": One(("payment_intent",))}, needs=("type",)
        ),
        "status": One(("canceled", "open", "paid")),
    }
)


class Outcome(StrEnum):
    PAID = "paid"
    PENDING = "pending"
    ASKS = "asks"  # The payer's bank wants to see them.
    DECLINED = "declined"


def intend(
    account: Account, *, amount: int, currency: str, customer_id: str, description: str
) -> Thing:
    intent_id = account.new_id("pi")
    intent = account.add(
        {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic",
            "client_secret": f"{intent_id}_secret_{account.new_id('x')[2:]}",
            "confirmation_method": "automatic",
            "created": account.now(),
            "currency": currency,
            "customer": customer_id,
            "customer_account": None,
            "description": description,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": account.livemode,
            "metadata": {},
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": "off_session",
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
        }
    )
    account.tell("payment_intent.created", intent)
    return intent


def attempt(account: Account, intent: Thing, method: Thing, *, there: bool) -> Outcome:
    """Charge the intent. ``there``: the payer is on a page and can answer their bank."""
    means = cards.how(account, method)
    does = means.first if there else means.later
    intent["payment_method"] = method["id"]
    intent["payment_method_types"] = [means.kind]
    if does == "asks":
        _fail(account, intent, method, "authentication_required", status="requires_action")
        account.tell("payment_intent.requires_action", intent)
        return Outcome.ASKS
    if does == "pends":
        charge = _charge(account, intent, method, status="pending")
        intent |= {"status": "processing", "latest_charge": charge["id"]}
        account.tell("charge.pending", charge)
        account.tell("payment_intent.processing", intent)
        return Outcome.PENDING
    if does != "pays":
        _fail(account, intent, method, does, status="requires_payment_method")
        return Outcome.DECLINED
    charge = _charge(account, intent, method, status="succeeded")
    _received(account, intent, charge)
    return Outcome.PAID


def conclude(account: Account, intent: Thing) -> Outcome:
    """The bank's answer to a pending payment."""
    method = account.named("payment_method", intent["payment_method"])
    ends = cards.how(account, method).ends
    charge = account.named("charge", intent["latest_charge"])
    if ends != "pays":
        _mark_failed(charge, ends)
        account.tell("charge.failed", charge)
        _note_error(intent, method, charge, ends, "requires_payment_method")
        account.tell("payment_intent.payment_failed", intent)
        return Outcome.DECLINED
    charge |= {
        "status": "succeeded",
        "paid": True,
        "captured": True,
        "amount_captured": charge["amount"],
    }
    _received(account, intent, charge)
    return Outcome.PAID


def _received(account: Account, intent: Thing, charge: Thing) -> None:
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    account.tell("charge.succeeded", charge)
    account.tell("payment_intent.succeeded", intent)


def _fail(account: Account, intent: Thing, method: Thing, why: str, *, status: str) -> None:
    charge = _charge(account, intent, method, status="failed")
    _mark_failed(charge, why)
    account.tell("charge.failed", charge)
    _note_error(intent, method, charge, why, status)
    account.tell("payment_intent.payment_failed", intent)


def _mark_failed(charge: Thing, why: str) -> None:
    code, message = cards.DECLINES[why]
    charge |= {"status": "failed", "paid": False, "failure_code": code, "failure_message": message}
    charge["outcome"] |= {
        "network_status": "declined_by_network",
        "reason": why,
        "seller_message": message,
        "type": "issuer_declined",
    }


def _note_error(intent: Thing, method: Thing, charge: Thing, why: str, status: str) -> None:
    code, message = cards.DECLINES[why]
    intent |= {
        "status": status,
        "latest_charge": charge["id"],
        "last_payment_error": {
            "charge": charge["id"],
            "code": code,
            "decline_code": why,
            "doc_url": f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}",
            "message": message,
            "payment_method": dict(method),
            "type": "card_error",
        },
    }
    if status == "requires_action":
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    else:
        intent["payment_method"] = None


def _charge(account: Account, intent: Thing, method: Thing, *, status: str) -> Thing:
    charge_id = account.new_id("ch")
    paid = status == "succeeded"
    return account.add(
        {
            "id": charge_id,
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if paid else 0,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": dict(method["billing_details"]),
            "calculated_statement_descriptor": account.settings.name.upper()[:22],
            "captured": paid,
            "created": account.now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "livemode": account.livemode,
            "metadata": {},
            "on_behalf_of": None,
            "outcome": {
                "advice_code": None,
                "network_advice_code": None,
                "network_decline_code": None,
                "network_status": "approved_by_network",
                "reason": None,
                "risk_level": "normal",
                "seller_message": "Payment complete.",
                "type": "authorized",
            },
            "paid": paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": _details(method),
            "receipt_email": None,
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "shipping": None,
            "source_transfer": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": status,
            "transfer_data": None,
            "transfer_group": None,
        }
    )


_CARD = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
_DEBIT = ("bank_code", "branch_code", "country", "fingerprint", "last4")


def _details(method: Thing) -> Thing:
    kind = method["type"]
    keys = _CARD if kind == "card" else _DEBIT
    said: Thing = {key: method[kind][key] for key in keys} | {"mandate": None}
    if kind == "card":
        said |= {"network": said["brand"], "three_d_secure": None, "wallet": None}
    return {kind: said, "type": kind}


def tie(account: Account, invoice: Thing, intent: Thing) -> Thing:
    """The invoice's payment by this intent, open until it is paid."""
    payment = account.add(
        {
            "id": account.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": intent["amount"],
            "created": account.now(),
            "currency": intent["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": account.livemode,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )
    # Found again without a look at every other payment.
    account.backstage.setdefault(invoice["id"], {}).setdefault("payments", []).append(payment)
    return payment


def tied_to(account: Account, invoice: Thing) -> list[Thing]:
    payments: list[Thing] = account.backstage.get(invoice["id"], {}).get("payments", [])
    return payments[::-1]
