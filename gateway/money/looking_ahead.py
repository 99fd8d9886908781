"""What is worth asking Stripe although no entry came: a renewal that nobody told us of.

A period that ended is followed by the slack, in which its reader goes on reading; within it Stripe is
asked what became of the renewal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.model.entry import Entry
from gateway.money.entries.acts import Act
from gateway.money.folding.fold import Want, fold
from gateway.money.folding.subscriptions import Course
from gateway.money.ledger import Ledger

READERS_MAX = 200  # of whom stories are read at once
_DAY_SECONDS = 86400.0
_RULES = (Act.PLANS, Act.SETTINGS)


class Ending(Protocol):
    """Raises StoreUnavailable."""

    async def ending(self, *, after: float, before: float) -> Sequence[str]:
        """The readers that hold something which ends then."""


async def wants_of_ending(
    ledger: Ledger, holdings: Ending, *, slack_seconds: float, now: float
) -> frozenset[Want]:
    """Of the readers whose slack runs, or ran out within a day. Raises StoreUnavailable."""
    readers = await holdings.ending(after=now - _DAY_SECONDS, before=now + slack_seconds)
    wants: set[Want] = set()
    for start in range(0, len(readers), READERS_MAX):
        named: list[Entry] = []
        for reader in readers[start : start + READERS_MAX]:
            named += await ledger.of_reader(reader)
        whole = {each.number: each for each in await ledger.objects(_RULES)}
        whole |= {each.number: each for each in await ledger.story(named)}
        folded = fold(whole.values(), now=now)
        # One that is cancelled for its end isn't renewed.
        leaving = {
            name for name, held in folded.held.items() if held.standing.course is Course.ENDING
        }
        wants |= {want for want in folded.wants if want.id not in leaving}
    return frozenset(wants)
