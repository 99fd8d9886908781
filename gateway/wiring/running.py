"""One worker's application with its beginning and its end, once ``app`` has put it together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from gateway.bus.polling import Polling
from gateway.bus.valkey import Bell
from gateway.clock import Clock, ClockWatch
from gateway.edge.entrance import Entrance
from gateway.edge.pages import Pages
from gateway.edge.relay import DeskLine
from gateway.identity.sessions import SessionCache
from gateway.ops.counters import Counters
from gateway.ops.logs import AccessLog, logger
from gateway.origin.fetch import Origin
from gateway.page.templates import Templates
from gateway.policy.reload import PolicyHolder
from gateway.stores.engine import Store
from gateway.wiring.rooms import RoomsHere

_LOG = "lychgate.wiring"
FLUSH_SECONDS = 1.0
LINES_AT_ONCE = 256  # of the access log: less than a millisecond
SIGHTINGS_SECONDS = 30.0
REFRESH_SECONDS = 5.0
CLOCK_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class Lychgate:
    """One worker. ``config`` serves it; the rest is for commands that ask without serving."""

    config: uvicorn.Config
    entrance: Entrance
    policies: PolicyHolder
    pages: Pages
    templates: Templates
    origin: Origin
    sessions: SessionCache
    counters: Counters
    access_log: AccessLog
    store: Store | None
    rooms: RoomsHere | DeskLine | None
    polling: Polling | None
    clock: Clock
    bell: Bell | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def startup(self, *, rooms_too: bool = True) -> None:
        """Without the rooms, whoever starts it opens them, once pages are served."""
        await self.origin.open()
        if rooms_too:
            await self.open_rooms()
        background: list[Any] = [self._flush(), self._watch_clock(), self.policies.watch()]
        if self.polling is not None:
            await self.polling.poll()
            background += [self.polling.run(), self._sightings(), self._refresh()]
        if self.bell is not None:
            background.append(self.bell.run())
        self.tasks = [asyncio.create_task(each) for each in background]

    async def open_rooms(self) -> None:
        if self.rooms is not None:
            await self.rooms.open()

    async def shutdown(self) -> None:
        for task in self.tasks:
            task.cancel()
        # One that failed long ago has made the worker unready; it must not keep the rest open.
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.sessions.flush_sightings()
        self.access_log.flush()
        await self.origin.close()
        if self.rooms is not None:
            await self.rooms.close()
        if self.store is not None:
            await self.store.close()

    def ready(self) -> bool:
        """Whether pages can be judged: a policy is loaded and the tasks are alive."""
        return bool(self.tasks) and not any(task.done() for task in self.tasks)

    def snapshot(self) -> dict[str, Any]:
        """Counters and gauges, for the supervisor."""
        self.counters.values = {
            "kept_pages": len(self.pages.cache),
            "kept_bytes": self.pages.cache.bytes_used,
            "sessions_cached": len(self.sessions),
            "policy_faults": len(self.policies.faults),
            "policy_rules": len(self.policies.current.rules),
            "origin_under_way": self.origin.under_way,
        }
        return {**self.counters.snapshot(), "policy_version": self.policies.current.version}

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            while self.access_log.flush(LINES_AT_ONCE):  # noqa: ASYNC110 - others have their turn
                await asyncio.sleep(0)

    async def _sightings(self) -> None:
        while True:
            await asyncio.sleep(SIGHTINGS_SECONDS)
            await self.sessions.flush_sightings()

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.sessions.refresh(self.clock.now())

    async def _watch_clock(self) -> None:
        """A page is open until an instant, and nobody asks at each request whether that was meant of
        another clock (sessions know by themselves). So after a step back no page is believed."""
        watch = ClockWatch(self.clock)
        while True:
            await asyncio.sleep(CLOCK_SECONDS)
            if watch.set_back():
                dropped = self.pages.cache.purge(everything=True)
                logger(_LOG).warning("clock-set-back", pages_dropped=dropped)
