"""Jobs by the clock, each alone with its errors, some of them once among all nodes."""

from __future__ import annotations

import asyncio
import math
import os
import random
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.clock import Clock
from gateway.ops.logs import logger

_LOG = "lychgate.jobs"
LOOK_ANYWAY_SECONDS = 2.0  # what comes due by itself waits so long at most


class LeaseHolder(Protocol):
    """Raises StoreUnavailable."""

    async def take(self, name: str, holder: str, *, now: float, seconds: float) -> bool: ...


def holder() -> str:
    """As whom this process takes leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Job:
    """``every_seconds`` gets a tenth of jitter, so that nodes don't march in step.

    ``version`` is the store's (``stores.changes``), for work that finds nothing to do where nothing was
    written since it last looked, but for what comes due. ``due``: whether to take the lease at all, which
    is written; it may raise StoreUnavailable."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[None]]
    once_among_nodes: bool = False
    version: Callable[[], int | None] | None = None
    due: Callable[[], Awaitable[bool]] | None = None


async def run_all(jobs: list[Job], *, leases: LeaseHolder, clock: Clock) -> None:
    """Until cancelled."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job, leases, clock))


async def _repeat(job: Job, leases: LeaseHolder, clock: Clock) -> None:
    turns = _Turns(job, leases, clock)
    while True:
        try:
            await turns.take()
        except Exception as error:
            logger(_LOG).error("job-failed", job=job.name, error=type(error).__name__)
            turns.looked_at = -math.inf
        await asyncio.sleep(job.every_seconds * random.uniform(0.95, 1.05))  # noqa: S311 - jitter


class _Turns:
    """One job's, as they come."""

    def __init__(self, job: Job, leases: LeaseHolder, clock: Clock) -> None:
        self._job = job
        self._leases = leases
        self._clock = clock
        self._holder = holder()
        self.looked_at = -math.inf
        self._version: int | None = None

    async def take(self) -> None:
        """Raises whatever the job does."""
        job = self._job
        if job.version is not None and self._nothing_new(job.version):
            return
        if job.due is not None and not await job.due():
            return
        if not job.once_among_nodes or await self._leases.take(
            job.name, self._holder, now=self._clock.now(), seconds=job.every_seconds
        ):
            await job.work()

    def _nothing_new(self, version: Callable[[], int | None]) -> bool:
        """Asked before the work, so what it writes itself lets it look once more."""
        before, self._version = self._version, version()
        now = self._clock.monotonic()
        if (
            self._version is not None
            and self._version == before
            and now - self.looked_at < LOOK_ANYWAY_SECONDS
        ):
            return True
        self.looked_at = now
        return False
