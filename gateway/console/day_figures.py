"""A day as it stands: its figures, Stripe's word on them, and who has signed these very ones. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from gateway.console.words import Words
from gateway.model.entry import Entry, canonical
from gateway.model.movement import Sum
from gateway.money import day
from gateway.money.day import Line
from gateway.money.entries.acts import Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A day as it stands. ``counted`` is Stripe's word on it, once it was asked; ``whole``: it was asked
    when the day was over. ``signed`` says who signed these very figures, and when; ``reopened``: others
    were signed. ``begun``: it isn't a day to come."""

    day: date
    lines: Sequence[Line]
    counted: Mapping[str, Any] | None
    counted_at: float | None
    whole: bool
    begun: bool
    over: bool
    signed: Mapping[str, float]
    reopened: bool

    @property
    def signers(self) -> Sequence[str]:
        return list(self.signed)

    @property
    def version(self) -> str:
        """Of all that is shown of them: whoever signs says by it what they saw."""
        named = [list((self.counted or {}).get(name, ())) for name in ("only_stripe", "only_ours")]
        shown = [[each.others, each.currency, str(each.sort)] for each in self.lines]
        return sha256(canonical([day.digest(self.lines), shown, named]).encode()).hexdigest()

    @property
    def even(self) -> bool:
        """No gap in any figure that both know."""
        return all(line.gap in (None, (0, 0)) for line in self.lines)


def figures_of(
    this: date,
    sums: Sequence[Sum],
    done: Sequence[Entry],
    *,
    changed: int,
    span: tuple[float, float],
    now: float,
) -> Figures:
    """``done`` are the acts on the day, ``changed`` the entry that moved any of its figures last."""
    counts = [entry for entry in done if entry.kind == Act.COUNTED]
    counted = counts[-1] if counts else None
    lines = day.lines(sums, counted.said if counted else None)
    signed = [entry for entry in done if entry.kind == Act.SIGNED]
    stands = day.digest(lines)
    good: dict[str, float] = {}
    for entry in signed:
        if entry.number > changed and entry.said.get("figures") == stands:
            good.setdefault(str(entry.said.get("by", "")), entry.observed_at)
    since, until = span
    return Figures(
        day=this,
        lines=lines,
        counted=counted.said if counted else None,
        counted_at=counted.observed_at if counted else None,
        whole=counted is not None and counted.observed_at >= until,
        begun=now >= since,
        over=now >= until,
        signed=good,
        reopened=bool(signed) and not good,
    )


def by_currency(lines: Sequence[Line], words: Words, language: str) -> list[dict[str, Any]]:
    """A table of each: nothing is added across them."""

    def figure(pair: tuple[int, int] | None, currency: str) -> dict[str, str] | None:
        if pair is None:
            return None
        return {
            "count": words.number(pair[0], language),
            "amount": words.money(pair[1], currency, language),
        }

    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        found.setdefault(line.currency, []).append(
            {
                "sort": str(line.sort),
                "ours": figure(line.ours, line.currency),
                "stripe": figure(line.stripe, line.currency),
                "others": figure(line.others, line.currency),
                "gap": figure(line.gap, line.currency),
                "even": line.gap == (0, 0),
            }
        )
    return [{"code": currency.upper(), "lines": each} for currency, each in found.items()]
