"""Interleaved rounds over all cases: what drifts, drifts for all alike.

CPU is the lower quartile of the rounds, for everyone: a shared host has two speeds and changes between
them every ten to twenty seconds, so a median is now the one and now the other, and what disturbs a
round only ever makes it longer. Rates and latencies are medians.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from gateway.bench.cases import CODINGS, Case, objection
from gateway.bench.load import BROWSER, Ask, Result, Wrk, once
from gateway.bench.processes import BenchFailed, Server, fetch


@dataclass(frozen=True, slots=True)
class Measured:
    """Of all rounds. ``failed``: answers other than 2xx and 3xx."""

    requests_per_second: float
    p50_millis: float
    p99_millis: float
    cpu_micros: float
    failed: int


Key = tuple[Case, str]
Outcome = Measured | str  # or why it couldn't be measured


@dataclass(frozen=True, slots=True)
class _Sample:
    result: Result
    cpu_seconds: float


def measure(
    wrk: Wrk,
    cases: Sequence[Case],
    servers: Mapping[str, Server | str],
    cookies: Sequence[str],
    *,
    rounds: int,
    seconds: float,
    told: Callable[[str], None],
    between: Callable[[], None],
) -> dict[Key, Outcome]:
    """Every case in every coding. A server that isn't there has its reason in ``servers``. ``between`` is
    called after each round, while no server has anything to do."""
    outcomes: dict[Key, Outcome] = {}
    ready: list[tuple[Key, Server, list[Ask]]] = []
    for case in cases:
        server = servers[case.server]
        for coding in CODINGS:
            asks = case.asks(cookies)
            why = server if isinstance(server, str) else _warm(server, case, coding, asks)
            if why or isinstance(server, str):
                outcomes[case, coding] = why
            else:
                ready.append(((case, coding), server, asks))
    samples: dict[Key, list[_Sample]] = {key: [] for key, _, _ in ready}
    for number in range(rounds):
        for key, server, asks in ready:
            told(f"round {number + 1} of {rounds}: {key[0].name}, {key[1]}")
            try:
                samples[key].append(_sample(wrk, server, asks, key[1], seconds))
            except (BenchFailed, ValueError) as error:
                outcomes[key] = str(error)
        between()
    for key, taken in samples.items():
        if taken:
            outcomes[key] = summary(taken)
    return outcomes


def _warm(server: Server, case: Case, coding: str, asks: Sequence[Ask]) -> str:
    """Ask once for each reader, then look at an answer. Empty, or why it isn't measured."""
    try:
        answered = once(server.port, asks, coding=coding)
        if answered != len(asks):
            return f"{len(asks) - answered} of {len(asks)} first answers weren't 200"
        headers = {**BROWSER, "Accept-Encoding": coding}
        if asks[0].cookie:
            headers["Cookie"] = asks[0].cookie
        return objection(case, coding, fetch(server.port, case.path, headers))
    except OSError as error:
        return f"no answer: {error}"


def _sample(wrk: Wrk, server: Server, asks: Sequence[Ask], coding: str, seconds: float) -> _Sample:
    before = server.cpu_seconds()
    result = wrk.press(server.port, asks, coding=coding, seconds=seconds)
    return _Sample(result, server.cpu_seconds() - before)


def summary(samples: Sequence[_Sample]) -> Measured:
    return Measured(
        requests_per_second=median(s.result.requests / s.result.seconds for s in samples),
        p50_millis=median(s.result.p50_micros for s in samples) / 1e3,
        p99_millis=median(s.result.p99_micros for s in samples) / 1e3,
        cpu_micros=quiet([s.cpu_seconds * 1e6 / s.result.requests for s in samples]),
        failed=sum(s.result.failed for s in samples),
    )


def quiet(costs: Sequence[float]) -> float:
    """The lower quartile of what was spent."""
    return sorted(costs)[len(costs) // 4]
