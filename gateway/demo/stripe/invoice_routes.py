"""What the API may do with an invoice: finalise, pay, void, write off, list its lines."""

from __future__ import annotations

from gateway.demo.stripe import billing, collecting, invoices, paying
from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.customers import belongs
from gateway.demo.stripe.listing import page
from gateway.demo.stripe.parameters import EXPAND, Flag, Group, Text
from gateway.demo.stripe.refused import Refused

PAY = Group({"off_session": Flag(), "paid_out_of_band": Flag(), "payment_method": Text(), **EXPAND})


def finalize(account: Account, params: Thing, invoice_id: str) -> Thing:
    del params
    invoice = account.find("invoice", invoice_id)
    invoices.must_be(invoice, ("draft",), "finalize an invoice")
    invoices.finalize(account, invoice)
    return invoice


def pay(account: Account, params: Thing, invoice_id: str) -> Thing:
    """402 with the card's own refusal when the money doesn't come."""
    invoice = account.find("invoice", invoice_id)
    if invoice["status"] == "paid":
        raise Refused("Invoice is already paid", code="invoice_already_paid", executed=True)
    invoices.must_be(invoice, ("draft", "open", "uncollectible"), "pay an invoice")
    method = collecting.default_method(account, invoice)
    if "payment_method" in params:
        named = params["payment_method"]
        method = belongs(account, named, invoice["customer"], "payment_method")
    if invoice["status"] == "draft":
        invoices.finalize(account, invoice)
    if params.get("paid_out_of_band"):
        invoices.settle(account, invoice, invoice["amount_due"], off_stripe=True)
        billing.recover(account, invoice)
        return invoice
    if method is None and invoice["amount_due"]:
        raise Refused(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set a "
            "`default_payment_method`.",
            code="invoice_no_payment_method_types",
            executed=True,
        )
    billing.ask(account, invoice, method=method)
    if invoice["status"] != "paid":
        _declined(account, invoice)
    return invoice


def _declined(account: Account, invoice: Thing) -> None:
    for payment in paying.tied_to(account, invoice):
        intent = account.named("payment_intent", payment["payment"]["payment_intent"])
        error = intent["last_payment_error"]
        if error:
            raise Refused(
                error["message"],
                status=402,
                kind="card_error",
                code=error["code"],
                decline_code=error["decline_code"],
                charge=error["charge"],
                executed=True,
            )


def void(account: Account, params: Thing, invoice_id: str) -> Thing:
    del params
    invoice = account.find("invoice", invoice_id)
    invoices.must_be(invoice, ("open", "uncollectible"), "void an invoice")
    invoices.close(account, invoice, "void")
    return invoice


def write_off(account: Account, params: Thing, invoice_id: str) -> Thing:
    del params
    invoice = account.find("invoice", invoice_id)
    invoices.must_be(invoice, ("open",), "mark an invoice uncollectible")
    invoices.close(account, invoice, "uncollectible")
    return invoice


def lines(account: Account, params: Thing, invoice_id: str) -> Thing:
    found = account.find("invoice", invoice_id)["lines"]["data"]
    url = f"/v1/invoices/{invoice_id}/lines"
    return page(account, list(found), params, table="line_item", url=url)


def payment_matches(payment: Thing, params: Thing) -> bool:
    asked = params.get("payment") or {}
    return asked.get("payment_intent") in (None, payment["payment"]["payment_intent"]) and all(
        params.get(key) in (None, payment[key]) for key in ("invoice", "status")
    )
