"""``lychgate reconcile``: Stripe against the ledger, now. The background process does it each night.

Exit codes: 0 all agrees, or what differed is mended · 1 it couldn't be done (Stripe or the store is
away, a key of another account) · 3 it stopped before closing too much · 4 another run is under way ·
5 done, and something that Stripe doesn't know any more needs a person.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT, AsJson, Config, settings_of
from gateway.cli.store import with_store

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.money.reconcile import Report, Step
    from gateway.stores.engine import Store

    Told = Callable[[Step, int, int | None], None]

STOPPED, UNDER_WAY, NEEDS_A_PERSON = 3, 4, 5
_SHOWN = 20


def reconcile(
    allow_closing: Annotated[
        bool,
        typer.Option(
            "--allow-closing",
            help="Go on though more than 2 % of what is open now (and at least 10) would close.",
        ),
    ] = False,
    config: Config = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Compare the ledger with Stripe, and append what it doesn't know."""
    from gateway.errors import Busy, Faults
    from gateway.model.fault import Fault, Place
    from gateway.ops import logs

    logs.set_up(process="reconcile")  # on standard error: what is printed is for programs too
    settings = settings_of(config)
    if settings.stripe is None:
        told = "there is no Stripe to compare with: fill in [stripe]"
        raise Faults((Fault(Place(str(config)), told),))
    try:
        with progress() as step:
            report, settled = with_store(
                settings, lambda store: _run(settings, store, step, allow_closing=allow_closing)
            )
    except Busy as busy:
        typer.echo(f"lychgate: {busy}", err=True)
        raise typer.Exit(UNDER_WAY) from None
    if as_json:
        typer.echo(json.dumps({**asdict(report), "settled": settled}, indent=2))
    else:
        for line in lines(report, settled=settled):
            typer.echo(line)
    if report.stopped:
        raise typer.Exit(STOPPED)
    if report.missing:
        raise typer.Exit(NEEDS_A_PERSON)


async def _run(
    settings: Settings, store: Store, told: Told, *, allow_closing: bool
) -> tuple[Report, bool]:
    from gateway.clock import SystemClock
    from gateway.wiring.syncing import Syncing

    syncing = Syncing(settings, store=store, clock=SystemClock())
    try:
        report = await syncing.reconciling.run(allow_closing=allow_closing, told=told)
        return report, await syncing.reconciling.settle()
    finally:
        await syncing.close()


@contextmanager
def progress() -> Iterator[Told]:
    """A bar a step on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda step, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[Step, object] = {}

        def told(step: Step, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(str(step), total=total)
            bars.update(tasks[step], completed=done, total=total)  # type: ignore[arg-type]  # rich takes ints

        yield told


def lines(report: Report, *, settled: bool) -> Iterator[str]:
    yield (
        f"{report.account}: {_some(report.subscriptions, 'subscription')} at Stripe, "
        f"{report.others} of them of other businesses; {_some(report.events, 'event')} of 30 days."
    )
    if report.undelivered:
        yield f"{_some(report.undelivered, 'event')} our endpoint hasn't taken yet."
    if report.missed:
        yield f"{_some(len(report.missed), 'event')} the ledger didn't know."
    for drift in report.drifts[:_SHOWN]:
        what = ", ".join(drift.fields) or "unknown to the ledger"
        yield f"  {drift.subscription}: {what}"
    if len(report.drifts) > _SHOWN:
        yield f"  … and {len(report.drifts) - _SHOWN} more (--json lists all)"
    for each in report.missing:
        yield f"  {each}: Stripe doesn't know it any more; nothing was closed, a person must look"
    if report.agrees:
        yield "Ledger and Stripe agree."
    if report.closing:
        verb = "would close" if report.stopped else "close"
        yield f"{len(report.closing)} of {report.open} open entitlements {verb}."
    if report.stopped:
        yield (
            "Stopped: that is more than 2 %, and nothing of it was written. Look at the account and at "
            "[[plan]]; if it is right, run again with --allow-closing."
        )
    elif report.appended:
        done = "applied" if settled else "to be applied by `lychgate serve`"
        yield f"{_some(report.appended, 'entry', 'entries')} appended, and {done}."


def _some(count: int, noun: str, many: str = "") -> str:
    return f"{count} {noun if count == 1 else many or noun + 's'}"
