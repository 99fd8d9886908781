"""Polling the store for news, three times a second; what changed is handed to whoever asked to hear it.

A poll that fails is tried again at the next turn, and ``last_poll_at`` stands still meanwhile, by
which the session cache knows to trust itself for seconds only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from gateway.clock import Clock
from gateway.errors import StoreUnavailable
from gateway.ops.logs import logger

_LOG = "lychgate.bus"
POLL_SECONDS = 0.35  # so that a busy worker still hears of news within a second
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
    """``hear`` gets each piece of news; StoreUnavailable from it leaves the piece for the next poll.
    ``polled`` gets the instant up to which all is known, after each poll that worked. Where news may
    have gone unheard, at the start too, ``missed`` forgets and ``catch_up`` reads again."""

    def __init__(
        self,
        *,
        source: Source,
        clock: Clock,
        hear: Callable[[str, str], Awaitable[None]],
        polled: Callable[[float], None],
        missed: Callable[[], None],
        catch_up: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._hear = hear
        self._polled = polled
        self._missed = missed
        self._catch_up = catch_up
        self._behind = True
        self._number: int | None = None
        self._polled_at = clock.now()
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._woken.clear()
            await self.poll()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()

    def wake(self) -> None:
        """Poll now: somebody says that there is news."""
        self._woken.set()

    async def poll(self) -> None:
        now = self._clock.now()
        self._behind = self._behind or now - self._polled_at > GAP_SECONDS
        try:
            if self._number is None:
                self._number = await self._source.last()
            if self._behind:
                # What was read before this moment may be older than news that nobody heard.
                self._missed()
                if self._catch_up is not None:
                    await self._catch_up()
                self._behind = False
            while news := await self._source.since(self._number):
                for told in news:
                    await self._tell(told)
                    self._number = told.number
        except StoreUnavailable:
            return
        self._polled_at = now
        self._polled(now)

    async def _tell(self, told: Told) -> None:
        """A fault that isn't the store's is that piece's own, and mustn't stop those behind it."""
        try:
            await self._hear(told.kind, told.key)
        except StoreUnavailable:
            raise
        except Exception as error:
            logger(_LOG).error("news-failed", kind=told.kind, error=type(error).__name__)
            self._behind = True
