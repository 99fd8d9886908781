"""Does the gateway's own identity still work at the origin? Asked every five minutes.

``[origin] canary`` names pages that are gated at the origin. Each is fetched with the gateway's
identity and once more without it. When the first isn't 200, or says no more than the second, the
identity has died: readers who paid are getting the origin's own gate. It is told by log and metrics.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from gateway.errors import LychgateError
from gateway.ops.logs import logger

_LOG = "lychgate.canary"

# (path, with the gateway's identity) → status and body, decoded.
Ask = Callable[[str, bool], Awaitable[tuple[int, bytes]]]


class Canary:
    """``paths`` are gated at the origin; ``values`` counts those whose gate shows."""

    def __init__(self, paths: Sequence[str], *, ask: Ask) -> None:
        self._paths = tuple(paths)
        self._ask = ask
        self._dead: set[str] = set()

    def values(self) -> dict[str, float]:
        return {"canaries_dead": len(self._dead)} if self._paths else {}

    async def sing(self) -> None:
        for path in self._paths:
            try:
                alive = await self._alive(path)
            except LychgateError as error:
                # An origin that doesn't answer says nothing of the identity.
                logger(_LOG).warning("canary-unanswered", path=path, reason=error.reason)
                continue
            if alive:
                self._dead.discard(path)
            else:
                self._dead.add(path)
                logger(_LOG).error("origin-identity-dead", path=path)

    async def _alive(self, path: str) -> bool:
        status, whole = await self._ask(path, True)
        if status != 200:
            return False
        refused, anyone = await self._ask(path, False)
        return refused != 200 or len(whole) > len(anyone)
