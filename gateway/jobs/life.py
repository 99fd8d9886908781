"""Mail of subscriptions' lives: one node at a time reads on in the ledger, looks ahead, and sends."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.clock import Clock
from gateway.jobs.periodic import LeaseHolder, holder
from gateway.money.life.sending import Living

EVERY_SECONDS = 5.0
AHEAD_EVERY_SECONDS = 6 * 3600.0
LEASE_SECONDS = 90.0
_ROUNDS_MAX = 100
_KEPT_SECONDS = 30 * 86400.0


@dataclass(slots=True, kw_only=True)
class Life:
    living: Living
    sweep: Callable[..., Awaitable[int]]
    leases: LeaseHolder
    clock: Clock
    _looked_at: float | None = None
    _holder: str = field(default_factory=lambda: f"{holder()}:{secrets.token_hex(4)}")

    async def work(self) -> None:
        """Raises StoreUnavailable, and then it is all still to be done."""
        now = self.clock.now()
        if not await self.leases.take("life", self._holder, now=now, seconds=LEASE_SECONDS):
            return
        for _ in range(_ROUNDS_MAX):
            if not await self.living.read_on(now=self.clock.now()):
                break
        if self._looked_at is None or now - self._looked_at >= AHEAD_EVERY_SECONDS:
            await self.living.look_ahead(now=now)
            await self.sweep(before=now - _KEPT_SECONDS)
            self._looked_at = now
        await self.living.send_due(now=self.clock.now())
