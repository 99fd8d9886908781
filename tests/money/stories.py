"""Written stories: what Stripe sent, and what a reader must hold at the end of it.

Each is (name, drafts, expected): the moment that each tier ends, 0 where it is closed and its reader
can mend that. Whatever order the drafts come in, the end is the same.
"""

from __future__ import annotations

from typing import Any

from gateway.model.entry import Draft
from gateway.money.entries import acts
from tests.money.telling import (
    DAY,
    HOUR,
    MONTH,
    NOON,
    charge,
    checkout,
    dispute,
    event,
    fetched,
    invoice,
    item,
    payment,
    refund,
    subscription,
    thin,
    warning,
)

SLACK = 72 * HOUR
GRACE = 14 * DAY
FIRST = NOON + MONTH + SLACK
SECOND = NOON + 2 * MONTH + SLACK


def month(number: int) -> list[dict[str, Any]]:
    starts_at = NOON + (number - 1) * MONTH
    return [item(current_period_start=starts_at, current_period_end=starts_at + MONTH)]


def sub(event_id: str, status: str, at: int, **changed: Any) -> Draft:
    return event(event_id, subscription(status, **changed), at=at)


def inv(event_id: str, number: int, status: str, at: int, **changed: Any) -> Draft:
    return event(event_id, invoice(number, status, **changed), at=at)


BEGUN = [
    sub("b1", "incomplete", NOON),
    sub("b2", "active", NOON),
    inv("b3", 1, "paid", NOON + 1),
]
RENEWAL = NOON + MONTH
FAILED = [
    *BEGUN,
    sub("f1", "past_due", RENEWAL + HOUR, items=month(2)),
    inv("f2", 2, "open", RENEWAL + HOUR),
]
LINK = fetched(payment(1), at=NOON + DAY)

Story = tuple[str, list[Draft], dict[str, float]]
STORIES: list[Story] = [
    ("bought", [*BEGUN, event("c", checkout(), at=NOON)], {"gold": FIRST}),
    (
        "bought, and its created event comes last of one second",
        [sub("x1", "active", NOON), sub("z9", "incomplete", NOON)],
        {"gold": FIRST},
    ),
    ("abandoned", [sub("b1", "incomplete", NOON)], {"gold": 0}),
    (
        "abandoned and expired in the same second as anything",
        [*BEGUN, sub("a", "incomplete_expired", NOON)],
        {},
    ),
    (
        "trial",
        [sub("t", "trialing", NOON), inv("i", 1, "paid", NOON, amount_paid=0)],
        {"gold": FIRST},
    ),
    (
        "trial that became paid within a second",
        [sub("t", "trialing", RENEWAL), sub("u", "active", RENEWAL, items=month(2))],
        {"gold": SECOND},
    ),
    (
        "trial that ended without a card",
        [sub("t", "trialing", NOON), sub("u", "paused", RENEWAL)],
        {"gold": 0},
    ),
    ("renewed", [*BEGUN, sub("r", "active", RENEWAL, items=month(2))], {"gold": SECOND}),
    ("renewal failed", FAILED, {"gold": RENEWAL + HOUR + GRACE}),
    (
        "renewal failed and was paid later",
        [
            *FAILED[1:],
            sub("p", "active", RENEWAL + DAY, items=month(2)),
            inv("q", 2, "paid", RENEWAL + DAY),
        ],
        {"gold": SECOND},
    ),
    (
        "renewal failed for good",
        [*FAILED[1:], sub("u", "unpaid", RENEWAL + 20 * DAY, items=month(2))],
        {"gold": 0},
    ),
    (
        "renewal failed and Stripe cancelled",
        [*FAILED[1:], sub("u", "canceled", RENEWAL + 20 * DAY)],
        {},
    ),
    (
        "first payment failed",
        [sub("f", "past_due", NOON + HOUR), inv("i", 1, "open", NOON + HOUR)],
        {"gold": 0},
    ),
    ("cancelled at once", [*BEGUN, sub("x", "canceled", NOON + DAY)], {}),
    (
        "cancelled, and an older update comes with a later time",
        [*BEGUN, sub("x", "canceled", NOON + DAY), sub("y", "active", NOON + 2 * DAY)],
        {},
    ),
    (
        "cancelled for the period's end",
        [*BEGUN, sub("x", "active", NOON + DAY, cancel_at_period_end=True)],
        {"gold": NOON + MONTH},
    ),
    (
        "cancelled for a day (flexible billing)",
        [*BEGUN, sub("x", "active", NOON + DAY, cancel_at=NOON + 9 * DAY)],
        {"gold": NOON + 9 * DAY},
    ),
    (
        "cancelled and thought better of it",
        [
            *BEGUN,
            sub("x", "active", NOON + DAY, cancel_at_period_end=True),
            sub("y", "active", NOON + 2 * DAY),
        ],
        {"gold": FIRST},
    ),
    (
        "collection paused",
        [*BEGUN, sub("p", "active", RENEWAL, pause_collection={"b": 1}, items=month(2))],
        {"gold": NOON + MONTH},
    ),
    (
        "collection paused and resumed",
        [
            *BEGUN,
            sub("p", "active", RENEWAL, pause_collection={"b": 1}, items=month(2)),
            sub("q", "active", RENEWAL + DAY, items=month(2)),
        ],
        {"gold": SECOND},
    ),
    (
        "changed to the bigger plan",
        [*BEGUN, sub("p", "active", NOON + DAY, items=[item("price_both")])],
        {"gold": FIRST, "silver": FIRST},
    ),
    (
        "changed to something that is no plan",
        [*BEGUN, sub("p", "active", NOON + DAY, items=[item("price_x")])],
        {},
    ),
    (
        "refunded in part",
        [*BEGUN, LINK, event("r", refund(amount=300)), event("c", charge(refunded=300))],
        {"gold": FIRST},
    ),
    (
        "refunded in full, and kept",
        [*BEGUN, LINK, event("r", refund()), event("c", charge(refunded=900))],
        {"gold": FIRST},
    ),
    ("disputed", [*BEGUN, LINK, event("d", dispute())], {"gold": 0}),
    (
        "disputed and won",
        [*BEGUN, LINK, event("d", dispute()), event("w", dispute(status="won"), at=NOON + DAY)],
        {"gold": FIRST},
    ),
    (
        "disputed and lost",
        [*BEGUN, LINK, event("d", dispute()), event("w", dispute(status="lost"), at=NOON + DAY)],
        {"gold": 0},
    ),
    (
        "disputed and lost, and the next month paid",
        [
            BEGUN[2],
            LINK,
            event("w", dispute(status="lost"), at=NOON + DAY),
            sub("r", "active", RENEWAL, items=month(2)),
            inv("s", 2, "paid", RENEWAL),
        ],
        {"gold": SECOND},
    ),
    (
        "asked about by a bank, and suspected",
        [*BEGUN, LINK, event("d", dispute(status="warning_needs_response")), event("w", warning())],
        {"gold": FIRST},
    ),
    (
        "a hint that was fetched",
        [
            sub("b1", "incomplete", NOON),
            thin("h", "subscription", "sub_1", at="2027-01-15T08:00:05Z"),
            fetched(subscription("active"), at=NOON + 6),
        ],
        {"gold": FIRST},
    ),
    (
        "fetched and told in one second",
        [fetched(subscription("active"), at=NOON + 6), sub("zz", "past_due", NOON + 6)],
        {"gold": FIRST},
    ),
    (
        "paused and resumed",
        [*BEGUN, sub("p", "paused", NOON + DAY), sub("r", "active", NOON + 2 * DAY)],
        {"gold": FIRST},
    ),
    (
        "a second subscription while the first ends",
        [
            *BEGUN[1:],
            sub("x", "canceled", NOON + DAY),
            sub("y", "active", NOON + DAY, id="sub_2", items=[item("price_both")]),
        ],
        {"gold": FIRST, "silver": FIRST},
    ),
    (
        "given a tier besides",
        [*BEGUN, acts.grant("ana", "club", until=NOON + 7.0, by="ops", at=1.0, reason="x")],
        {"gold": FIRST, "club": NOON + 7.0},
    ),
]
