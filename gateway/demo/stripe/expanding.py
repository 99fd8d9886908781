"""``expand``: ids in an answer replaced by their objects, four levels deep at most.

``TABLES`` names the fields that may be expanded, by the object they stand in. What isn't named is
refused, as Stripe refuses what can't be expanded.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.demo.stripe.account import Account, Thing, copied
from gateway.demo.stripe.paying import tied_to
from gateway.demo.stripe.refused import Refused

_LEVELS_MAX = 4
# Object → path within it → the table that its ids name.
TABLES: dict[str, dict[str, str]] = {
    "billing_portal.session": {"configuration": "billing_portal.configuration"},
    "charge": {"customer": "customer", "payment_intent": "payment_intent"},
    "checkout.session": {
        "customer": "customer",
        "invoice": "invoice",
        "payment_intent": "payment_intent",
        "subscription": "subscription",
    },
    "customer": {"invoice_settings.default_payment_method": "payment_method"},
    "discount": {
        "customer": "customer",
        "promotion_code": "promotion_code",
        "source.coupon": "coupon",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "invoice": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "discounts": "discount",
        "parent.subscription_details.subscription": "subscription",
    },
    "invoice_payment": {"invoice": "invoice", "payment.payment_intent": "payment_intent"},
    "invoiceitem": {"customer": "customer", "invoice": "invoice"},
    "line_item": {"pricing.price_details.price": "price", "subscription": "subscription"},
    "payment_intent": {
        "customer": "customer",
        "latest_charge": "charge",
        "payment_method": "payment_method",
    },
    "payment_method": {"customer": "customer"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "promotion_code": {"customer": "customer", "promotion.coupon": "coupon"},
    "radar.early_fraud_warning": {"charge": "charge", "payment_intent": "payment_intent"},
    "refund": {
        "charge": "charge",
        "customer": "customer",
        "payment_intent": "payment_intent",
        "payment_method": "payment_method",
    },
    "subscription": {
        "customer": "customer",
        "default_payment_method": "payment_method",
        "discounts": "discount",
        "latest_invoice": "invoice",
    },
}


def _list(things: list[Thing], url: str) -> Thing:
    return {
        "object": "list",
        "data": [copied(each) for each in things],
        "has_more": False,
        "url": url,
    }


def _refunds(account: Account, charge: Thing) -> Thing:
    found = [each for each in account.all("refund") if each["charge"] == charge["id"]]
    return _list(found, f"/v1/charges/{charge['id']}/refunds")


def _line_items(account: Account, session: Thing) -> Thing:
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return _list(account.backstage[session["id"]]["line_items"], url)


def _payments(account: Account, invoice: Thing) -> Thing:
    return _list(tied_to(account, invoice), "/v1/invoice_payments")


def _subscriptions(account: Account, customer: Thing) -> Thing:
    found = [
        each
        for each in account.all("subscription")
        if each["customer"] == customer["id"]
        and each["status"] not in ("canceled", "incomplete_expired")
    ]
    return _list(found, f"/v1/customers/{customer['id']}/subscriptions")


def _currency_options(account: Account, price: Thing) -> Thing:
    """Its own currency stands among them; there are no others here."""
    del account
    names = ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal")
    return {price["currency"]: {name: price[name] for name in names}}


# What an object carries only when it is asked to.
INCLUDED: dict[str, dict[str, Callable[[Account, Thing], Thing]]] = {
    "charge": {"refunds": _refunds},
    "checkout.session": {"line_items": _line_items},
    "customer": {"subscriptions": _subscriptions},
    "invoice": {"payments": _payments},
    "price": {"currency_options": _currency_options},
}


def expand(account: Account, answer: Thing, paths: list[str]) -> Thing:
    """A copy of ``answer`` in which the paths lead to whole objects."""
    answer = copied(answer)
    for path in paths:
        names = path.split(".")
        if len(names) > _LEVELS_MAX + (names[0] == "data"):
            raise Refused(
                f"You cannot expand more than {_LEVELS_MAX} levels of a property (attempted to "
                f"expand {path}).",
                param="expand",
            )
        _walk(account, answer, names, path)
    return answer


def _walk(account: Account, thing: Thing, names: list[str], path: str) -> None:
    """Down the path from ``thing``, an object of Stripe's or a list of them."""
    if thing["object"] == "list":
        if names[0] != "data":
            raise _cannot(path)
        for each in thing["data"]:
            if names[1:]:
                _walk(account, each, names[1:], path)
        return
    kind = thing["object"]
    for length in range(len(names), 0, -1):
        within, rest = names[:length], names[length:]
        if length == 1 and names[0] in INCLUDED.get(kind, {}):
            thing.setdefault(names[0], INCLUDED[kind][names[0]](account, thing))
            if rest:
                _walk(account, thing[names[0]], rest, path)
            return
        table = TABLES.get(kind, {}).get(".".join(within))
        if table is not None:
            _open(account, thing, within, table, rest, path)
            return
    held = thing.get(names[0])
    if isinstance(held, dict) and "object" in held and names[1:]:
        _walk(account, held, names[1:], path)
        return
    raise _cannot(path)


def _open(
    account: Account, thing: Thing, within: list[str], table: str, rest: list[str], path: str
) -> None:
    for name in within[:-1]:
        thing = thing.get(name) or {}
    last = within[-1]
    held = thing.get(last)
    opened = held if isinstance(held, list) else [held]
    for index, each in enumerate(opened):
        if isinstance(each, str):
            opened[index] = copied(account.named(table, each))
    if held is not None and not isinstance(held, list):
        thing[last] = opened[0]
    for each in opened:
        if rest and isinstance(each, dict):
            _walk(account, each, rest, path)


def _cannot(path: str) -> Refused:
    return Refused(
        f"This property cannot be expanded ({path}). You may want to try expanding its parent.",
        param="expand",
    )
