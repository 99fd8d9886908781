"""A reconcile each night, and whenever somebody asks for one; never two at a time, on however many nodes.

It runs in the hours in which few read: at the first 3 o'clock of the site's time zone after the last
one, or as soon as a process starts when none has run since then. A night is done once what its run found
is in the ledger; one that was killed before is taken up again by whoever looks next, as a lease runs out.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.clock import Clock
from gateway.errors import Busy, LychgateError
from gateway.jobs.fetching import Fetching
from gateway.jobs.folding import Folding
from gateway.jobs.periodic import LeaseHolder, holder
from gateway.money.foreseeing import Holdings
from gateway.money.ledger import Ledger, Work
from gateway.money.reconcile import Reconciler, Report, Step, Stripe
from gateway.ops.logs import logger

EVERY_SECONDS = 300.0
LEASE_SECONDS = 120.0
_RENEWED_SECONDS = 30.0
_AGAIN_SECONDS = 1800.0
_NIGHT_HOUR = 3
_SETTLE_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_LEASE_SHARE = 0.9  # of its seconds a lease is held
_LOG = "lychgate.money"


def nothing(step: Step, done: int, total: int | None) -> None:
    del step, done, total


@dataclass(slots=True, kw_only=True)
class Reconciling:
    ledger: Ledger
    work: Work
    holdings: Holdings
    stripe: Stripe
    folding: Folding
    fetching: Fetching
    leases: LeaseHolder
    clock: Clock
    mode: Mapping[str, Any]
    zone: ZoneInfo
    _renewed_at: float = 0.0
    _night: str = ""  # as whom this process holds the lease of the night, while it runs for it
    _holder: str = field(default_factory=lambda: f"{holder()}:{secrets.token_hex(4)}")

    async def run(
        self,
        *,
        allow_closing: bool = False,
        told: Callable[[Step, int, int | None], None] = nothing,
    ) -> Report:
        """Raises Busy where another runs, and whatever ``Reconciler.run`` does."""
        await self._take()
        await self.folding.fold_due()
        await self._still()
        reconciler = Reconciler(
            ledger=self.ledger,
            holdings=self.holdings,
            stripe=self.stripe,
            clock=self.clock,
            mode=self.mode,
            still=self._still,
            told=told,
        )
        try:
            report = await reconciler.run(allow_closing=allow_closing)
        finally:
            # Whoever comes next needn't wait for the lease to run out.
            await self.leases.take("reconcile", self._holder, now=self.clock.now(), seconds=0.0)
        _log(report)
        return report

    async def settle(self) -> bool:
        """Fold and ask until all that was found has become what readers hold. Where another process
        has the leases, it does so meanwhile. False where a minute wasn't enough, or Stripe is away."""
        until = self.clock.monotonic() + _SETTLE_SECONDS
        while self.clock.monotonic() < until:
            await self.folding.fold_due()
            await self.fetching.fetch_due()
            now = self.clock.now()
            if not await self.work.due(now=now, limit=1) and not await self.fetching.waits():
                return not await self.work.hints(now=now, limit=1)
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def nightly(self) -> None:
        """Errors are logged here: a night that failed is tried again in half an hour."""
        now = self.clock.now()
        # A holder of its own each time: once it is done, the lease keeps this process out too.
        night = f"{self._holder}:{secrets.token_hex(4)}"
        if not await self._take_night(night, now + LEASE_SECONDS):
            return
        until = next_night(now, self.zone)
        self._night = night
        try:
            await self.run()
        except LychgateError as error:
            logger(_LOG).error("not-reconciled", reason=error.reason, why=str(error))
            until = self.clock.now() + _AGAIN_SECONDS
        finally:
            self._night = ""
        await self._take_night(night, until)

    async def _take_night(self, night: str, until: float) -> bool:
        now = self.clock.now()
        seconds = max(0.0, until - now) / _LEASE_SHARE
        return await self.leases.take("nightly-reconcile", night, now=now, seconds=seconds)

    async def _take(self) -> None:
        self._renewed_at = self.clock.monotonic()
        now = self.clock.now()
        if not await self.leases.take("reconcile", self._holder, now=now, seconds=LEASE_SECONDS):
            raise Busy("reconcile")
        if self._night and not await self._take_night(self._night, now + LEASE_SECONDS):
            raise Busy("reconcile")

    async def _still(self) -> None:
        if self.clock.monotonic() - self._renewed_at >= _RENEWED_SECONDS:
            await self._take()


def next_night(now: float, zone: ZoneInfo) -> float:
    """The next 3 o'clock there, as seconds since the epoch."""
    here = datetime.fromtimestamp(now, zone)
    night = here.replace(hour=_NIGHT_HOUR, minute=0, second=0, microsecond=0)
    if night <= here:
        night = (night + timedelta(days=1)).replace(hour=_NIGHT_HOUR)
    return night.timestamp()


def _log(report: Report) -> None:
    said = asdict(report)
    counted = {name: len(each) if isinstance(each, tuple) else each for name, each in said.items()}
    if report.stopped:
        logger(_LOG).error("reconcile-stopped", **counted)
    else:
        logger(_LOG).info("reconciled", **counted)
    for drift in report.drifts[:100]:
        logger(_LOG).warning("drift", subscription=drift.subscription, fields=drift.fields)
    for each in report.missing:
        logger(_LOG).error("missing-at-stripe", subscription=each)
