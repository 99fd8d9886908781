"""What an entry changed, and when a reader could read what: the fold told step by step."""

from __future__ import annotations

import pytest

from gateway.console.comparing import compare
from gateway.console.dossier import dossier
from gateway.console.effect import effect
from gateway.console.timeline import timeline
from gateway.model.entry import GENESIS, Draft, Entry, Source, chained
from gateway.money.entries import acts
from gateway.money.folding.rules import HOUR_SECONDS
from tests.money.telling import (
    BIND,
    DAY,
    MONTH,
    NOON,
    PLANS,
    SETTINGS,
    event,
    fetched,
    subscription,
)

SLACK = 72 * HOUR_SECONDS


def at(*told: tuple[float, Draft]) -> list[Entry]:
    """Each draft at its moment of arrival."""
    entries: list[Entry] = []
    for number, (moment, draft) in enumerate(told, 1):
        before = entries[-1].hash if entries else GENESIS
        entries.append(chained(draft, number=number, previous_hash=before, at=float(moment)))
    return entries


def story() -> list[Entry]:
    """A subscription, cancelled at once ten days later; then two days given by hand."""
    gone = subscription("canceled", ended_at=NOON + 10 * DAY)
    given = acts.grant(
        "ana", "gold", until=float(NOON + 22 * DAY), by="ops", at=NOON + 20 * DAY, reason="x"
    )
    return at(
        (NOON, PLANS),
        (NOON, SETTINGS),
        (NOON + 100, BIND),
        (NOON + 200, event("evt_1", subscription(), at=NOON + 200)),
        (NOON + 10 * DAY, event("evt_2", gone, at=NOON + 10 * DAY)),
        (NOON + 20 * DAY, given),
    )


def test_the_drawing_says_what_was_open_when_and_by_what() -> None:
    line = timeline(story(), "ana", now=float(NOON + 21 * DAY))
    assert [(each.tier, each.since, each.until) for each in line.spans] == [
        ("gold", NOON + 200, NOON + 10 * DAY),
        ("gold", NOON + 20 * DAY, NOON + 22 * DAY),
    ]
    assert set(line.spans[0].entries) >= {3, 4}
    assert line.spans[1].entries == (6,)
    assert (line.cut, line.failed) == (False, "")


def test_a_span_ends_by_itself_where_nothing_more_came() -> None:
    line = timeline(story()[:4], "ana", now=float(NOON + 99 * DAY))
    (span,) = line.spans
    assert span.until == NOON + MONTH + SLACK


def test_nobody_has_no_line_and_a_fault_ends_it() -> None:
    assert timeline(story(), "ben", now=float(NOON)).spans == ()
    assert timeline([], "ana", now=float(NOON)).spans == ()


@pytest.mark.parametrize(
    ("number", "before", "after"),
    [
        (3, None, None),
        (4, None, NOON + MONTH + SLACK),
        (5, NOON + MONTH + SLACK, None),
        (6, None, NOON + 22 * DAY),
    ],
)
def test_an_entry_changed_what_it_changed_when_it_came(
    number: int, before: float | None, after: float | None
) -> None:
    lines = effect(story(), number).lines
    changed = [each for each in lines if each.differs]
    if before is after is None:
        assert changed == []
        return
    (line,) = changed
    assert (line.reader, line.tier) == ("ana", "gold")
    assert (line.before and line.before.ends_at) == before
    assert (line.after and line.after.ends_at) == after


def test_what_stripe_answered_stands_beside_what_was_known() -> None:
    cancelled = fetched(subscription(cancel_at=NOON + 5 * DAY), at=NOON + 300)
    entries = at((NOON, event("evt_1", subscription(), at=NOON)), (NOON + 300, cancelled))
    found = compare(entries[0], entries)
    assert found.asked_at == NOON + 300
    differing = {each.name: (each.known, each.asked) for each in found.fields if each.differs}
    assert differing == {"cancel_at": ("", str(NOON + 5 * DAY))}
    assert compare(entries[0], entries[:1]).asked_at is None
    missing = acts.missing("subscription", "sub_1", at=NOON + 400)
    gone = chained(missing, number=3, previous_hash="", at=float(NOON + 400))
    assert compare(entries[0], [*entries, gone]).missing


def test_a_dossier_names_customers_grants_and_merges() -> None:
    entries = story()
    found = dossier(entries, "ana")
    assert [name for name, _ in found.customers] == ["cus_1"]
    assert [each.subscription.id for each in found.subscriptions] == ["sub_1"]
    assert found.live == frozenset({6})
    revoked = acts.revoke("ana", "", by="ops", at=NOON + 21 * DAY, reason="x")
    after = [*entries, chained(revoked, number=7, previous_hash="", at=NOON + 21.0 * DAY)]
    assert dossier(after, "ana").live == frozenset()
    assert [each.number for each in dossier(after, "ana").given] == [7, 6]
    moved = acts.merged("ana", "old", {"ways": []}, by="ops", at=NOON, reason="x")
    merge = chained(moved, number=8, previous_hash="", at=float(NOON))
    assert dossier([], "old", merges=[merge]).merged_into == "ana"
    assert dossier([merge], "ana").merged_from == ("old",)
    assert merge.source is Source.OPERATOR
