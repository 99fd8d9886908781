"""``lychgate bench``: what a page costs here, beside nginx, Caddy and oauth2-proxy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="About a minute, and rougher.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all numbers to FILE.")
    ] = None,
) -> None:
    """Measure the gateway on loopback, beside nginx, Caddy and oauth2-proxy."""
    from rich.console import Console

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
