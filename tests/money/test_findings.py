"""What needs a person, of whole stories; and money that moved, however the events came."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gateway.model.entry import Draft, Source
from gateway.model.finding import Finding
from gateway.model.mark import Why
from gateway.model.movement import Movement, Sort
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.entries.terms import TERMS_MAX, terms
from tests.money.telling import (
    NOON,
    charge,
    dispute,
    event,
    fetched,
    folded,
    invoice,
    item,
    payment,
    refund,
    subscription,
    warning,
)

HOUR = 3600


def paid(number: int = 1, **changed: Any) -> dict[str, Any]:
    return invoice(number, status_transitions={"paid_at": NOON + HOUR}, **changed)


def findings(*drafts: Draft) -> list[Finding]:
    return list(folded(drafts).findings)


def whys(*drafts: Draft) -> list[tuple[str, str]]:
    return [(str(each.why), each.subject) for each in findings(*drafts)]


SUB = event("e_sub", subscription())
PAID = event("e_paid", paid(), kind="invoice.paid")
LINK = fetched(payment())


def test_nothing_needs_a_person_where_all_is_well() -> None:
    assert findings(SUB, PAID, LINK) == []


@pytest.mark.parametrize(
    ("drafts", "expected"),
    [
        ([event("e", subscription("odd"))], ("unknown-status", "sub_1")),
        ([event("e", subscription(items=[item("price_odd")]))], ("unknown-price", "sub_1")),
        ([event("e", subscription(items=[item(quantity=2)]))], ("quantity-over-one", "sub_1")),
        ([event("e", subscription(customer="cus_9"))], ("payment-without-a-reader", "cus_9")),
        ([SUB, PAID, LINK, event("e", dispute())], ("disputed", "pi_1")),
        ([SUB, PAID, LINK, event("e", warning())], ("fraud-warning", "pi_1")),
        ([SUB, PAID, LINK, event("e", refund())], ("refunded-still-subscribed", "pi_1")),
        ([SUB, acts.missing("subscription", "sub_9", at=1.0)], ("missing-at-stripe", "sub_9")),
    ],
)
def test_each_trouble_is_found_once(drafts: list[Draft], expected: tuple[str, str]) -> None:
    assert whys(*drafts) == [expected]


def test_many_entries_about_one_thing_are_one_finding() -> None:
    stranger = [event(f"e{n}", subscription(customer="cus_9"), at=NOON + n) for n in range(9)]
    bill = event("bill", invoice(1, customer="cus_9"), at=NOON + 20)
    (found,) = findings(*stranger, bill)
    assert found.number == 13, "the newest speaks"
    assert found.amount_minor == 900


def test_a_dispute_says_by_when_to_answer() -> None:
    due = dispute() | {"evidence_details": {"due_by": NOON + 9 * 86400}}
    (found,) = findings(SUB, PAID, LINK, event("e", due))
    assert found.due == NOON + 9 * 86400
    assert findings(SUB, PAID, LINK, event("e", due | {"status": "won"})) == []


def test_two_live_subscriptions_of_one_reader() -> None:
    second = event("e2", subscription(id="sub_2", customer="cus_2"))
    bind = acts.bind("cus_2", "ana", by="ops", at=0.0)
    (found,) = findings(SUB, second, bind)
    assert (found.why, found.subject, found.detail) == (
        "two-live-subscriptions",
        "ana",
        "sub_1, sub_2",
    )
    ended = event("e3", subscription("canceled", id="sub_2", customer="cus_2"), at=NOON + 1)
    assert findings(SUB, second, bind, ended) == []
    leaving = event(
        "e4", subscription(id="sub_2", customer="cus_2", cancel_at_period_end=True), at=NOON + 1
    )
    assert findings(SUB, second, bind, leaving) == [], "who changes over pays twice for a while"


@pytest.mark.parametrize(
    ("price", "twice"),
    [
        ("price_gold_year", True),
        ("price_both", True),
        ("price_silver", False),
        ("price_mug", False),
    ],
)
def test_two_products_are_paid_for_and_one_of_them_twice_only_by_its_tier(
    price: str, *, twice: bool
) -> None:
    """Crosswords beside the paper, or a mug sold on the same Stripe account: nothing is paid back."""
    sold = {"price_gold": ["gold"], "price_gold_year": ["gold"], "price_silver": ["silver"]}
    plans = acts.plans(sold | {"price_both": ["gold", "silver"]}, at=1.0)
    second = event("e2", subscription(id="sub_2", customer="cus_2", items=[item(price)]))
    third = event("e3", subscription(id="sub_3", customer="cus_2", items=[item("price_wine")]))
    bind = acts.bind("cus_2", "ana", by="ops", at=0.0)
    found = findings(plans, SUB, second, third, bind)
    double = [each.detail for each in found if each.why is Why.TWO_SUBSCRIPTIONS]
    assert double == (["sub_1, sub_2"] if twice else [])


def test_more_paid_back_than_paid() -> None:
    over = event("e", refund(amount=1000))
    found = {each.why: each for each in findings(SUB, PAID, LINK, over)}
    assert found[Why.OVER_REFUNDED].amount_minor == -100
    by_charge = event("c", charge())
    found = {each.why: each for each in findings(SUB, PAID, LINK, by_charge, over)}
    assert found[Why.OVER_REFUNDED].subject == "pi_1"
    assert "refund-larger-than-paid" not in dict(whys(event("e", refund(amount=1000))))


def test_what_a_reconcile_put_right_is_looked_at_once() -> None:
    late = fetched(subscription("past_due"), at=NOON + 9, source=Source.RECONCILE)
    (found,) = findings(SUB, late)
    assert (found.why, found.subject, found.detail) == (Why.DRIFT, "sub_1", "status")
    done = act(Act.DONE, found)
    assert [each.done for each in findings(SUB, late, done)] == [True]
    again = fetched(subscription("unpaid"), at=NOON + 99, source=Source.RECONCILE)
    assert [each.done for each in findings(SUB, late, done, again)] == [False]
    assert findings(late) == [], "the first that is known of a subscription is no drift"


def act(kind: Act, finding: Finding, **more: Any) -> Draft:
    return acts.worked(kind, finding, by="ops@x", at=float(NOON), **more)


def test_done_stays_done_until_stripe_sends_more() -> None:
    odd = event("e1", subscription("odd"))
    (found,) = findings(odd)
    done = act(Act.DONE, found)
    told = fetched(subscription("odd"), at=NOON + 1)
    again = event("e2", subscription("odd"), at=NOON + 2)
    assert [each.done for each in findings(odd, done)] == [True]
    assert [each.done for each in findings(odd, done, told)] == [True], (
        "our own question isn't news"
    )
    assert [each.done for each in findings(odd, done, again)] == [False]


def test_who_is_in_charge_is_the_last_one_named() -> None:
    odd = event("e1", subscription("odd"))
    (found,) = findings(odd)
    take = act(Act.ASSIGNED, found, to="ana@x")
    give = acts.worked(Act.ASSIGNED, found, by="ops@x", at=NOON + 1.0, to="")
    assert [each.assignee for each in findings(odd, take)] == ["ana@x"]
    assert [each.assignee for each in findings(odd, take, give)] == [""]


def test_acts_of_the_desk_change_nothing_for_readers() -> None:
    before = folded([SUB, PAID])
    (entry, *_) = before.entries
    desk = [
        acts.reviewed(Act.REVIEWED, entry, by="ops", at=1.0, note="fine"),
        acts.counted("2027-01-15", {"stripe": {}}, by="ops", at=2.0),
        acts.signed("2027-01-15", {"figures": []}, by="ops", at=3.0, note=""),
    ]
    after = folded([SUB, PAID, *desk])
    assert after.entitlements == before.entitlements
    assert {after.marks[n].reason for n in (6, 7, 8)} == {"desk-work"}


# Money that moved.


def moved(*drafts: Draft) -> dict[tuple[str, Sort], Movement]:
    return dict(folded(drafts).movements)


def test_each_kind_of_money_has_its_sign_its_day_and_its_line() -> None:
    partly = paid(2, amount_paid=900, amount_paid_off_stripe=300)
    back = event("r", refund(amount=100) | {"created": NOON + 7})
    bank = event("d", dispute() | {"created": NOON + 9})
    found = moved(SUB, PAID, LINK, event("p2", partly), back, bank)
    assert {key: (each.amount_minor, each.at) for key, each in found.items()} == {
        ("in_1", Sort.PAYMENT): (900, NOON + HOUR),
        ("in_2", Sort.PAYMENT): (600, NOON + HOUR),
        ("in_2", Sort.OUT_OF_BAND): (300, NOON + HOUR),
        ("re_1", Sort.REFUND): (-100, NOON + 7),
        ("dp_1", Sort.DISPUTE): (-900, NOON + 9),
    }
    older = paid(3, amount_paid=900, paid_out_of_band=True)
    assert list(moved(SUB, event("p3", older))) == [("in_3", Sort.OUT_OF_BAND)]


@pytest.mark.parametrize(
    "thing",
    [
        invoice(1, "open"),
        invoice(1, "void"),
        paid(amount_paid=0),
        refund(status="failed"),
        dispute(status="won"),
        dispute(status="warning_needs_response"),
        warning(),
    ],
)
def test_what_moved_no_money(thing: dict[str, Any]) -> None:
    rest = [] if thing["object"] == "invoice" else [PAID]
    found = moved(SUB, LINK, *rest, event("e", thing))
    assert [key for key in found if key[0] == thing["id"]] == []


def test_another_business_is_none_of_our_money() -> None:
    other = subscription(id="sub_x", customer="cus_x", items=[item("price_mug")])
    bill = paid(1, id="in_x", customer="cus_x", subscription="sub_x")
    assert moved(event("a", other), event("b", bill)) == {}


def test_the_order_of_events_changes_nothing() -> None:
    drafts = [SUB, PAID, LINK, event("r", refund(amount=1000)), event("d", dispute())]
    drafts += [event("d2", dispute(status="lost"), at=NOON + 5)]
    chance = random.Random(1)

    def told(some: list[Draft]) -> tuple[Any, Any]:
        found = folded(some)
        money = {key: (each.at, each.amount_minor) for key, each in found.movements.items()}
        return [(each.key, each.due, each.done) for each in found.findings], money

    first = told(drafts)
    for _ in range(30):
        chance.shuffle(drafts)
        assert told(drafts + drafts[:2]) == first


# Terms.


def test_terms_are_addresses_cards_and_numbers() -> None:
    said = b"""{"data": {"object": {"object": "invoice", "number": "LG-1", "receipt_number": null,
        "customer_email": "Ana@X.example", "receipt_email": "not an address",
        "payment_method_details": {"card": {"last4": "4242"}, "x": {"last4": "42421"}},
        "lines": [{"email": "b@x.example"}, {"email": "b@x.example"}], "name": "Ana"}}}"""
    assert terms(said) == (
        "number:lg-1",
        "address:ana@x.example",
        "card:4242",
        "address:b@x.example",
    )


@pytest.mark.parametrize("said", [b"", b"null", b"\xff", b"[" * 5000, b'"x"', b'{"last4": 4242}'])
def test_what_cant_be_read_has_no_terms(said: bytes) -> None:
    assert terms(said) == ()


def test_terms_of_one_payload_are_bounded() -> None:
    many = ",".join(f'{{"email": "a{n}@x.example"}}' for n in range(500))
    assert len(terms(f"[{many}]".encode())) == TERMS_MAX
