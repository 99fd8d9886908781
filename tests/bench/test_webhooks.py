"""Webhooks by the hundred thousand, shortly: that the lives end as they say, and the harness counts."""

from __future__ import annotations

import random

import pytest

from gateway.bench.lives import EVENTS_EACH, Life, forgery, life, raw
from gateway.bench.webhooks import run
from gateway.money.entries import acts
from gateway.money.entries.parse import parse
from gateway.money.folding.fold import fold
from tests.money.telling import told

PLANS = acts.plans({"price_gold": ["gold"], "price_both": ["gold", "silver"]}, at=0.0)
LIVES = [life(number) for number in range(8)]


@pytest.mark.parametrize("one", LIVES, ids=lambda one: one.reader)
def test_a_life_ends_as_it_says_in_any_order(one: Life) -> None:
    assert len({event["id"] for event in one.events}) == EVENTS_EACH
    for seed in range(5):
        drafts = [parse(raw(event)) for event in one.events]
        random.Random(seed).shuffle(drafts)
        held = fold(told([PLANS, *drafts]), now=1.0).entitlements[one.reader]
        assert {each.tier: each.ends_at for each in held} == one.ends


def test_a_forgery_would_matter() -> None:
    drafts = [parse(raw(event)) for event in (*LIVES[0].events, forgery(0))]
    held = fold(told([PLANS, *drafts]), now=1.0).entitlements[LIVES[0].reader]
    assert LIVES[0].ends
    assert not held


def test_a_redelivery_has_other_bytes() -> None:
    event = LIVES[0].events[0]
    assert raw(event) != raw(event, again=1)
    assert parse(raw(event)).event_id == parse(raw(event, again=1)).event_id


def test_a_small_run_ends_as_the_model() -> None:
    found = run(events=400, idle_seconds=1.0, told=lambda _: None)
    assert found.as_the_model
    assert found.sent.genuine == {200: 380}
    assert found.sent.forged == {400: 20}
    assert found.entries == 300
