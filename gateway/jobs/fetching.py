"""Asking Stripe, one node at a time: what hints and the fold want to know, and prices that changed.

Before the first question the account that the key speaks for is compared with the ledger's: a foreign
account's answers never get in. Where Stripe is away nothing is asked for a while, then for longer.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import Clock
from gateway.errors import Faults, StripeRefused, StripeUnavailable
from gateway.jobs.periodic import LeaseHolder, holder
from gateway.money.applying import pin
from gateway.money.fetching import Fetcher
from gateway.money.ledger import Ledger
from gateway.money.prices import Refresher
from gateway.ops.logs import logger

EVERY_SECONDS = 0.5
LEASE_SECONDS = 90.0
_RENEWED_SECONDS = 20.0
_QUIET_SECONDS = 2.0
_QUIET_SECONDS_MAX = 60.0
_FOREIGN_SECONDS = 300.0
_LOG = "lychgate.money"


@dataclass(slots=True, kw_only=True)
class Fetching:
    """``account`` asks Stripe whose key it is; ``told`` is what the config says of that."""

    fetcher: Fetcher
    refresher: Refresher
    ledger: Ledger
    leases: LeaseHolder
    clock: Clock
    account: Callable[[], Awaitable[str]]
    told: Mapping[str, Any]
    _pinned: bool = False
    _quiet: float = 0.0
    _quiet_until: float = 0.0
    _renewed_at: float = 0.0
    _holder: str = field(default_factory=lambda: f"{holder()}:{secrets.token_hex(4)}")

    async def fetch_due(self) -> None:
        """Raises StoreUnavailable, and then it is all still to be asked."""
        if not await self.waits() or not await self._take():
            return
        try:
            await self._fetch()
        finally:
            # Whoever comes next needn't wait for the lease to run out.
            await self.leases.take("fetch", self._holder, now=self.clock.now(), seconds=0.0)

    async def _fetch(self) -> None:
        try:
            if not self._pinned:
                await self._pin()
            done = await self.fetcher.fetch_due(still=self._still)
        except StripeUnavailable as error:
            logger(_LOG).warning("stripe-away", reason=error.reason, detail=error.detail)
            self._rest(self._longer())
            return
        except (Faults, StripeRefused) as error:
            logger(_LOG).error("stripe-not-ours", why=str(error))
            self._rest(_FOREIGN_SECONDS)
            return
        if done.away:
            self._rest(self._longer())
        elif done.asked:
            self._quiet = 0.0

    async def waits(self) -> bool:
        """Whether there is something to ask that needn't rest. Raises StoreUnavailable."""
        return self.clock.monotonic() >= self._quiet_until and await self.fetcher.due()

    async def refresh_prices(self) -> None:
        """Those that are absent or a day old. Whoever sells waits for them, so it is no error here."""
        try:
            if not self._pinned:
                await self._pin()
            await self.refresher.refresh_if_old()
        except (StripeUnavailable, StripeRefused, Faults) as error:
            logger(_LOG).warning("prices-not-refreshed", why=str(error))

    async def _pin(self) -> None:
        told = {**self.told, "account": await self.account()}
        if await pin(self.ledger, told, now=self.clock.now()):
            logger(_LOG).info("stripe-account-pinned", **told)
        self._pinned = True

    async def _take(self) -> bool:
        self._renewed_at = self.clock.monotonic()
        now = self.clock.now()
        return await self.leases.take("fetch", self._holder, now=now, seconds=LEASE_SECONDS)

    async def _still(self) -> bool:
        """A round of slow answers outlasts a lease."""
        if self.clock.monotonic() - self._renewed_at < _RENEWED_SECONDS:
            return True
        return await self._take()

    def _longer(self) -> float:
        self._quiet = min(max(2 * self._quiet, _QUIET_SECONDS), _QUIET_SECONDS_MAX)
        return self._quiet

    def _rest(self, seconds: float) -> None:
        self._quiet_until = self.clock.monotonic() + seconds
