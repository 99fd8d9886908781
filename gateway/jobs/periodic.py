"""Jobs by the clock, each alone with its errors, some of them once among all nodes."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.clock import Clock
from gateway.ops.logs import logger

_LOG = "lychgate.jobs"


class LeaseHolder(Protocol):
    """Raises StoreUnavailable."""

    async def take(self, name: str, holder: str, *, now: float, seconds: float) -> bool: ...


def holder() -> str:
    """As whom this process takes leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Job:
    """``every_seconds`` gets a tenth of jitter, so that nodes don't march in step."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[None]]
    once_among_nodes: bool = False


async def run_all(jobs: list[Job], *, leases: LeaseHolder, clock: Clock) -> None:
    """Until cancelled."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(job, leases, clock))


async def _repeat(job: Job, leases: LeaseHolder, clock: Clock) -> None:
    own = holder()
    while True:
        try:
            if not job.once_among_nodes or await leases.take(
                job.name, own, now=clock.now(), seconds=job.every_seconds
            ):
                await job.work()
        except Exception as error:
            logger(_LOG).error("job-failed", job=job.name, error=type(error).__name__)
        await asyncio.sleep(job.every_seconds * random.uniform(0.95, 1.05))  # noqa: S311 - jitter
