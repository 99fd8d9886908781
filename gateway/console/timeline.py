"""When a reader could read which tier, and because of which entries: the fold, told step by step. Pure.

The ledger is folded as it stood after each entry came; what was open from there to the next step was open
then. So the drawing says what the gateway did, and not what it would have done had it known more.
Entries that came within a minute are one step, as the fold takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

from gateway.model.entitlement import Entitlement
from gateway.model.entry import Entry
from gateway.money.entries.acts import DESK_WORK
from gateway.money.folding.fold import fold

STEPS_MAX = 160
_TOGETHER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Span:
    """``tier`` was open from ``since`` up to ``until``, by ``entries``. ``until`` may lie ahead."""

    tier: str
    since: float
    until: float
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """``spans`` by tier, the oldest first. ``cut``: what happened before ``since`` isn't drawn."""

    spans: tuple[Span, ...]
    since: float
    until: float
    cut: bool = False
    failed: str = ""

    @property
    def tiers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.tier for each in self.spans))


def timeline(story: Iterable[Entry], reader: str, *, now: float) -> Timeline:
    """``story`` as for ``effect``. An entry that can't be folded ends the drawing, and says so."""
    entries = sorted(story, key=lambda each: each.number)
    steps = _steps(entries)
    drawn = steps[-STEPS_MAX:]
    open_spans: dict[str, Span] = {}
    done: list[Span] = []
    failed = ""
    for place, here in enumerate(drawn):
        at = entries[here].at
        until = entries[drawn[place + 1]].at if place + 1 < len(drawn) else inf
        try:
            folded = fold(entries[: here + 1], now=0.0)
        except Exception as error:
            failed = repr(error)[:300]
            break
        held = folded.entitlements.get(reader, ())
        _step(open_spans, done, held, at=at, until=until)
    done += open_spans.values()
    spans = sorted(done, key=lambda each: (each.tier, each.since))
    first = min((each.since for each in spans), default=now)
    last = max((each.until for each in spans if each.until < inf), default=now)
    return Timeline(tuple(spans), first, max(last, now), len(steps) > len(drawn), failed)


def _steps(entries: Sequence[Entry]) -> list[int]:
    """Positions of the last entry of each step."""
    steps: list[int] = []
    for position, entry in enumerate(entries):
        if entry.kind in DESK_WORK:
            continue
        last = position + 1 == len(entries)
        if last or entries[position + 1].at - entry.at > _TOGETHER_SECONDS or not steps:
            steps.append(position)
    if entries and (not steps or steps[-1] != len(entries) - 1):
        steps.append(len(entries) - 1)
    return steps


def _step(
    open_spans: dict[str, Span],
    done: list[Span],
    held: Iterable[Entitlement],
    *,
    at: float,
    until: float,
) -> None:
    """What is held from ``at`` to ``until`` prolongs what was open, or begins something new."""
    best: dict[str, Entitlement] = {}
    for each in held:
        if max(at, each.starts_at) < min(until, each.ends_at) and (
            each.tier not in best or best[each.tier].ends_at < each.ends_at
        ):
            best[each.tier] = each
    done += [open_spans.pop(tier) for tier in list(open_spans) if tier not in best]
    for tier, each in best.items():
        span = Span(tier, max(at, each.starts_at), min(until, each.ends_at), each.entries)
        before = open_spans.get(tier)
        if before is not None and before.until >= span.since:
            named = tuple(sorted({*before.entries, *span.entries}))
            span = replace(before, until=span.until, entries=named)
        elif before is not None:
            done.append(before)
        open_spans[tier] = span
