"""Counting webhooks that Stripe didn't sign, in memory first: a flood of them costs a write a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.errors import StoreUnavailable

GATHERED_SECONDS = 1.0


class Refusals:
    """``add`` writes a count down. ``close`` lets what was gathered be written."""

    def __init__(
        self,
        add: Callable[[int], Awaitable[None]],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._add = add
        self._pause = pause
        self._count = 0
        self._writing: asyncio.Task[None] | None = None

    def one(self) -> None:
        """One more; whoever was refused waits for none of this."""
        self._count += 1
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def close(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self._write_down()

    async def _write(self) -> None:
        try:
            await self._pause(GATHERED_SECONDS)
            await self._write_down()
        finally:
            self._writing = None

    async def _write_down(self) -> None:
        """Where the store is away, nobody is alerted of forgeries: there is worse to hear of."""
        count, self._count = self._count, 0
        if count:
            try:
                await self._add(count)
            except StoreUnavailable:
                return
