"""Checkout sessions: opened by the API, completed by a payer on our page, or expired.

Only hosted pages of subscriptions. As since 2025-03-31 the subscription is made once the payment
went through: a declined card leaves the session open, with no subscription and no invoice.
"""

from __future__ import annotations

from gateway.demo.stripe import billing, cards, collecting, discounts, paying
from gateway.demo.stripe.account import DAY, Account, Thing, merge_metadata
from gateway.demo.stripe.checkout_opening import line_items, opened
from gateway.demo.stripe.customers import create as create_customer
from gateway.demo.stripe.leaving import UPDATED
from gateway.demo.stripe.listing import page
from gateway.demo.stripe.paying import Outcome
from gateway.demo.stripe.refused import Refused
from gateway.demo.stripe.subscribing import build


def create(account: Account, params: Thing) -> Thing:
    session, kept = opened(account, params)
    account.add(session)
    account.backstage[session["id"]] = kept
    account.at(session["expires_at"], "expire_session", session["id"])
    return session


def retrieve(account: Account, params: Thing, session_id: str) -> Thing:
    del params
    return account.find("checkout.session", session_id)


def matches(session: Thing, params: Thing) -> bool:
    email = (params.get("customer_details") or {}).get("email")
    said = (session["customer_details"] or {}).get("email")
    return email in (None, said) and all(
        params.get(key) in (None, session[key])
        for key in ("customer", "payment_intent", "status", "subscription")
    )


def expire(account: Account, params: Thing, session_id: str) -> Thing:
    del params
    session = account.find("checkout.session", session_id)
    if session["status"] != "open":
        raise Refused(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session['status']}.",
            executed=True,
        )
    _expire(account, session)
    return session


def expire_due(account: Account, session_id: str) -> None:
    session = account.named("checkout.session", session_id)
    if session["status"] == "open":
        _expire(account, session)


def _expire(account: Account, session: Thing) -> None:
    session |= {"status": "expired", "url": None}
    account.tell("checkout.session.expired", session)


def needs_card(account: Account, session: Thing) -> bool:
    """Whether the payer is asked for a card: not for a free start when the session says so."""
    customer = account.get("customer", session["customer"]) or {"balance": 0}
    due = session["amount_total"] + customer["balance"]
    return bool(due > 0 or session["payment_method_collection"] == "always")


def use_code(account: Account, session: Thing, written: str) -> bool:
    """A promotion code typed on the page; False when it isn't good. Empty takes it off again."""
    kept = account.backstage[session["id"]]
    named = discounts.by_code(account, written, session["customer"]) if written else None
    if written and (not session["allow_promotion_codes"] or named is None):
        return False
    session["discounts"] = [named] if named else []
    kept["line_items"] = line_items(account, kept["wanted"], named, free=bool(kept["trial_end"]))
    add_up(session, kept["line_items"])
    return True


def code_of(account: Account, session: Thing) -> str:
    """The promotion code that counts here, as it is written; "" where none does."""
    for named in session["discounts"] or []:
        if code := account.get("promotion_code", named.get("promotion_code")):
            return str(code["code"])
    return ""


def add_up(session: Thing, items: list[Thing]) -> None:
    session["amount_subtotal"] = sum(item["amount_subtotal"] for item in items)
    session["amount_total"] = sum(item["amount_total"] for item in items)
    session["total_details"] = {
        "amount_discount": sum(item["amount_discount"] for item in items),
        "amount_shipping": 0,
        "amount_tax": 0,
    }


def complete(account: Account, session: Thing, *, number: str, email: str, name: str) -> Outcome:
    """The payer pressed the button. ``number`` is a test number, "" where no card is asked for."""
    assert session["status"] == "open"
    customer = _customer(account, session, email, name)
    method = cards.make(account, number, email=email, name=name) if number else None
    intent: Thing | None = None
    outcome = Outcome.PAID
    # What the customer has to their credit, or owes, is settled with the first invoice.
    due = max(0, session["amount_total"] + customer["balance"])
    if due:
        intent = _intent(account, session, customer, due)
        assert method is not None
        outcome = paying.attempt(account, intent, method, there=True)
        if outcome in (Outcome.DECLINED, Outcome.ASKS):
            return outcome
    if method is not None:
        cards.hold(account, method, customer)
    invoice = _subscribe(account, session, customer, method)
    if intent is None:
        billing.ask(account, invoice)
    else:
        paying.tie(account, invoice, intent)
        collecting.apply(account, invoice, intent, outcome)
        _open(account, invoice)
    _close(account, session, customer, invoice, outcome)
    return outcome


def _customer(account: Account, session: Thing, email: str, name: str) -> Thing:
    """The session's own customer, never one found by its address."""
    if session["customer"]:
        customer = account.named("customer", session["customer"])
        with account.changing(customer, "customer.updated"):
            customer["email"] = customer["email"] or email
            if session_lets(account, session, "name") and name:
                customer["name"] = name
            if session_lets(account, session, "address") and not customer["address"]:
                blank = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
                customer["address"] = blank | {"country": account.settings.country}
        return customer
    customer = create_customer(account, {"email": email, "name": name})
    session["customer"] = customer["id"]
    return customer


def session_lets(account: Account, session: Thing, name: str) -> bool:
    """Whether ``customer_update`` lets the page write this on the customer."""
    update = account.backstage[session["id"]]["customer_update"]
    return bool(update.get(name) == "auto")


def _intent(account: Account, session: Thing, customer: Thing, due: int) -> Thing:
    """One intent a session: a second card is another attempt at the same."""
    kept = account.backstage[session["id"]]
    intent = account.get("payment_intent", kept.get("intent"))
    if intent is None or intent["amount"] != due:
        intent = paying.intend(
            account,
            amount=due,
            currency=session["currency"],
            customer_id=customer["id"],
            description="Subscription creation",
        )
        kept["intent"] = intent["id"]
        account.backstage[intent["id"]] = {"session": session["id"]}
    return intent


def _subscribe(account: Account, session: Thing, customer: Thing, method: Thing | None) -> Thing:
    """The subscription and its first invoice, open."""
    kept = account.backstage[session["id"]]
    data = kept["subscription_data"]
    days = data.get("trial_period_days")
    trial_end = account.now() + days * DAY if days else data.get("trial_end")
    subscription = build(
        account,
        customer,
        kept["wanted"],
        {
            "default_payment_method": method and method["id"],
            "description": data.get("description"),
            "trial_settings": data.get("trial_settings"),
            "billing_mode": data.get("billing_mode"),
            "automatic_tax": session["automatic_tax"],
        },
        trial_end=trial_end,
    )
    merge_metadata(subscription, data.get("metadata") or {})
    for named in session["discounts"] or []:
        discounts.redeem(account, named, subscription, session["id"])
    return billing.begin(account, subscription)


def _open(account: Account, invoice: Thing) -> None:
    """Paid, or on its way by debit: the subscription is active either way."""
    if invoice["status"] == "paid":
        billing.recover(account, invoice)
        return
    subscription = account.named(
        "subscription", invoice["parent"]["subscription_details"]["subscription"]
    )
    with account.changing(subscription, UPDATED):
        subscription["status"] = "active"


def _close(
    account: Account, session: Thing, customer: Thing, invoice: Thing, outcome: Outcome
) -> None:
    paid = {Outcome.PENDING: "unpaid"}.get(outcome, "paid")
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    session |= {
        "status": "complete",
        "payment_status": paid if session["amount_total"] else "no_payment_required",
        "invoice": invoice["id"],
        "subscription": invoice["parent"]["subscription_details"]["subscription"],
        "url": None,
        "customer_details": {
            "address": address | {"country": account.settings.country},
            "business_name": None,
            "email": customer["email"],
            "individual_name": None,
            "name": customer["name"],
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
    }
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"]["status"] = "complete"
    account.tell("checkout.session.completed", session)


def conclude_due(account: Account, intent_id: str) -> None:
    """A direct debit's answer, for the invoice and for the session that began it."""
    intent = account.named("payment_intent", intent_id)
    if intent["status"] != "processing":
        return
    outcome = paying.conclude(account, intent)
    payment = next(
        each
        for each in account.all("invoice_payment")
        if each["payment"]["payment_intent"] == intent_id
    )
    invoice = account.named("invoice", payment["invoice"])
    collecting.apply(account, invoice, intent, outcome)
    if outcome is Outcome.PAID:
        billing.recover(account, invoice)
    else:
        billing.fall_behind(account, invoice)
    session_id = account.backstage.get(intent_id, {}).get("session")
    session = account.get("checkout.session", session_id)
    if session is not None and session["payment_status"] == "unpaid":
        if outcome is Outcome.PAID:
            session["payment_status"] = "paid"
            account.tell("checkout.session.async_payment_succeeded", session)
        else:
            account.tell("checkout.session.async_payment_failed", session)


def line_item_page(account: Account, params: Thing, session_id: str) -> Thing:
    account.find("checkout.session", session_id)
    url = f"/v1/checkout/sessions/{session_id}/line_items"
    found = list(account.backstage[session_id]["line_items"])
    return page(account, found, params, table="item", url=url)
