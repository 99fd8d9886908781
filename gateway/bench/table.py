"""The one table of ratios, the lines under it, and the same as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from gateway.bench.cases import CACHE, CODINGS, PASS, Budget, Case
from gateway.bench.rounds import Key, Measured, Outcome

SERVERS_COLUMNS = ("requests/s", "p50 ms", "p99 ms", "CPU µs", "× proxy_pass", "× proxy_cache")


@dataclass(frozen=True, slots=True)
class Line:
    """One measure that has no peer. ``value`` None: it couldn't be taken, and ``note`` says why.
    ``most`` is the budget in the same unit."""

    name: str
    value: float | None
    unit: str
    most: float | None = None
    note: str = ""

    @property
    def within(self) -> bool | None:
        """None where there is no budget or no measure."""
        return None if self.value is None or self.most is None else self.value <= self.most


def multiple(outcomes: Mapping[Key, Outcome], key: Key, peer: str) -> float | None:
    """The CPU of a case over that of a peer on the same page in the same coding."""
    own = outcomes.get(key)
    if not isinstance(own, Measured):
        return None
    for (case, coding), other in outcomes.items():
        if case.server == peer and coding == key[1] and isinstance(other, Measured):
            return own.cpu_micros / other.cpu_micros if other.cpu_micros else None
    return None


def within(budget: Budget, of_pass: float | None, of_cache: float | None) -> bool | None:
    """None where nothing is asked, or nothing could be compared."""
    asked = [
        (most, got)
        for most, got in ((budget.of_pass, of_pass), (budget.of_cache, of_cache))
        if most is not None
    ]
    if not asked or any(got is None for _, got in asked):
        return None
    return all(got is not None and got <= most for most, got in asked)


def ratios(outcomes: Mapping[Key, Outcome], cases: Sequence[Case]) -> Table:
    table = Table(title="CPU time per request, all processes of a server", title_justify="left")
    table.add_column("asked of", no_wrap=True)
    table.add_column("coding")
    for column in (*SERVERS_COLUMNS, "budget"):
        table.add_column(column, justify="right")
    for coding in CODINGS:
        for case in cases:
            outcome = outcomes.get((case, coding), "not measured")
            if isinstance(outcome, str):
                table.add_row(case.name, coding, "[dim]left out[/dim]", *[""] * 6)
                continue
            of_pass = multiple(outcomes, (case, coding), PASS)
            of_cache = multiple(outcomes, (case, coding), CACHE)
            budget = case.budget_in(coding)
            table.add_row(
                case.name,
                coding,
                f"{outcome.requests_per_second:,.0f}",
                f"{outcome.p50_millis:.2f}",
                f"{outcome.p99_millis:.2f}",
                f"{outcome.cpu_micros:.1f}",
                _ratio(of_pass),
                _ratio(of_cache),
                _budget(budget, within(budget, of_pass, of_cache), outcome.failed),
            )
        table.add_section()
    return table


def left_out(outcomes: Mapping[Key, Outcome]) -> list[str]:
    """Each reason once, with what it is the reason of."""
    reasons: dict[str, list[str]] = {}
    for (case, coding), outcome in outcomes.items():
        if isinstance(outcome, str):
            reasons.setdefault(outcome, []).append(f"{case.name} ({coding})")
    return [f"left out: {'; '.join(names)}: {reason}" for reason, names in reasons.items()]


def lines_table(lines: Sequence[Line]) -> Table:
    table = Table(title="Lychgate alone", title_justify="left")
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("budget", justify="right")
    table.add_column("")
    for line in lines:
        value = "—" if line.value is None else f"{line.value:,.4g} {line.unit}"
        most = "" if line.most is None else f"≤ {line.most:g} {line.unit} {_verdict(line.within)}"
        table.add_row(line.name, value, most, f"[dim]{line.note}[/dim]" if line.note else "")
    return table


def as_json(outcomes: Mapping[Key, Outcome], lines: Sequence[Line]) -> dict[str, object]:
    measured: list[dict[str, object]] = []
    for (case, coding), outcome in outcomes.items():
        row: dict[str, object] = {"server": case.server, "case": case.label, "coding": coding}
        if isinstance(outcome, str):
            measured.append({**row, "left_out": outcome})
            continue
        of_pass = multiple(outcomes, (case, coding), PASS)
        of_cache = multiple(outcomes, (case, coding), CACHE)
        measured.append(
            {
                **row,
                "requests_per_second": outcome.requests_per_second,
                "p50_millis": outcome.p50_millis,
                "p99_millis": outcome.p99_millis,
                "cpu_micros": outcome.cpu_micros,
                "failed": outcome.failed,
                "of_proxy_pass": of_pass,
                "of_proxy_cache": of_cache,
                "within_budget": within(case.budget_in(coding), of_pass, of_cache),
            }
        )
    alone = [
        {
            "measure": line.name,
            "value": line.value,
            "unit": line.unit,
            "budget": line.most,
            "within_budget": line.within,
            "note": line.note,
        }
        for line in lines
    ]
    return {"servers": measured, "alone": alone}


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _budget(budget: Budget, kept: bool | None, failed: int) -> str:
    limits = [f"≤ {most:g}" for most in (budget.of_pass, budget.of_cache) if most is not None]
    text = f"{', '.join(limits)} {_verdict(kept)}" if limits else ""
    return f"{text} [red]{failed} failed[/red]".strip() if failed else text


def _verdict(kept: bool | None) -> str:
    return {None: "?", True: "[green]✓[/green]", False: "[red]✗[/red]"}[kept]
