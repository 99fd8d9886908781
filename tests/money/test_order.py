"""Which of two snapshots of one object is the later, rule by rule."""

from __future__ import annotations

import itertools

import pytest

from gateway.model.entry import Draft
from gateway.money.entries.order import Told, newest
from tests.money.telling import NOON, dispute, event, fetched, invoice, refund, subscription, told


def sub(event_id: str, status: str, at: int = NOON) -> Draft:
    return event(event_id, subscription(status), at=at)


@pytest.mark.parametrize(
    ("why", "later", "earlier"),
    [
        ("terminal wins over later", sub("a", "canceled"), sub("z", "active", NOON + 99)),
        (
            "terminal wins over later",
            sub("a", "incomplete_expired"),
            sub("z", "incomplete", NOON + 9),
        ),
        (
            "terminal wins over fetched",
            sub("a", "canceled"),
            fetched(subscription("active"), at=NOON + 99),
        ),
        ("observation", sub("a", "unpaid", NOON + 1), sub("z", "active", NOON)),
        ("observation before fetched", sub("a", "unpaid", NOON + 1), fetched(subscription())),
        ("fetched over embedded", fetched(subscription("unpaid")), sub("z", "active")),
        ("rank of the status", sub("a", "active"), sub("z", "incomplete")),
        ("rank of the status", sub("a", "hibernating"), sub("z", "incomplete")),
        ("rank of the status", sub("a", "past_due"), sub("z", "trialing")),
        ("the event id at last", sub("b", "active"), sub("a", "active")),
        ("two cancellations", sub("a", "canceled", NOON + 1), sub("z", "canceled", NOON)),
        (
            "a paid invoice stays paid",
            event("a", invoice(status="paid")),
            event("z", invoice(status="open"), at=NOON + 5),
        ),
        (
            "an uncollectible one may be paid",
            event("a", invoice(status="paid"), at=NOON),
            event("z", invoice(status="uncollectible"), at=NOON + 5),
        ),
        (
            "a refund that succeeded may fail",
            event("a", refund(status="failed"), at=NOON),
            event("z", refund(status="succeeded"), at=NOON),
        ),
        (
            "an appeal may win what was lost",
            event("a", dispute(status="won"), at=NOON + 5),
            event("z", dispute(status="lost"), at=NOON),
        ),
    ],
)
def test_the_later_of_two(why: str, later: Draft, earlier: Draft) -> None:
    for order in ([later, earlier], [earlier, later]):
        found = newest(Told(entry, entry.said) for entry in told(order))
        assert found.entry.event_id == later.event_id, why


def test_of_many_there_is_one_newest_in_any_order() -> None:
    statuses = ["incomplete", "active", "past_due", "unpaid", "odd"]
    drafts = [sub(f"e{n}", status) for n, status in enumerate(statuses)]
    chosen = {
        newest(Told(entry, entry.said) for entry in told(order)).entry.event_id
        for order in itertools.permutations(drafts)
    }
    assert chosen == {"e1"}
