"""What one entry changed: its readers' entitlements without it, and with it. Pure.

Twice the fold, over what was in the ledger before the entry came and over the same with it. What later
entries made of it shows on the reader's page; here it is what it did when it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.model.entitlement import Entitlement
from gateway.model.entry import Entry
from gateway.money.folding.fold import Folded, fold


@dataclass(frozen=True, slots=True)
class Line:
    """One reader's one tier. None: the tier isn't held. ``differs`` marks what the entry changed."""

    reader: str
    tier: str
    before: Entitlement | None
    after: Entitlement | None

    @property
    def differs(self) -> bool:
        return _said(self.before) != _said(self.after)


@dataclass(frozen=True, slots=True)
class Effect:
    """``now``: those of the readers today. ``failed``: it can't be folded, and why."""

    lines: tuple[Line, ...] = ()
    failed: str = ""


def effect(story: Iterable[Entry], number: int) -> Effect:
    """``story``: all that hangs together with the entry, and every version of plans and settings."""
    until = [entry for entry in story if entry.number <= number]
    try:
        # What is worth asking Stripe doesn't matter here, and nothing else needs a clock.
        before = fold((entry for entry in until if entry.number < number), now=0.0)
        after = fold(until, now=0.0)
    except Exception as error:
        return Effect(failed=repr(error)[:300])
    return Effect(tuple(_lines(before, after)))


def _lines(before: Folded, after: Folded) -> Iterable[Line]:
    for reader in sorted(after.entitlements.keys() | before.entitlements.keys()):
        old = _best(before.entitlements.get(reader, ()))
        new = _best(after.entitlements.get(reader, ()))
        for tier in sorted(old.keys() | new.keys()):
            yield Line(reader, tier, old.get(tier), new.get(tier))


def _best(held: Iterable[Entitlement]) -> Mapping[str, Entitlement]:
    """Of several that open one tier, the one that lasts longest."""
    best: dict[str, Entitlement] = {}
    for each in held:
        if each.tier not in best or each.ends_at > best[each.tier].ends_at:
            best[each.tier] = each
    return best


def _said(held: Entitlement | None) -> tuple[float, float, bool] | None:
    return None if held is None else (held.starts_at, held.ends_at, held.mendable)
