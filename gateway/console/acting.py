"""Acts of operators: entries of the ledger, and a moment's wait until they are applied.

Nothing is ever edited. The background process folds what is appended within a second; whoever acted
sees the outcome on the next page, and where that takes longer, that it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.console.frame import Visit
from gateway.errors import RequestRefused
from gateway.model.entry import Draft
from gateway.model.handling import Handling
from gateway.model.mark import State, Why
from gateway.money.ledger import Ledger

WAIT_SECONDS = 2.0
_LOOK_SECONDS = 0.1
REASON_MAX = 500


class Handlings(Protocol):
    """Every method raises StoreUnavailable."""

    async def handling(self, number: int) -> Handling | None: ...

    async def again(self, number: int, *, now: float) -> bool:
        """Due at once. False for what came to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """``pause`` waits so many seconds."""

    ledger: Ledger
    handlings: Handlings
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def append(self, drafts: Sequence[Draft], *, now: float) -> None:
        """Raises StoreUnavailable: then nothing was done."""
        if not drafts:
            return
        appended = await self.ledger.append(drafts, now=now)
        await self.settled(max(each.number for each in appended))

    async def settled(self, number: int) -> bool:
        """Whether an entry was looked at, within a moment."""
        for _ in range(int(WAIT_SECONDS / _LOOK_SECONDS)):
            handling = await self.handlings.handling(number)
            if handling is None or looked_at(handling):
                return True
            await self.pause(_LOOK_SECONDS)
        return False


def looked_at(handling: Handling) -> bool:
    """Applied, or found wanting something, or failed: whatever became of it is said with it."""
    return handling.state != State.RECEIVED or handling.reason != Why.NONE


def reason_of(visit: Visit, *, needed: bool = True) -> str:
    """What was typed into ``reason``. Raises RequestRefused where one is needed: the page asks for it."""
    reason = " ".join(visit.ask.written("reason").split())[:REASON_MAX]
    if needed and not reason:
        raise RequestRefused(400, "reason-needed")
    return reason
