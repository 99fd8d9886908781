"""The ledger's entries become what readers hold: one node at a time, as soon as there is something.

At the start the publisher's plans and settings go into the ledger, where they differ from the newest
that it knows: a replay years later must know by which rules access was given.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import Clock
from gateway.errors import Faults
from gateway.jobs.periodic import LeaseHolder, holder
from gateway.money.applying import apply_rules
from gateway.money.dropping import refuse_dropped
from gateway.money.fetching import Wants
from gateway.money.ledger import Ledger, Work
from gateway.money.project import BATCH_MAX, Projector
from gateway.ops.logs import logger
from gateway.stores.leases import FOLDING

EVERY_SECONDS = 0.3
# Short, and renewed while folding: who is killed in the middle keeps nobody waiting for long.
LEASE_SECONDS = 15.0
_RENEW_SECONDS = 4.0
_ROUNDS_MAX = 100
_AGAIN_SECONDS = 300.0
_PATIENCE = 10
_LOG = "lychgate.money"


@dataclass(slots=True, kw_only=True)
class Folding:
    """``prices`` are the tiers that each price opens, ``settings`` the keys of ``[stripe]``.
    ``dropped`` are prices that may vanish though somebody pays for them."""

    ledger: Ledger
    work: Work
    projector: Projector
    wants: Wants
    leases: LeaseHolder
    clock: Clock
    prices: Mapping[str, Sequence[str]]
    settings: Mapping[str, Any]
    dropped: Collection[str] = ()
    rules_refused: bool = False  # those of before go on counting; for metrics
    _told_until: float = 0.0
    _holder: str = field(default_factory=lambda: f"{holder()}:{secrets.token_hex(4)}")
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fold_due(self) -> None:
        """Raises StoreUnavailable, and then it is all still there."""
        async with self._one_at_a_time:
            await self._fold_due()

    async def fold_now(self) -> None:
        """For somebody who waits for it: where another process folds just now, after that one, a second
        later at most. Raises as ``fold_due``."""
        for _ in range(_PATIENCE):
            async with self._one_at_a_time:
                if await self._fold_due():
                    return
            await asyncio.sleep(EVERY_SECONDS / 3)

    async def _fold_due(self) -> bool:
        """False where another process has the lease."""
        now = self.clock.now()
        if self.clock.monotonic() >= self._told_until:
            await self._tell_rules(now)
        if not await self.work.due(now=now, limit=1):
            return True
        if not await self.leases.take(FOLDING, self._holder, now=now, seconds=LEASE_SECONDS):
            return False
        renewing = asyncio.create_task(self._renew())
        try:
            await self._apply_all()
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            # Whoever comes next needn't wait for the lease to run out.
            await self.leases.take(FOLDING, self._holder, now=self.clock.now(), seconds=0.0)
        return True

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            now = self.clock.now()
            await self.leases.take(FOLDING, self._holder, now=now, seconds=LEASE_SECONDS)

    async def _tell_rules(self, now: float) -> None:
        """Rules that the ledger can't take are refused, and those that it has go on counting: nobody
        loses what they paid for by a slip in a config, nor by waiting for it to be mended."""
        try:
            await refuse_dropped(self.ledger, {*self.prices, *self.dropped})
            await apply_rules(self.ledger, prices=self.prices, values=self.settings, now=now)
        except Faults as faulty:
            faults = [str(fault) for fault in faulty.faults]
            logger(_LOG).error("rules-refused", faults=faults)
            self.rules_refused = True
            self._told_until = self.clock.monotonic() + _AGAIN_SECONDS
        else:
            self.rules_refused = False
            self._told_until = math.inf

    async def _apply_all(self) -> None:
        for _ in range(_ROUNDS_MAX):
            applied = await self.projector.apply_due(fence=self._holder)
            for number, why in applied.failed:
                logger(_LOG).error("entry-not-applied", entry=number, why=why)
            if applied.wants:
                wants = [(each.kind, each.id) for each in applied.wants]
                await self.wants.want(wants, now=self.clock.now())
            if applied.readers:
                logger(_LOG).info("entitled", readers=len(applied.readers))
            if applied.entries < BATCH_MAX:
                return  # what came meanwhile waits a moment, and costs less with what comes after it
