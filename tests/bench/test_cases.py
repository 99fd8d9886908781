"""What is measured is what a case is about, or it isn't measured."""

from __future__ import annotations

import gzip

import pytest

from gateway.bench import prose
from gateway.bench.cases import (
    CASES,
    CODINGS,
    KEPT_PAGE,
    NONE,
    OURS,
    PEERS,
    STREAMED,
    Case,
    objection,
)
from gateway.bench.processes import Answer

TEASER = Case(OURS, "teaser", "/paid/small", whole=False)
WHOLE = Case(OURS, "whole", "/open/small")
WITHHELD = f"<p>{prose.SHOWN}</p><p>{prose.MARKER}</p>".encode()
CUT = f"<p>{prose.SHOWN}</p>".encode()


@pytest.mark.parametrize(
    ("case", "coding", "answer", "why"),
    [
        (WHOLE, "identity", Answer(200, {}, WITHHELD), ""),
        (TEASER, "identity", Answer(200, {}, CUT), ""),
        (TEASER, "gzip", Answer(200, {"content-encoding": "gzip"}, gzip.compress(CUT)), ""),
        (WHOLE, "identity", Answer(503, {}, WITHHELD), "status 503"),
        (WHOLE, "gzip", Answer(200, {}, WITHHELD), "content-encoding identity, not gzip"),
        (WHOLE, "identity", Answer(200, {}, b"<p>sorry</p>"), "the page isn't the article"),
        (WHOLE, "identity", Answer(200, {}, CUT), "the withheld part is missing"),
        (TEASER, "identity", Answer(200, {}, WITHHELD), "a teaser with withheld words"),
    ],
)
def test_objections(case: Case, coding: str, answer: Answer, why: str) -> None:
    assert objection(case, coding, answer) == why


def test_a_member_is_many_members() -> None:
    member = next(case for case in CASES if case.signed_in)
    assert [ask.cookie for ask in member.asks(["a=1", "a=2"])] == ["a=1", "a=2"]
    assert [ask.cookie for ask in WHOLE.asks(["a=1", "a=2"])] == [""]


def test_every_peer_is_asked_for_the_page_that_budgets_speak_of() -> None:
    peers = {case.server: case.path for case in CASES if case.server in PEERS}
    assert set(peers) == set(PEERS)
    size = {path.rpartition("/")[2] for path in peers.values()}
    assert size == {case.path.rpartition("/")[2] for case in CASES if case.server == OURS}


def test_what_passes_is_measured_against_its_budget_as_50_kb_only() -> None:
    passing = next(case for case in CASES if case.budget is STREAMED)
    assert passing.budget_in("identity") is STREAMED
    assert passing.budget_in("gzip") is NONE
    kept = next(case for case in CASES if case.signed_in)
    assert all(kept.budget_in(coding) is KEPT_PAGE for coding in CODINGS)
