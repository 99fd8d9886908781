"""The harness against real servers, shortly: it is the numbers that a run is for, not this test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.bench import inside, peers, served
from gateway.bench.cases import CACHE, CASES, CODINGS, OURS, PASS
from gateway.bench.load import Wrk
from gateway.bench.processes import BenchFailed, Server
from gateway.bench.rounds import Measured, measure
from tests.peers import program


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Server]:
    program("nginx")
    with peers.origin(tmp_path) as server:
        yield server


def test_peers_and_the_gateway_are_measured_side_by_side(origin: Server, tmp_path: Path) -> None:
    try:
        wrk = Wrk(tmp_path)
    except BenchFailed as missing:
        pytest.skip(str(missing))
    cookies = served.cookies(tmp_path, 20)
    cases = [case for case in CASES if case.server in (PASS, CACHE, OURS)]
    with (
        peers.proxy_pass(tmp_path, origin.port) as proxied,
        served.lychgate(tmp_path, origin.port) as ours,
    ):
        servers: dict[str, Server | str] = {PASS: proxied, CACHE: "not today", OURS: ours}
        told: list[str] = []
        looks: list[int] = []
        outcomes = measure(
            wrk,
            cases,
            servers,
            cookies,
            rounds=1,
            seconds=1,
            told=told.append,
            between=lambda: looks.append(len(told)),
        )
    assert looks == [len(told)], "once after each round"
    assert len(outcomes) == len(cases) * len(CODINGS)
    for (case, coding), outcome in outcomes.items():
        if case.server == CACHE:
            assert outcome == "not today"
        else:
            assert isinstance(outcome, Measured), f"{case.name} {coding}: {outcome}"
            assert outcome.failed == 0
            assert outcome.cpu_micros > 0


@pytest.fixture(scope="module", name="alone")
def _alone() -> inside.Inside:
    """After one spell. A hundred thousand rules take their time."""
    alone = inside.Inside()
    alone.look()
    return alone


def test_decisions_cost_the_same_whatever_the_number_of_rules(alone: inside.Inside) -> None:
    few, _, many = (line.value for line in alone.decisions())
    assert few is not None
    assert many is not None
    assert many <= 3 * few


def test_the_quietest_spell_counts(alone: inside.Inside) -> None:
    def values() -> list[float]:
        return [line.value or 0.0 for line in (*alone.decisions(), *alone.teasers())]

    before = values()
    alone.look()
    assert all(0 < now <= then for now, then in zip(values(), before, strict=True))
