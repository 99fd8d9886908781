"""The table of a subscription, row by row; whose it is; grants; what a person must look at."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.model.entry import Draft
from gateway.model.mark import State, Why
from gateway.money.entries import acts
from gateway.money.entries.acts import FOREVER
from gateway.money.folding.fold import Want
from gateway.money.folding.subscriptions import Course
from tests.money.telling import (
    ACTS,
    BIND,
    DAY,
    HOUR,
    MONTH,
    NOON,
    PLANS,
    SETTINGS,
    checkout,
    ends,
    event,
    fetched,
    folded,
    invoice,
    item,
    outcome,
    subscription,
    thin,
)

END = NOON + MONTH
SLACK = 72 * HOUR
GRACE = 14 * DAY


def with_settings(**settings: Any) -> list[Draft]:
    return [*ACTS, acts.settings(settings, at=1.0)]


def one(status: str = "active", **changed: Any) -> list[Draft]:
    return [event("evt_1", subscription(status, **changed))]


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (subscription("active"), {"gold": END + SLACK}),
        (subscription("trialing"), {"gold": END + SLACK}),
        (subscription("incomplete"), {"gold": 0}),
        (subscription("incomplete_expired"), {}),
        (subscription("canceled"), {}),
        (subscription("unpaid"), {"gold": 0}),
        (subscription("paused"), {"gold": 0}),
        (subscription("hibernating"), {}),
        (subscription(cancel_at=END - DAY), {"gold": END - DAY}),
        (subscription(cancel_at_period_end=True), {"gold": END}),
        (subscription(cancel_at=END - DAY, cancel_at_period_end=True), {"gold": END - DAY}),
        (subscription("trialing", cancel_at_period_end=True), {"gold": END}),
        (subscription(pause_collection={"behavior": "void"}), {"gold": 0}),
        (subscription(items=[item("price_both")]), {"gold": END + SLACK, "silver": END + SLACK}),
        (subscription(items=[item("price_other")]), {}),
        (subscription(items=[item(current_period_end=None)]), {"gold": 0}),
        (subscription(items=[]), {}),
    ],
)
def test_what_a_status_opens(thing: dict[str, Any], expected: dict[str, float]) -> None:
    assert ends([event("evt_1", thing)]) == expected


def test_each_item_opens_its_own_tiers_to_its_own_period_end() -> None:
    both = [item(), item("price_silver", current_period_end=NOON + DAY)]
    plans = acts.plans({"price_gold": ["gold"], "price_silver": ["silver"]}, at=1.0)
    assert ends(one(items=both), before=[*ACTS, plans]) == {
        "gold": END + SLACK,
        "silver": NOON + DAY + SLACK,
    }


def test_a_cancellation_far_ahead_doesnt_open_beyond_what_was_paid() -> None:
    assert ends(one(cancel_at=END + 90 * DAY)) == {"gold": END + SLACK}


@pytest.mark.parametrize(
    ("settings", "thing", "expected"),
    [
        ({"renewal_slack_hours": 0}, subscription(), END),
        ({"unpaid": "access"}, subscription("unpaid"), END + SLACK),
        ({"paused_collection": "access"}, subscription(pause_collection={"a": 1}), END + SLACK),
        ({"paused_collection": "none"}, subscription(pause_collection={"a": 1}), 0),
    ],
)
def test_settings_bend_the_table(
    settings: dict[str, Any], thing: dict[str, Any], expected: float
) -> None:
    paid = event("evt_0", invoice())
    assert ends([event("evt_1", thing), paid], before=with_settings(**settings)) == {
        "gold": expected
    }


def test_a_paused_collection_reads_as_far_as_was_paid() -> None:
    """Stripe's periods go on without being paid: they say nothing."""
    later = [item(current_period_end=NOON + 9 * MONTH)]
    thing = subscription(items=later, pause_collection={"behavior": "keep_as_draft"})
    story = [event("evt_1", thing), event("evt_2", invoice(1)), event("evt_3", invoice(2))]
    unpaid = [event("evt_4", invoice(3, "draft")), event("evt_5", invoice(4, "void"))]
    assert ends(story + unpaid) == {"gold": NOON + 2 * MONTH}


PAST_DUE = event("evt_1", subscription("past_due"))


def test_grace_counts_from_the_oldest_open_invoice_where_an_earlier_one_was_paid() -> None:
    story = [PAST_DUE, event("evt_2", invoice(1)), event("evt_3", invoice(2, "open"))]
    expected = {"gold": NOON + MONTH + HOUR + GRACE}
    assert ends(story) == expected
    assert ends([*story, event("evt_4", invoice(3, "open"))]) == expected
    assert ends(story, before=with_settings(past_due_grace_days=0)) == {"gold": NOON + MONTH + HOUR}


@pytest.mark.parametrize(
    "invoices",
    [
        [invoice(1, "open")],
        [invoice(1, "paid", amount_paid=0), invoice(2, "open")],
        [invoice(1, "void"), invoice(2, "open")],
        [invoice(1, "open"), invoice(2, "paid")],
        [],
    ],
)
def test_who_never_paid_before_has_no_grace(invoices: list[dict[str, Any]]) -> None:
    told = [event(f"evt_{n}", each) for n, each in enumerate(invoices, 2)]
    found = folded([PAST_DUE, *told])
    assert [each.ends_at for each in found.entitlements["ana"]] == [0]
    assert found.held["sub_1"].standing.course is Course.NEVER_PAID


def test_an_invoice_that_is_sent_is_due_at_its_date() -> None:
    sent = invoice(2, "open", collection_method="send_invoice", due_date=NOON + 2 * MONTH)
    assert ends([PAST_DUE, event("evt_2", invoice(1)), event("evt_3", sent)]) == {
        "gold": NOON + 2 * MONTH + GRACE
    }


def test_grace_ends_with_a_cancellation() -> None:
    due = event("evt_1", subscription("past_due", cancel_at=NOON + MONTH + DAY))
    story = [due, event("evt_2", invoice(1)), event("evt_3", invoice(2, "open"))]
    assert ends(story) == {"gold": NOON + MONTH + DAY}


def test_an_open_invoice_that_hasnt_come_yet_gives_no_longer_grace() -> None:
    found = folded([PAST_DUE, event("evt_2", invoice(1))])
    assert [each.ends_at for each in found.entitlements["ana"]] == [NOON + GRACE]
    assert Want("invoices", "sub_1") in found.wants


@pytest.mark.parametrize(
    ("status", "mendable"),
    [
        ("active", True),
        ("past_due", True),
        ("unpaid", True),
        ("paused", True),
        ("incomplete", True),
        ("canceled", False),
        ("incomplete_expired", False),
    ],
)
def test_the_wall_is_settle_for_what_its_reader_can_mend(status: str, mendable: bool) -> None:
    held = folded(one(status)).entitlements["ana"]
    assert any(each.mendable for each in held) is mendable


def test_a_cancelled_one_is_bought_anew_and_not_settled() -> None:
    held = folded(one(cancel_at_period_end=True)).entitlements["ana"]
    assert [each.mendable for each in held] == [False]


def test_why_a_paused_one_is_stays_known() -> None:
    why = {"paused": {"subscription": {"type": "trial_end_without_payment_method"}}}
    held = folded(one("paused", status_details=why)).held["sub_1"]
    assert held.subscription.paused_reason == "trial_end_without_payment_method"


# Whose is it?


def marks(drafts: list[Draft], **more: Any) -> dict[str, tuple[State, str]]:
    return outcome(drafts, **more)[1]


def nobody(drafts: list[Draft], **more: Any) -> None:
    assert not any(folded(drafts, **more).entitlements.values())


STRANGER = subscription(customer="cus_9")


@pytest.mark.parametrize(
    ("draft", "state", "why"),
    [
        (event("e", subscription(), livemode=True), State.NOT_OURS, Why.OTHER_MODE),
        (event("e", subscription(), account="acct_x"), State.NOT_OURS, Why.OTHER_ACCOUNT),
        (
            event("e", STRANGER | {"items": {"data": [item("price_x")]}}),
            State.NOT_OURS,
            Why.OTHER_BUSINESS,
        ),
        (event("e", STRANGER), State.NEEDS_A_PERSON, Why.NO_READER),
        (
            event("e", subscription(items=[item("price_x")])),
            State.NEEDS_A_PERSON,
            Why.UNKNOWN_PRICE,
        ),
        (event("e", subscription(items=[])), State.NEEDS_A_PERSON, Why.UNKNOWN_PRICE),
        (event("e", subscription("hibernating")), State.NEEDS_A_PERSON, Why.UNKNOWN_STATUS),
    ],
)
def test_what_isnt_plainly_ours_is_granted_to_nobody(draft: Draft, state: State, why: Why) -> None:
    nobody([draft])
    assert marks([draft])["e"] == (state, why)


def test_our_own_account_named_in_an_event_is_ours() -> None:
    assert marks([event("e", subscription(), account="acct_us")])["e"] == (State.APPLIED, "")


def test_a_quantity_opens_for_the_payer_alone() -> None:
    five = [event("e", subscription(items=[item(quantity=5)]))]
    found = folded(five)
    assert [each.tier for each in found.entitlements["ana"]] == ["gold"]
    assert list(found.entitlements) == ["ana"]
    assert marks(five)["e"] == (State.NEEDS_A_PERSON, Why.QUANTITY)


@pytest.mark.parametrize(
    ("items", "opens"),
    [
        ([item(quantity=0)], {}),
        ([item(quantity=-1)], {}),
        ([item("price_both", quantity=0), item()], {"gold": END + SLACK}),
    ],
)
def test_a_quantity_of_none_opens_nothing_and_is_looked_at(items: Any, opens: Any) -> None:
    none = [event("e", subscription(items=items))]
    assert ends(none) == opens
    assert marks(none)["e"] == (State.NEEDS_A_PERSON, Why.QUANTITY)


def test_a_plan_beside_something_else_opens_and_is_looked_at() -> None:
    both = [event("e", subscription(items=[item(), item("price_x")]))]
    assert ends(both) == {"gold": END + SLACK}
    assert marks(both)["e"] == (State.NEEDS_A_PERSON, Why.UNKNOWN_PRICE)


def test_a_checkout_binds_its_reader_and_an_act_decides_over_it() -> None:
    story = [event("s", subscription()), event("c", checkout("bob"))]
    base = [PLANS, SETTINGS]
    assert [*folded(story, before=base).entitlements["bob"]]
    acted = folded(story, before=[*base, BIND])
    assert acted.entitlements["ana"]
    assert "bob" not in acted.entitlements
    unbound = folded([*story, acts.unbind("cus_1", "bob", by="ops", at=2.0)], before=base)
    assert not any(unbound.entitlements.values())
    again = acts.bind("cus_1", "eve", by="ops", at=1.0)  # its number counts, not its clock
    back = folded([*story, acts.unbind("cus_1", "bob", by="ops", at=2.0), again], before=base)
    assert {reader for reader, held in back.entitlements.items() if held} == {"eve"}


@pytest.mark.parametrize("status", ["open", "expired"])
def test_an_unfinished_checkout_binds_nobody(status: str) -> None:
    story = [event("s", subscription()), event("c", checkout("bob", status=status))]
    nobody(story, before=[PLANS, SETTINGS])
    assert marks(story, before=[PLANS, SETTINGS])["c"] == (State.IGNORED, Why.NOT_FINISHED)


def test_two_readers_of_one_customer_need_a_person() -> None:
    story = [
        event("s", subscription()),
        event("c", checkout("bob")),
        event("d", checkout("eve", id="cs_2")),
    ]
    nobody(story, before=[PLANS, SETTINGS])
    assert marks(story, before=[PLANS, SETTINGS])["s"] == (State.NEEDS_A_PERSON, Why.TWO_READERS)


def test_a_reader_may_own_several_customers() -> None:
    other = acts.bind("cus_2", "ana", by="ops", at=1.0)
    silver = acts.plans({"price_gold": ["gold"], "price_s": ["silver"]}, at=1.0)
    thing = subscription(id="sub_2", customer="cus_2", items=[item("price_s")])
    story = [event("s", subscription()), event("t", thing)]
    assert set(ends(story, before=[*ACTS, other, silver])) == {"gold", "silver"}


def test_an_erased_reader_holds_nothing_and_whatever_still_runs_needs_a_person() -> None:
    """Incident, Ghost 12711: deleting a member left the subscription running."""
    story = [event("s", subscription()), acts.erased("ana", by="ana", at=2.0)]
    nobody(story)
    assert marks(story)["s"] == (State.NEEDS_A_PERSON, Why.NO_READER)
    over = [*story, event("t", subscription("canceled"), at=NOON + 9)]
    assert marks(over)["s"] == marks(over)["t"] == (State.APPLIED, "")


# Versions of plans and settings.


def test_the_newest_plans_and_settings_count() -> None:
    newer = acts.plans({"price_gold": ["platinum"]}, at=1.0)
    assert set(ends(one(), before=[*ACTS, newer])) == {"platinum"}
    assert set(ends([*one(), newer])) == {"platinum"}
    assert marks([*one(), newer])[PLANS.event_id] == (State.IGNORED, Why.SUPERSEDED)
    nobody(one(), before=[SETTINGS, BIND])


# What operators give.


def test_a_grant_opens_until_its_moment_and_a_revocation_takes_it_back() -> None:
    gold = acts.grant("ana", "gold", until=NOON + 5.0, by="ops", at=1.0, reason="a prize")
    ever = acts.grant("ana", "silver", until=None, by="ops", at=1.0, reason="a friend")
    assert ends([gold, ever]) == {"gold": NOON + 5.0, "silver": FOREVER}
    assert "prize" not in str(gold.facts)
    back = acts.revoke("ana", "gold", by="ops", at=0.5, reason="a mistake")
    assert ends([gold, ever, back]) == {"silver": FOREVER}
    assert ends([gold, ever, acts.revoke("ana", "", by="ops", at=2.0, reason="x")]) == {}
    assert ends([back, gold]) == {"gold": NOON + 5.0}


def test_a_revocation_leaves_what_is_paid_for() -> None:
    revoked = acts.revoke("ana", "", by="ops", at=2.0, reason="x")
    assert ends([*one(), revoked]) == {"gold": END + SLACK}


# Hints, answers and what to ask for.


def test_a_thin_event_waits_for_stripes_answer() -> None:
    hint = thin("t", "subscription", "sub_1", at="2027-01-15T08:00:01Z")
    old = [event("e", subscription("incomplete")), hint]
    assert marks(old)["t"] == (State.RECEIVED, Why.TO_BE_FETCHED)
    assert ends(old) == {"gold": 0}
    answer = fetched(subscription(), at=NOON + 1)
    assert marks([*old, answer])["t"] == (State.APPLIED, "")
    assert ends([*old, answer]) == {"gold": END + SLACK}


def test_a_thin_event_of_anything_else_is_kept_and_ignored() -> None:
    hint = thin("t", "billing.meter", "mtr_1", at="2027-01-15T08:00:01Z")
    assert marks([hint])["t"] == (State.IGNORED, Why.KIND_NOT_USED)
    assert not hint.hint


def test_an_invoice_waits_for_its_subscription() -> None:
    paid = [event("e", invoice())]
    assert marks(paid)["e"] == (State.RECEIVED, Why.TO_BE_FETCHED)
    assert folded(paid).wants == {Want("subscription", "sub_1")}


def test_within_the_slack_the_worker_asks() -> None:
    assert folded(one(), now=END - 1).wants == set()
    assert folded(one(), now=END).wants == {Want("subscription", "sub_1")}
    assert folded(one("canceled"), now=END).wants == set()


def test_absence_at_stripe_never_closes() -> None:
    gone = acts.missing("subscription", "sub_1", at=float(NOON + DAY))
    story = [*one(), gone]
    assert ends(story) == {"gold": END + SLACK}
    assert marks(story)[gone.event_id] == (State.NEEDS_A_PERSON, Why.MISSING)
    seen = [*story, event("f", subscription(), at=NOON + 2 * DAY)]
    assert marks(seen)[gone.event_id] == (State.APPLIED, "")


@pytest.mark.parametrize("thing", [{"object": "price", "id": "price_gold"}, {"object": "x"}])
def test_any_other_kind_is_kept_and_ignored(thing: dict[str, Any]) -> None:
    assert marks([event("e", thing)])["e"] == (State.IGNORED, Why.KIND_NOT_USED)


def test_the_entries_that_made_it_so_are_named() -> None:
    story = [PAST_DUE, event("evt_2", invoice(1)), event("evt_3", invoice(2, "open"))]
    held = outcome([*story, event("evt_9", {"object": "price", "id": "p"})])[0]["ana"]
    assert held[0][3] == tuple(sorted((BIND.event_id, "evt_1", "evt_2", "evt_3")))
