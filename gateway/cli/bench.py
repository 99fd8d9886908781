"""``lychgate bench``: what a page costs here, beside nginx, Caddy and oauth2-proxy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import ConfigUnread


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="About a minute, and rougher.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all numbers to FILE.")
    ] = None,
    storm: Annotated[
        bool, typer.Option("--storm", help="A minute of 50 logins/s: what an article waits.")
    ] = False,
    webhooks: Annotated[
        int,
        typer.Option(
            "--webhooks", metavar="COUNT", min=0, help="So many, some doubled, some forged."
        ),
    ] = 0,
    rate: Annotated[
        float, typer.Option(min=0.0, help="Of --webhooks a second; 0: as fast as they are taken.")
    ] = 0.0,
    config: ConfigUnread = None,
) -> None:
    """Measure the gateway on loopback, beside nginx, Caddy and oauth2-proxy."""
    from rich.console import Console

    if storm:
        return _storm()
    if webhooks:
        return _webhooks(webhooks, rate)

    from gateway.bench.cases import CASES
    from gateway.bench.run import FULL, QUICK, run
    from gateway.bench.table import as_json, left_out, lines_table, ratios

    console = Console()
    # A table that is piped into a file shouldn't be cut to 80 columns.
    wide = console if console.is_terminal else Console(width=150)
    with console.status("starting") as status:
        report = run(QUICK if quick else FULL, told=status.update)
    for fault in report.faults:
        wide.print(fault, style="yellow", markup=False)
    if report.outcomes:
        wide.print(ratios(report.outcomes, CASES))
        for reason in left_out(report.outcomes):
            wide.print(reason, style="dim", markup=False)
    wide.print(lines_table(report.lines))
    if json_file is not None:
        text = json.dumps(as_json(report.outcomes, report.lines), indent=2)
        json_file.write_text(text + "\n", "utf-8")
    return None


def _storm() -> None:
    from gateway.bench.storm import run

    found = run(told=typer.echo)
    typer.echo(
        f"logins: {found.asked} begun, {found.entered} in; p99 {found.login_p99 * 1e3:.0f} ms"
    )
    for line in found.article.told():
        typer.echo(line)


def _webhooks(count: int, rate: float) -> None:
    from gateway.bench.webhooks import percentile, run

    found = run(events=count, rate=rate, told=typer.echo)
    sent = found.sent
    p50, p99 = (percentile(sent.waits, each) * 1e3 for each in (50, 99))
    typer.echo(f"webhooks: {sent.rate:,.0f} a second; p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    typer.echo(f"answered: genuine {dict(sent.genuine)}, forged {dict(sent.forged)}")
    typer.echo(f"in the ledger: {found.entries:,} of {found.expected:,}; faults: {found.faults}")
    typer.echo(f"folded {found.fold_seconds:.1f} s after the last")
    typer.echo(f"readers: {found.readers:,}, {found.wrong:,} of them other than the model")
    for line in found.article.told():
        typer.echo(line)
    if not found.as_the_model:
        raise typer.Exit(1)
