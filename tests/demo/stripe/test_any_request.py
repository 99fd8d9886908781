"""Whatever is asked, in any order, at any time: an answer of Stripe's kind, and objects that hold.

Requests are drawn from the stand-in's own tables, with ids of what is there, and now and then
something that no table names.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.demo.stripe import checkout, disputes, parameters, portal
from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.agenda import catch_up
from gateway.demo.stripe.api import Api, Asked
from gateway.demo.stripe.cards import MEANS, READY
from gateway.demo.stripe.clock import MovableClock
from gateway.demo.stripe.routes import ACTIONS, ROUTES
from tests.demo.stripe.oracle import thing_faults
from tests.demo.stripe.world import KEY, START

DAY = 86_400
WORDS = ("", "a", "é&=[]", "reader@example.com", "https://news.example/done", "x" * 300)
POSTS = [route for route in ROUTES if route.method == "POST"]
WANTED = {200, 400, 402, 404, 409}


def value(draw: st.DataObject, kind: parameters.Kind, ids: list[str], odd: bool) -> Any:
    """Something of the kind; of another too when ``odd``. A tree of dicts, lists and text."""

    def one(*sound: str, unsound: tuple[str, ...] = ("", "other", "-1")) -> str:
        return draw.draw(st.sampled_from((*sound, *(unsound if odd else ()))))

    match kind:
        case parameters.Flag():
            return one("true", "false")
        case parameters.One():
            return one(*kind.of)
        case parameters.Whole():
            if kind.least is None and draw.draw(st.booleans()):
                return one("-300", "300")
            numbers = {kind.least or 0, kind.least or 1, 2, 500, int(START) + 3 * DAY}
            most = kind.most or 10**12
            return one(
                *(str(each) for each in sorted(numbers) if (kind.least or 0) <= each <= most)
            )
        case parameters.Moment():
            return one(*kind.words, str(int(START) + 40 * DAY), str(int(START) + 400 * DAY))
        case parameters.Number():
            return one("50", "12.5", unsound=("101", "0", "x"))
        case parameters.Many():
            size = draw.draw(st.integers(max(1, kind.least), min(2, kind.most)))
            return [value(draw, kind.each, ids, odd) for _ in range(size)]
        case parameters.Metadata():
            return {"reader": one(*WORDS)}
        case parameters.Either():
            chosen = draw.draw(st.sampled_from((kind.plain, kind.hashed)))
            return value(draw, chosen, ids, odd)
        case parameters.Group():
            return group(draw, kind, ids, odd)
        case parameters.Email():
            return one("a@b.example", unsound=("nobody", ""))
        case parameters.Address():
            return one("https://news.example/done", unsound=("/done", ""))
        case _:
            return one(*(ids or ("a", "é&=[]")), unsound=WORDS)


# Names whose ids are known, so that enough requests go through to matter.
TABLES = {
    "charge": "charge",
    "coupon": "coupon",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "ending_before": "",
    "id": "subscription_item",
    "invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "price",
    "product": "product",
    "promotion_code": "promotion_code",
    "starting_after": "",
    "subscription": "subscription",
}


def group(
    draw: st.DataObject, kind: parameters.Group, ids: list[str], odd: bool, **base: Any
) -> dict[str, Any]:
    skipped = {"expand", *kind.needs, *(() if odd else ("starting_after", "ending_before"))}
    names = [name for name in kind.fields if name not in skipped]
    chosen = draw.draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) if names else []
    said: dict[str, Any] = dict(base)
    for name in (*kind.needs, *chosen):
        if name not in base:
            prefix = PREFIXES.get(TABLES.get(name, ""), "~")
            mine = [each for each in ids if each.startswith(prefix)]
            said[name] = value(draw, kind.fields[name], mine, odd)
    if odd and draw.draw(st.booleans()):
        said["colour"] = "red"
    return said


def base_of(draw: st.DataObject, account: Account, path: str) -> dict[str, Any]:
    """What a request to ``path`` needs to have a chance."""

    def some(table: str) -> str:
        return draw.draw(st.sampled_from(list(account.tables.get(table, {})) or ["none"]))

    match path:
        case "/v1/checkout/sessions":
            lines = [{"price": some("price"), "quantity": "1"}]
            url = "https://news.example/done"
            return {"mode": "subscription", "line_items": lines, "success_url": url}
        case "/v1/subscriptions":
            method = account.named("payment_method", some("payment_method"))
            return {
                "customer": method["customer"] or some("customer"),
                "default_payment_method": method["id"],
                "items": [{"price": some("price")}],
            }
        case "/v1/prices":
            recurring = {"interval": "month"}
            said = {"product": some("product"), "currency": "eur", "unit_amount": "700"}
            return said | {"recurring": recurring}
        case "/v1/refunds":
            return {"charge": some("charge")}
        case "/v1/promotion_codes":
            return {"promotion": {"type": "coupon", "coupon": some("coupon")}}
        case "/v1/coupons":
            return {"percent_off": "10", "duration": "forever"}
        case "/v1/billing_portal/sessions":
            return {"customer": some("customer")}
        case _ if path.startswith("/v1/subscriptions/sub_"):
            subscription = account.named("subscription", path.split("/")[3])
            item = subscription["items"]["data"][0]
            change = [{"id": item["id"], "price": some("price")}]
            return {"items": change} if draw.draw(st.booleans()) else {}
    return {}


def by_hand(draw: st.DataObject, account: Account) -> None:
    """What payers, banks and dashboards do."""
    for session in account.all("checkout.session"):
        if session["status"] == "open" and draw.draw(st.booleans()):
            number = draw.draw(st.sampled_from(sorted(MEANS)))
            card = number if checkout.needs_card(account, session) else ""
            checkout.complete(account, session, number=card, email="w@b.example", name="C")
    for charge in account.all("charge"):
        if (
            charge["status"] == "succeeded"
            and not charge["disputed"]
            and draw.draw(st.integers(0, 9)) == 0
        ):
            disputes.open_dispute(account, charge)
    for dispute in account.all("dispute"):
        if dispute["status"] == "needs_response" and draw.draw(st.booleans()):
            disputes.decide(account, dispute, won=draw.draw(st.booleans()))


PREFIXES = {
    "charge": "ch_",
    "customer": "cus_",
    "invoice": "in_",
    "payment_intent": "pi_",
    "payment_method": "pm_",
    "price": "price_",
    "product": "prod_",
    "promotion_code": "promo_",
    "subscription": "sub_",
    "subscription_item": "si_",
}


def flat(said: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(said, dict):
        return [
            pair
            for key, each in said.items()
            for pair in flat(each, f"{name}[{key}]" if name else key)
        ]
    if isinstance(said, list):
        return [pair for at, each in enumerate(said) for pair in flat(each, f"{name}[{at}]")]
    return [(name, str(said))]


def asked(api: Api, method: str, path: str, said: dict[str, Any]) -> tuple[int, Thing]:
    form = urlencode(flat(said))
    answer = api.answer(
        Asked(
            method,
            path,
            "" if method == "POST" else form,
            form.encode() if method == "POST" else b"",
            {"authorization": f"Bearer {KEY}"},
        )
    )
    return answer.status, json.loads(answer.body)


def started() -> Api:
    """An account with something of each kind, so that requests find what they name."""
    account = Account(url="http://127.0.0.1:1", clock=MovableClock(at=START))
    portal.create_configuration(account, {}, default=True)
    api = Api(account, KEY)

    def made(path: str, said: dict[str, Any]) -> str:
        status, answer = asked(api, "POST", path, said)
        assert status == 200, answer
        return str(answer["id"])

    product = made("/v1/products", {"name": "Soutien"})
    prices = [
        made(
            "/v1/prices",
            {
                "product": product,
                "currency": "eur",
                "unit_amount": 990 * count,
                "recurring": {"interval": interval},
            },
        )
        for count, interval in ((1, "month"), (3, "month"), (10, "year"))
    ]
    coupon = made("/v1/coupons", {"percent_off": "50", "duration": "once"})
    made("/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon}})
    for ready in ("pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"):
        customer = made("/v1/customers", {"email": "a@b.example"})
        method = made(f"/v1/payment_methods/{ready}/attach", {"customer": customer})
        wanted = {
            "customer": customer,
            "items": [{"price": prices[0]}],
            "default_payment_method": method,
        }
        made("/v1/subscriptions", wanted)
    assert set(READY.values()) <= MEANS.keys()
    return api


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(draw=st.data())
def test_any_requests_in_any_order(draw: st.DataObject) -> None:
    api = started()
    account = api.account
    for _ in range(draw.draw(st.integers(1, 12))):
        ids = [
            thing_id
            for name, table in account.tables.items()
            if name != "event"
            for thing_id in table
        ] + [each["items"]["data"][0]["id"] for each in account.all("subscription")]
        route = draw.draw(st.sampled_from(POSTS if draw.draw(st.booleans()) else ROUTES))
        path = route.path
        if "{id}" in path:
            stem = path.removeprefix("/v1/").partition("/{id}")[0]
            table = {
                "billing_portal/configurations": "billing_portal.configuration",
                "checkout/sessions": "checkout.session",
            }.get(stem, stem.removesuffix("s"))
            known = list(account.tables.get(table, {})) or ["none"]
            path = path.replace("{id}", draw.draw(st.sampled_from(known)))
        odd = draw.draw(st.integers(0, 3)) == 0
        base = base_of(draw, account, path) if route.method == "POST" else {}
        base = {name: each for name, each in base.items() if name in route.accepts.fields}
        said = group(draw, route.accepts, ids, odd, **base)
        status, answer = asked(api, route.method, path, said)
        assert status in WANTED, (route.method, path, said, answer)
        if status == 200:
            assert not (faults := thing_faults(answer)), (route.method, path, said, faults)
        else:
            assert answer["error"]["message"]
        by_hand(draw, account)
        account.clock.advance(draw.draw(st.sampled_from((0, 0, 3600, DAY, 33 * DAY))))
        catch_up(account, ACTIONS)
    wrong = {
        fault
        for name, table in account.tables.items()
        for thing in table.values()
        for fault in thing_faults(thing)
        if name != "event"
    }
    assert not wrong
    sums(account)


def sums(account: Account) -> None:
    """Money that an invoice says was paid was received once, and no more went back."""
    for invoice in account.all("invoice"):
        assert invoice["amount_remaining"] == invoice["amount_due"] - invoice["amount_paid"]
        assert invoice["amount_due"] >= 0
        paid = sum(
            each["amount_paid"]
            for each in account.all("invoice_payment")
            if each["invoice"] == invoice["id"] and each["status"] == "paid"
        )
        assert invoice["amount_paid"] == paid + invoice.get("amount_paid_off_stripe", 0)
    for intent in account.all("payment_intent"):
        charges = [
            each
            for each in account.all("charge")
            if each["payment_intent"] == intent["id"] and each["status"] == "succeeded"
        ]
        assert len(charges) == (intent["status"] == "succeeded")
    for charge in account.all("charge"):
        assert 0 <= charge["amount_refunded"] <= charge["amount_captured"] <= charge["amount"]
