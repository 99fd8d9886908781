"""Windows of rate limits on Valkey or Redis, so that many nodes count together and the store has less to do.

A storage of the ``limits`` library. Nobody's login hangs on the bus: what it doesn't count in a
quarter of a second the store counts, and for some seconds all that follows too. An outage is logged
once when it begins and once when it ends.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from limits.aio.storage import RedisStorage, Storage

from gateway.bus.valkey import known_to_redis_py
from gateway.clock import Clock
from gateway.ops.logs import logger

_LOG = "lychgate.bus"
ANSWER_SECONDS = 0.25
AGAIN_SECONDS = 5.0
T = TypeVar("T")


class BusRates(Storage):
    """``spare`` counts while the bus doesn't; what it raises is all that is raised here."""

    STORAGE_SCHEME = None

    def __init__(self, url: str, *, spare: Storage, clock: Clock) -> None:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError

        super().__init__()
        # Once more at once, for a server that came back has closed the lines that are kept.
        self._client = Redis.from_url(known_to_redis_py(url), retry=Retry(NoBackoff(), 1))
        pool: Any = self._client.connection_pool  # an option of another type than the rest
        self._bus = RedisStorage(
            "redis://", implementation="redispy", key_prefix="lychgate", connection_pool=pool
        )
        self._foreign = (RedisError, OSError, TimeoutError)
        self._spare = spare
        self._clock = clock
        self._again_at = -math.inf
        self._up = True

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return self._spare.base_exceptions

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return await self._asked(lambda one: one.incr(key, expiry, amount))

    async def get(self, key: str) -> int:
        return await self._asked(lambda one: one.get(key))

    async def get_expiry(self, key: str) -> float:
        return await self._asked(lambda one: one.get_expiry(key))

    async def check(self) -> bool:
        return await self._asked(lambda one: one.check())

    async def reset(self) -> int | None:
        return await self._asked(lambda one: one.reset())

    async def clear(self, key: str) -> None:
        await self._asked(lambda one: one.clear(key))

    async def close(self) -> None:
        await self._client.aclose()

    async def _asked(self, ask: Callable[[Storage], Awaitable[T]]) -> T:
        if self._clock.monotonic() >= self._again_at:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    found = await ask(self._bus)
            except self._foreign as error:
                self._again_at = self._clock.monotonic() + AGAIN_SECONDS
                if self._up:
                    logger(_LOG).warning("limits-off-the-bus", error=type(error).__name__)
                self._up = False
            else:
                if not self._up:
                    logger(_LOG).info("limits-on-the-bus")
                self._up = True
                return found
        return await ask(self._spare)
