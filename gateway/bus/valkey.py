"""A bell over Valkey or Redis: whoever wrote news rings, and all nodes poll at once. The door to redis-py.

The news itself stays in the store: a bell that is lost, rung twice or by a stranger costs one poll
more or half a second, never a revocation. So nothing here is waited for, and an outage is logged
once when it begins and once when it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.errors import Faults
from gateway.model.fault import Fault, Place
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from redis.asyncio import Redis

_LOG = "lychgate.bus"
CHANNEL = "lychgate:news"
CONNECT_SECONDS = 2.0
AGAIN_SECONDS = 1.0


def known_to_redis_py(url: str) -> str:
    """It knows the older name alone."""
    return "redis" + url.removeprefix("valkey").removeprefix("redis")


class Bell:
    """``heard`` is called for each ring of any node, and once whenever the line is (again) up."""

    def __init__(self, url: str, *, heard: Callable[[], None]) -> None:
        """Raises Faults where the extra isn't installed."""
        try:
            from redis.asyncio import Redis
            from redis.exceptions import RedisError
        except ImportError:
            told = "needs the extra `valkey`: pip install 'lychgate[valkey]'"
            raise Faults((Fault(Place("[bus] url"), told),)) from None
        self._open = Redis.from_url
        self._foreign = (RedisError, OSError)
        self._url = known_to_redis_py(url)
        self._heard = heard
        self._rung = asyncio.Event()
        self.up: bool | None = None  # None: not known yet

    def ring(self) -> None:
        """Say that there is news. Rings that come together are one."""
        self._rung.set()

    async def run(self) -> None:
        """Until cancelled."""
        client = self._open(
            self._url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_keepalive=True,
            health_check_interval=15,
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._again_and_again(self._listen, client))
                group.create_task(self._again_and_again(self._tell, client))
        finally:
            await client.aclose()

    async def _again_and_again(
        self, work: Callable[[Redis], Awaitable[None]], client: Redis
    ) -> None:
        while True:
            try:
                await work(client)
            except self._foreign as error:
                if self.up is not False:
                    logger(_LOG).warning("bus-away", error=type(error).__name__)
                self.up = False
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self, client: Redis) -> None:
        async with client.pubsub() as line:
            await line.subscribe(CHANNEL)
            if not self.up:
                logger(_LOG).info("bus-up")
            self.up = True
            self._heard()
            async for message in line.listen():
                if message["type"] == "message":
                    self._heard()

    async def _tell(self, client: Redis) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            await client.publish(CHANNEL, b"")
