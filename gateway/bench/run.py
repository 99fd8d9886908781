"""The whole run, in order: servers up, rounds, what the gateway is like alone.

Whatever can't be measured is named with its reason; only a wrong argument ends the run.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.bench import footing, inside, peers, served
from gateway.bench.cases import CACHE, CADDY, CASES, KEPT, LOGGED, OAUTH, OURS, PASS
from gateway.bench.load import Wrk
from gateway.bench.processes import BenchFailed, Server
from gateway.bench.rounds import Key, Outcome, measure
from gateway.bench.table import Line
from gateway.errors import LychgateError

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How long a run takes. Seconds are whole ones, as wrk takes them. ``spells`` of ``Inside``: one after
    each round, and those that are missing at the end."""

    rounds: int
    seconds: int
    sessions: int
    kept: tuple[int, ...]
    stalled_kept: int
    stalled_streamed: int
    starts: int
    spells: int


# Many short rounds: on a machine that is shared, seconds of one speed follow on seconds of another.
FULL = Size(15, 1, 10_000, (1_000, 10_000), 1_000, 200, 5, 20)
QUICK = Size(1, 1, 500, (1_000,), 200, 50, 2, 1)
_SPELLS_APART_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Report:
    outcomes: dict[Key, Outcome]
    lines: list[Line]
    faults: list[str]


def run(size: Size, *, told: Told) -> Report:
    """Takes about nine minutes at FULL size, one at QUICK."""
    report = Report({}, [], [])
    told("rules and pages")
    alone = inside.Inside()
    folder = Path(tempfile.mkdtemp(prefix="lychgate-bench-"))
    try:
        with ExitStack() as stack:
            try:
                origin = stack.enter_context(peers.origin(folder))
            except BenchFailed as error:
                report.faults.append(f"no origin, so no server is measured: {error}")
            else:
                _under_load(folder, origin, size, report, told, alone)
                _footing(folder, origin, size, report, told)
        told("decisions and teasers")
        while alone.spells < size.spells:
            alone.look()
            time.sleep(_SPELLS_APART_SECONDS)
        report.lines.extend([*alone.decisions(), *alone.teasers()])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report


def _under_load(
    folder: Path, origin: Server, size: Size, report: Report, told: Told, alone: inside.Inside
) -> None:
    try:
        wrk = Wrk(folder)
        told(f"{size.sessions:,} sessions into the store")
        cookies = served.cookies(folder, size.sessions)
    except (BenchFailed, LychgateError) as error:
        report.faults.append(str(error))
        return
    with ExitStack() as stack:
        servers = _start(stack, folder, origin.port, size, told)
        report.outcomes.update(
            measure(
                wrk,
                CASES,
                servers,
                cookies,
                rounds=size.rounds,
                seconds=size.seconds,
                told=told,
                between=alone.look,
            )
        )


def _start(
    stack: ExitStack, folder: Path, origin: int, size: Size, told: Told
) -> dict[str, Server | str]:
    """Each server by name, or why it isn't there."""
    starts: dict[str, Callable[[], AbstractContextManager[Server]]] = {
        PASS: lambda: peers.proxy_pass(folder, origin),
        KEPT: lambda: peers.proxy_pass_kept(folder, origin),
        CACHE: lambda: peers.proxy_cache(folder, origin),
        CADDY: lambda: peers.caddy(folder, origin),
        OAUTH: lambda: peers.oauth2_proxy(folder, origin, may_build=size is not QUICK),
        OURS: lambda: served.lychgate(folder, origin),
        LOGGED: lambda: served.lychgate(folder, origin, name="logged", access_log=True),
    }
    servers: dict[str, Server | str] = {}
    for name, start in starts.items():
        told(f"starting {name}")
        try:
            servers[name] = stack.enter_context(start())
        except (BenchFailed, OSError) as error:
            servers[name] = str(error)
    return servers


def _footing(folder: Path, origin: Server, size: Size, report: Report, told: Told) -> None:
    told("start-up")
    _take(report, "start-up", lambda: footing.start_up(folder, origin.port, times=size.starts))
    told("memory with pages kept")
    _take(report, "kept pages", lambda: footing.kept_pages(folder, origin.port, size.kept))
    told("memory with stalled readers")
    _take(
        report,
        "stalled readers",
        lambda: footing.stalled(
            folder, origin.port, kept=size.stalled_kept, streamed=size.stalled_streamed
        ),
    )


def _take(report: Report, name: str, measure_lines: Callable[[], list[Line]]) -> None:
    try:
        report.lines.extend(measure_lines())
    except (BenchFailed, LychgateError, OSError) as error:
        report.lines.append(Line(name, None, "", note=str(error)))
