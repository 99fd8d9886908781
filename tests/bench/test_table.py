"""Ratios are of the same coding in the same run; what wasn't measured is neither good nor bad."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from gateway.bench.cases import CACHE, CASES, KEPT_PAGE, NONE, OAUTH, OURS, PASS, STREAMED, Budget
from gateway.bench.rounds import Key, Measured, Outcome
from gateway.bench.table import Line, as_json, left_out, lines_table, multiple, ratios, within


def measured(cpu_micros: float) -> Measured:
    return Measured(1_000, 1.0, 2.0, cpu_micros, 0)


def key(server: str, coding: str, label: str = "") -> Key:
    wanted = (case for case in CASES if case.server == server and label in case.label)
    return next(wanted), coding


OUTCOMES: dict[Key, Outcome] = {
    key(PASS, "identity"): measured(40.0),
    key(PASS, "gzip"): measured(20.0),
    key(CACHE, "gzip"): measured(10.0),
    key(OURS, "gzip", "teaser"): measured(5.0),
    key(OURS, "identity", "teaser"): measured(20.0),
    key(OAUTH, "gzip"): "neither oauth2-proxy nor Go is installed",
}


@pytest.mark.parametrize(
    ("coding", "peer", "expected"),
    [
        ("gzip", PASS, 0.25),
        ("gzip", CACHE, 0.5),
        ("identity", PASS, 0.5),
        ("identity", CACHE, None),
    ],
)
def test_multiples(coding: str, peer: str, expected: float | None) -> None:
    assert multiple(OUTCOMES, key(OURS, coding, "teaser"), peer) == expected


@pytest.mark.parametrize(
    ("budget", "of_pass", "of_cache", "verdict"),
    [
        (KEPT_PAGE, 0.25, 1.0, True),
        (KEPT_PAGE, 0.26, 1.0, False),
        (KEPT_PAGE, 0.2, 1.1, False),
        (KEPT_PAGE, 0.2, None, None),
        (STREAMED, 2.4, 20.0, True),
        (NONE, 0.1, 0.1, None),
    ],
)
def test_budgets(
    budget: Budget, of_pass: float | None, of_cache: float | None, verdict: bool | None
) -> None:
    assert within(budget, of_pass, of_cache) is verdict


def test_the_table_names_what_is_left_out() -> None:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(ratios(OUTCOMES, CASES))
    text = console.export_text()
    assert "0.25" in text
    assert "left out" in text
    (reason,) = left_out(OUTCOMES)
    assert "oauth2-proxy (gzip): neither oauth2-proxy nor Go is installed" in reason


def test_lines() -> None:
    lines = [
        Line("decision", 2.0, "µs", 3.0),
        Line("teaser", 6.0, "ms", 5.0),
        Line("start-up", None, "", note="it ended"),
    ]
    assert [line.within for line in lines] == [True, False, None]
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(lines_table(lines))
    assert "it ended" in console.export_text()


def test_json_holds_every_number_and_every_reason() -> None:
    told = json.loads(json.dumps(as_json(OUTCOMES, [Line("decision", 2.0, "µs", 3.0)])))
    assert len(told["servers"]) == len(OUTCOMES)
    assert [row["left_out"] for row in told["servers"] if "left_out" in row]
    ours = [row for row in told["servers"] if row["server"] == OURS]
    assert [row["of_proxy_pass"] for row in ours] == [0.25, 0.5]
    assert told["alone"][0]["within_budget"] is True
