"""Polling the store for news, twice a second; what changed is handed to whoever asked to hear it.

A poll that fails is tried again at the next turn, and ``last_poll_at`` stands still meanwhile, by
which the session cache knows to trust itself for seconds only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from gateway.clock import Clock
from gateway.errors import StoreUnavailable

POLL_SECONDS = 0.5
GAP_SECONDS = 60.0


class Told(Protocol):
    """One piece of news."""

    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...


class Source(Protocol):
    """Raises StoreUnavailable."""

    async def last(self) -> int: ...
    async def since(self, number: int) -> Sequence[Told]: ...


class Polling:
    """``hear`` gets each piece of news; ``polled`` the time of each poll that worked; ``missed`` is
    called when there was silence for so long that caches should be forgotten."""

    def __init__(
        self,
        *,
        source: Source,
        clock: Clock,
        hear: Callable[[str, str], Awaitable[None]],
        polled: Callable[[float], None],
        missed: Callable[[], None],
    ) -> None:
        self._source = source
        self._clock = clock
        self._hear = hear
        self._polled = polled
        self._missed = missed
        self._number: int | None = None
        self._polled_at = clock.now()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.poll()
            await asyncio.sleep(POLL_SECONDS)

    async def poll(self) -> None:
        try:
            if self._number is None:
                self._number = await self._source.last()
            news = await self._source.since(self._number)
        except StoreUnavailable:
            return
        now = self._clock.now()
        if now - self._polled_at > GAP_SECONDS:
            self._missed()
        for told in news:
            self._number = told.number
            await self._hear(told.kind, told.key)
        self._polled_at = now
        self._polled(now)
