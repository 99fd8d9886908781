"""What readers of other systems suffered, each told again here, and what follows of it.

The rest stand where they belong: signatures checked only when a secret was set (test_signature), an
unknown status answered 400 and the wallet's e-mail (test_parse), a swallowed failed event
(contracts/test_ledger), out of order (test_laws), a handler that sleeps (contracts/test_money_road), and
at Stripe itself: deleting a member (contracts/test_erasing), a double click (contracts/test_selling).
"""

from __future__ import annotations

from gateway.model.entry import Draft
from gateway.model.mark import State, Why
from gateway.money.entries import acts
from gateway.money.folding.subscriptions import Course
from tests.money.stories import BEGUN, FIRST, LINK, RENEWAL, SECOND, month, sub
from tests.money.telling import (
    ACTS,
    DAY,
    MONTH,
    NOON,
    PLANS,
    SETTINGS,
    charge,
    checkout,
    dispute,
    ends,
    event,
    fetched,
    folded,
    invoice,
    item,
    outcome,
    payment,
    refund,
    subscription,
    warning,
)

GOLD = {"gold": FIRST}
END_AT_REFUND = [*ACTS, acts.settings({"full_refund": "end"}, at=1.0)]
NO_FREEZE = [*ACTS, acts.settings({"dispute_freezes": False}, at=1.0)]


def marks(drafts: list[Draft], before: list[Draft] = ACTS) -> dict[str, tuple[State, str]]:
    return outcome(drafts, before=before)[1]


def test_out_of_order_left_a_member_stuck() -> None:
    """cashier-stripe 1201: ``updated: active`` before ``created: incomplete``."""
    created, updated = sub("evt_1", "incomplete", NOON), sub("evt_2", "active", NOON)
    assert ends([updated, created]) == ends([created, updated]) == GOLD


def test_another_products_customers_became_paid_members() -> None:
    """Ghost 20243: one Stripe account, two businesses."""
    thing = subscription(customer="cus_9", items=[item("price_of_a_course")])
    bought = [event("e", thing), event("c", checkout("", customer="cus_9"))]
    assert not any(folded(bought).entitlements.values())
    assert set(marks(bought).values()) >= {(State.NOT_OURS, Why.OTHER_BUSINESS)}
    assert marks(bought)["e"] == marks(bought)["c"] == (State.NOT_OURS, Why.OTHER_BUSINESS)


def test_two_subscriptions_by_double_click_open_once_and_end_apart() -> None:
    """Ghost 28508, 16057: ending one of two must not end the other."""
    two = [event("a", subscription()), event("b", subscription(id="sub_2"))]
    assert ends(two) == GOLD
    assert ends([*two, event("c", subscription("canceled"), at=NOON + DAY)]) == GOLD


def test_the_payer_stays_free_because_the_wallets_email_differs() -> None:
    """Ghost 11695: the reader who went to Checkout is the reader who reads."""
    told = {"email": "other@wallet.example", "name": "A. M."}
    session = checkout("ana", customer_details=told, customer_email="other@wallet.example")
    story = [event("s", subscription()), event("c", session)]
    assert ends(story, before=[PLANS, SETTINGS]) == GOLD


def test_any_partial_refund_ended_access() -> None:
    """Leaky Paywall."""
    for amount in (1, 300, 899):
        part = [
            *BEGUN,
            LINK,
            event("r", refund(amount=amount)),
            event("c", charge(refunded=amount)),
        ]
        assert ends(part, before=END_AT_REFUND) == GOLD
        assert marks(part)["r"] == (State.APPLIED, "")


def test_partial_refunds_may_come_to_a_full_one() -> None:
    parts = [event("r1", refund(amount=450)), event("r2", refund(amount=450) | {"id": "re_b"})]
    assert ends([*BEGUN, LINK, *parts], before=END_AT_REFUND) == {"gold": 0}
    assert ends([*BEGUN, LINK, parts[0]], before=END_AT_REFUND) == GOLD


FULL = [*BEGUN, LINK, event("r", refund()), event("c", charge(refunded=900))]


def test_a_full_refund_without_cancellation_is_looked_at_and_kept() -> None:
    assert ends(FULL) == GOLD
    looked_at = (State.NEEDS_A_PERSON, Why.REFUNDED)
    assert marks(FULL)["r"] == marks(FULL)["c"] == looked_at
    cancelled = [*FULL, sub("x", "active", NOON + DAY, cancel_at_period_end=True)]
    assert marks(cancelled)["r"] == (State.APPLIED, "")


def test_a_full_refund_ends_access_by_setting_until_the_next_paid_invoice() -> None:
    assert ends(FULL, before=END_AT_REFUND) == {"gold": 0}
    assert folded(FULL, before=END_AT_REFUND).held["sub_1"].standing.course is Course.REFUNDED
    again = [
        *FULL,
        sub("n", "active", RENEWAL, items=month(2)),
        event("i", invoice(2), at=RENEWAL),
    ]
    assert ends(again, before=END_AT_REFUND) == {"gold": SECOND}


def test_a_full_refund_of_an_older_invoice_changes_nothing() -> None:
    later = [
        *FULL,
        sub("n", "active", RENEWAL, items=month(2)),
        event("i", invoice(2), at=RENEWAL),
    ]
    assert marks(later)["r"] == (State.APPLIED, "")


def test_a_refund_that_failed_is_none() -> None:
    back = [*FULL, event("f", refund(status="failed"), at=NOON + DAY)]
    assert ends(back, before=END_AT_REFUND) == GOLD
    seen = fetched(charge(refunded=0), at=NOON + 2 * DAY)
    assert ends([*back, seen], before=END_AT_REFUND) == GOLD


def test_a_refund_counts_whichever_object_tells_of_it_and_in_older_shapes() -> None:
    older = charge(refunded=900, invoice="in_1", payment_intent=None)
    for told in (
        [LINK, event("r", refund())],
        [LINK, event("c", charge(refunded=900))],
        [event("c", older)],
        [event("c", charge(refunded=900)), event("i", invoice(payment_intent="pi_1"), at=NOON + 2)],
        [event("r", refund() | {"payment_intent": None}), event("c", older | {"refunded": True})],
    ):
        assert ends([*BEGUN, *told], before=END_AT_REFUND) == {"gold": 0}


def test_a_refund_waits_until_its_invoice_is_known() -> None:
    alone = [*BEGUN, event("r", refund())]
    assert marks(alone)["r"] == (State.RECEIVED, Why.TO_BE_LINKED)
    assert {(want.kind, want.id) for want in folded(alone).wants} == {("payment", "pi_1")}
    none = acts.unlinked("pi_1", "ch_1", at=float(NOON + DAY))
    assert marks([*alone, none])["r"] == (State.IGNORED, Why.KIND_NOT_USED)
    assert folded([*alone, none]).wants == set()
    assert marks([*BEGUN, event("c", charge())])["c"] == (State.IGNORED, Why.KIND_NOT_USED)


def test_disputes_ignored() -> None:
    """Leaky Paywall: a dispute flags, freezes by setting, restores when won."""
    open_one = [*BEGUN, LINK, event("d", dispute())]
    assert ends(open_one) == {"gold": 0}
    assert ends(open_one, before=NO_FREEZE) == GOLD
    for before in (ACTS, NO_FREEZE):
        assert marks(open_one, before)["d"] == (State.NEEDS_A_PERSON, Why.DISPUTED)
    won = [*open_one, event("w", dispute(status="won"), at=NOON + DAY)]
    assert ends(won) == GOLD
    assert marks(won)["d"] == marks(won)["w"] == (State.APPLIED, "")


def test_a_dispute_that_is_lost_stays_frozen_until_another_invoice_is_paid() -> None:
    lost = [*BEGUN, LINK, event("d", dispute(status="lost"), at=NOON + DAY)]
    assert ends(lost) == {"gold": 0}
    paid = [
        *lost,
        sub("n", "active", RENEWAL, items=month(2)),
        event("i", invoice(2), at=RENEWAL),
    ]
    assert ends(paid) == {"gold": SECOND}
    second = [*paid, fetched(payment(2)), event("e", dispute(2), at=RENEWAL + DAY)]
    assert ends(second) == {"gold": 0}


def test_what_is_over_is_bought_anew_whatever_was_paid_back() -> None:
    gone = event("x", subscription("canceled"), at=NOON + 2 * DAY)
    for story in (FULL, [*BEGUN, LINK, event("d", dispute())]):
        assert ends([*story, gone], before=END_AT_REFUND) == {}
        held = folded([*story, gone], before=END_AT_REFUND).held["sub_1"]
        assert held.standing.course is Course.ENDED


def test_an_inquiry_or_a_warning_flags_and_freezes_nothing() -> None:
    asked = [*BEGUN, LINK, event("d", dispute(status="warning_needs_response"))]
    assert ends(asked) == GOLD
    assert marks(asked)["d"] == (State.NEEDS_A_PERSON, Why.DISPUTED)
    closed = [*asked, event("e", dispute(status="warning_closed"), at=NOON + DAY)]
    assert marks(closed)["d"] == (State.APPLIED, "")
    suspected = [*BEGUN, LINK, event("w", warning())]
    assert ends(suspected) == GOLD
    assert marks(suspected)["w"] == (State.NEEDS_A_PERSON, Why.FRAUD_WARNING)


def test_a_dispute_of_something_else_touches_no_subscription() -> None:
    other = [*BEGUN, fetched(payment(1) | {"invoice": "in_9"}), event("d", dispute())]
    assert ends(other) == GOLD


def test_an_unknown_product_granted_the_default_tier() -> None:
    strange = [event("e", subscription(items=[item("price_new_product")]))]
    assert ends(strange) == {}
    assert marks(strange)["e"] == (State.NEEDS_A_PERSON, Why.UNKNOWN_PRICE)


def test_deleting_a_member_left_the_subscription_running() -> None:
    """Ghost 12711: it is never forgotten silently."""
    gone = [*BEGUN, acts.erased("ana", by="ana", at=float(NOON + DAY))]
    assert folded(gone).entitlements["ana"] == ()
    assert marks(gone)["b2"] == (State.NEEDS_A_PERSON, Why.NO_READER)


def test_a_month_without_any_news_reads_through_the_slack_and_no_further() -> None:
    assert ends(BEGUN) == {"gold": NOON + MONTH + 72 * 3600}
