"""uvicorn's server, but signals are ours, and it looks up once a second instead of ten times.

Between those it waits for whoever tells it to stop. Ten timers a second took each idle process of `serve`
1 to 2 ms of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn

TICK_SECONDS = 1.0  # how old the Date may be that uvicorn puts on answers without one


class Server(uvicorn.Server):
    """Ends once ``should_exit`` is set, in its own thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._stop = asyncio.Event()
        super().__init__(config)

    @property
    def should_exit(self) -> bool:
        return self._stop.is_set()

    @should_exit.setter
    def should_exit(self, told: bool) -> None:
        if told:
            self._stop.set()
        else:
            self._stop.clear()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # at each tenth tick uvicorn reads the clock
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._stop.wait()
