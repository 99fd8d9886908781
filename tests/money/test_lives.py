"""Whole lives of subscriptions, drawn at random, against a model that knows nothing of the fold.

The model walks a life forwards in time, month by month, and writes down the end that the table gives
for the last thing that happened. The events of all lives are mixed, doubled and shuffled.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.model.entry import Draft
from gateway.money.entries import acts
from tests.money.telling import (
    DAY,
    HOUR,
    MONTH,
    NOON,
    PLANS,
    SETTINGS,
    dispute,
    event,
    fetched,
    folded,
    invoice,
    item,
    payment,
    refund,
    subscription,
)

SLACK, GRACE = 72 * HOUR, 14 * DAY
LIVES = 150


@dataclass
class Life:
    """One customer's. ``gold`` is the model's word: when it ends, 0 for on hold, None for nothing."""

    number: int
    chance: random.Random
    drafts: list[Draft] = field(default_factory=list)
    gold: float | None = None
    month: int = 0
    paid: list[int] = field(default_factory=list)

    def live(self) -> None:
        self.status("incomplete", self.began)
        self.gold = 0
        if self.chance.random() < 0.1:
            return
        self.renew()
        for _ in range(self.chance.randrange(4)):
            self.renew()
        end = self.chance.choice(
            ["lives", "cancelled", "ending", "due", "unpaid", "paused", "resumed", "collection"]
        )
        getattr(self, end)()
        if end == "lives":
            after = self.chance.choice(["nothing", "refunded", "disputed", "won", "lost"])
            getattr(self, after)()

    @property
    def began(self) -> int:
        return NOON + self.number

    def start_of(self, month: int) -> int:
        return self.began + (month - 1) * MONTH

    def status(self, status: str, at: int, **changed: Any) -> None:
        month = max(self.month, 1)
        periods = item(
            current_period_start=self.start_of(month), current_period_end=self.start_of(month + 1)
        )
        named = {"id": f"sub_{self.number}", "customer": f"cus_{self.number}"}
        thing = subscription(status, items=[periods], **named, **changed)
        self.tell(thing, at)

    def bill(self, month: int, status: str, at: int) -> None:
        made = self.start_of(month)
        own = {
            "id": f"in_{self.number}_{month}",
            "customer": f"cus_{self.number}",
            "created": made,
            "status_transitions": {"finalized_at": made + HOUR},
            "lines": {"data": [{"period": {"end": made + MONTH}}]},
        }
        self.tell(invoice(1, status, subscription=f"sub_{self.number}", **own), at)

    def tell(self, thing: dict[str, Any], at: int) -> None:
        self.drafts.append(event(f"evt_{self.number}_{len(self.drafts)}", thing, at=at))

    def renew(self) -> None:
        self.month += 1
        at = self.start_of(self.month)
        self.status("active", at)
        self.bill(self.month, "open", at + 1)
        self.bill(self.month, "paid", at + HOUR)
        self.paid.append(self.month)
        self.gold = self.start_of(self.month + 1) + SLACK

    def lives(self) -> None:
        pass

    nothing = lives

    def cancelled(self) -> None:
        self.status("canceled", self.start_of(self.month) + DAY)
        self.gold = None

    def ending(self) -> None:
        at = self.start_of(self.month) + DAY
        if self.chance.random() < 0.5:
            self.status("active", at, cancel_at_period_end=True)
            self.gold = self.start_of(self.month + 1)
        else:
            self.status("active", at, cancel_at=at + 5 * DAY)
            self.gold = at + 5 * DAY

    def due(self) -> None:
        self.month += 1
        at = self.start_of(self.month)
        self.status("past_due", at + HOUR)
        self.bill(self.month, "open", at + HOUR)
        self.gold = at + HOUR + GRACE

    def unpaid(self) -> None:
        self.due()
        self.status("unpaid", self.start_of(self.month) + 20 * DAY)
        self.gold = 0

    def paused(self) -> None:
        self.status("paused", self.start_of(self.month) + DAY)
        self.gold = 0

    def resumed(self) -> None:
        before = self.gold
        self.paused()
        self.status("active", self.start_of(self.month) + 2 * DAY)
        self.gold = before

    def collection(self) -> None:
        paid_until = self.start_of(self.month + 1)
        self.month += 1
        self.status("active", paid_until, pause_collection={"behavior": "void"})
        self.bill(self.month, "void", paid_until + HOUR)
        self.gold = paid_until

    def back(self, month: int) -> dict[str, str]:
        """The ids of what paid a month, once Stripe has been asked."""
        ids = {"payment_intent": f"pi_{self.number}_{month}", "charge": f"ch_{self.number}_{month}"}
        link = payment() | {
            "id": f"inpay_{self.number}_{month}",
            "invoice": f"in_{self.number}_{month}",
            "payment": {"type": "payment_intent", "payment_intent": ids["payment_intent"]},
        }
        self.drafts.append(fetched(link, at=self.start_of(month) + 2 * DAY))
        return ids

    def refunded(self) -> None:
        thing = refund(amount=self.chance.choice([300, 900]))
        self.tell(thing | self.back(self.month) | {"id": f"re_{self.number}"}, NOON)

    def disputed(self, *ends: str) -> None:
        month = self.chance.choice(self.paid)
        thing = dispute() | self.back(month) | {"id": f"dp_{self.number}"}
        at = self.start_of(month) + DAY
        for status in ("needs_response", *ends):
            at += HOUR
            self.tell(thing | {"status": status}, at)
        later_paid = month < self.month
        if ends != ("won",) and not (ends == ("lost",) and later_paid):
            self.gold = 0

    def won(self) -> None:
        self.disputed("won")

    def lost(self) -> None:
        self.disputed("lost")


@pytest.mark.parametrize("seed", range(8))
def test_whatever_their_lives_were_readers_hold_what_the_model_says(seed: int) -> None:
    chance = random.Random(seed)
    lives = [Life(number, chance) for number in range(LIVES)]
    for life in lives:
        life.live()
    drafts = [draft for life in lives for draft in life.drafts]
    drafts += chance.sample(drafts, len(drafts) // 5)
    chance.shuffle(drafts)
    bound = [acts.bind(f"cus_{n}", f"r{n}", by="checkout", at=0.0) for n in range(LIVES)]
    found = folded(drafts, before=[PLANS, SETTINGS, *bound])
    for life in lives:
        held = {each.tier: each.ends_at for each in found.entitlements[f"r{life.number}"]}
        expected = {} if life.gold is None else {"gold": float(life.gold)}
        story = [(draft.event_id, draft.facts.get("status")) for draft in life.drafts]
        assert held == expected, story


def test_the_model_sees_every_kind_of_life() -> None:
    lives = [Life(number, random.Random(number)) for number in range(400)]
    for life in lives:
        life.live()
    assert {life.gold is None for life in lives} == {True, False}
    statuses = {draft.facts.get("status") for life in lives for draft in life.drafts}
    assert statuses >= {"incomplete", "active", "past_due", "unpaid", "paused", "canceled"}
    assert statuses >= {"open", "paid", "void", "needs_response", "won", "lost", "succeeded"}
