"""Every order of a story's events, with any of them doubled, comes to the same end."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.entry import FETCHED, Draft, Entry, Source
from gateway.money.entries.order import Told, newest
from gateway.money.folding.fold import Folded, fold
from tests.money.stories import STORIES, Story
from tests.money.telling import (
    ACTS,
    NOON,
    ends,
    event,
    folded,
    subscription,
    told,
)

SAID = [pytest.param(story, id=story[0]) for story in STORIES]


def comparable(entries: list[Entry]) -> tuple[object, object]:
    """A fold without numbers, of entries in the order of arrival."""
    numbered = [replace(entry, number=number) for number, entry in enumerate(entries, 1)]
    names = {entry.number: entry.event_id for entry in numbered}
    found: Folded = fold(numbered, now=NOON)
    held = {
        reader: frozenset(
            (each.tier, each.ends_at, each.mendable, frozenset(names[n] for n in each.entries))
            for each in these
        )
        for reader, these in found.entitlements.items()
    }
    return held, {names[number]: mark for number, mark in found.marks.items()}


def test_there_are_enough_stories() -> None:
    assert len(STORIES) >= 30
    assert len({name for name, _, _ in STORIES}) == len(STORIES)
    assert all(len(drafts) <= 6 for _, drafts, _ in STORIES)


@pytest.mark.parametrize("story", SAID)
def test_a_story_ends_as_it_is_written(story: Story) -> None:
    _, drafts, expected = story
    assert ends(drafts) == expected


@pytest.mark.parametrize("story", SAID)
def test_every_permutation_of_a_story_ends_so(story: Story) -> None:
    """Incident, cashier-stripe 1201: out of order left a member stuck."""
    base, entries = told(ACTS), told(story[1])
    first = comparable([*base, *entries])
    for shuffled in itertools.permutations(entries):
        assert comparable([*base, *shuffled]) == first


@given(st.sampled_from(STORIES), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_shuffled_doubled_and_among_our_own_acts_a_story_ends_so(
    story: Story, chance: random.Random
) -> None:
    entries = told(story[1])
    doubled = entries + [each for each in entries if chance.random() < 0.4]
    chance.shuffle(doubled)
    # Our own acts keep their order, wherever they stand among the rest.
    whole: list[Entry] = list(doubled)
    places = sorted(chance.randrange(len(doubled) + 1) for _ in ACTS)
    for act, place in reversed(list(zip(told(ACTS), places, strict=True))):
        whole.insert(place, act)
    held, marks = comparable(whole)
    expected_held, expected_marks = comparable([*told(ACTS), *entries])
    assert held == expected_held
    assert set(marks) == set(expected_marks)  # type: ignore[call-overload]  # keys of one kind


def test_what_was_lost_doubled_and_shuffled_a_reconcile_makes_good() -> None:
    """Asking Stripe for the objects themselves ends as if no event had been lost."""
    chance = random.Random(4)
    for number in range(2000):
        name, drafts, expected = STORIES[number % len(STORIES)]
        events = [each for each in drafts if each.source is Source.WEBHOOK]
        snapshots = [each for each in drafts if each.object_id and not each.kind.startswith("v1.")]
        rest = [each for each in drafts if each not in events]
        kept = [each for each in events * 2 if chance.random() < 0.4]
        mended = [*kept, *rest, *(_as_fetched(each) for each in _last_of_each(snapshots))]
        chance.shuffle(mended)
        assert ends(mended) == expected, (name, [each.event_id for each in mended])


def _last_of_each(drafts: list[Draft]) -> list[Draft]:
    """The truth at Stripe: what the newest snapshot of each object says."""
    entries = told(drafts)
    objects = {entry.object_id for entry in entries}
    last = [
        newest([Told(each, each.said) for each in entries if each.object_id == object_id])
        for object_id in objects
    ]
    return [drafts[each.entry.number - 1] for each in last]


def _as_fetched(draft: Draft) -> Draft:
    """As the nightly reconcile asks for it, a year later."""
    return replace(
        draft,
        event_id=f"fetch:{draft.event_id}",
        source=Source.RECONCILE,
        kind=FETCHED,
        observed_at=draft.observed_at + 365 * 86400,
    )


def test_neither_arrival_nor_our_clock_orders_snapshots() -> None:
    """Only what Stripe's clock said counts: arrival times are turned around, and nothing changes."""
    drafts = [
        event("e1", subscription("active"), at=NOON),
        event("e2", subscription("unpaid"), at=NOON + 1),
    ]
    for order in (drafts, drafts[::-1]):
        entries = [replace(each, at=-float(each.number)) for each in told([*ACTS, *order])]
        held = fold(entries, now=NOON).entitlements["ana"]
        assert [each.ends_at for each in held] == [0.0]


@given(st.floats(0, 4e9), st.sampled_from(STORIES))
@settings(deadline=None)
def test_the_fold_has_no_clock(now: float, story: Story) -> None:
    """Whoever decides compares an end with the time: a replay tomorrow comes to the same."""
    assert folded(story[1], now=now).entitlements == folded(story[1], now=0).entitlements
