"""Deadlines of all connections by one sweep a second, instead of a timer a request.

A connection bears the tick of its last byte; the sweep compares ticks. So a deadline is kept to the
second, and a thousand requests a second cost no timer at all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.edge.answering import AnsweringProtocol
    from gateway.edge.framing import Limits


# The first of them may come at once: a reader's next request, sent meanwhile, has a whole second to arrive.
_LAST_TICKS = 2


class Sweep:
    """``tick`` counts seconds while there are connections."""

    __slots__ = ("_limits", "_stalled", "_timer", "_watched", "tick")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._watched: set[AnsweringProtocol] = set()
        self._stalled: dict[AnsweringProtocol, tuple[int, int]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.tick = 0

    def watch(self, connection: AnsweringProtocol) -> None:
        self._watched.add(connection)
        connection.tick = self.tick
        if self._timer is None:
            self._timer = connection.loop.call_later(1.0, self._pass, connection.loop)

    def forget(self, connection: AnsweringProtocol) -> None:
        self._watched.discard(connection)
        self._stalled.pop(connection, None)

    def _pass(self, loop: asyncio.AbstractEventLoop) -> None:
        self.tick += 1
        for connection in tuple(self._watched):
            self._look(connection)
        self._timer = loop.call_later(1.0, self._pass, loop) if self._watched else None

    def _look(self, connection: AnsweringProtocol) -> None:
        if connection.taken:
            return  # its tunnel has deadlines of its own
        if self._takes_nothing(connection):
            connection.transport.abort()
        elif connection.refused:
            connection.refused_ticks += 1
            if connection.refused_ticks >= self._limits.linger_seconds:
                connection.transport.close()
        elif connection.body_open:
            connection.open_ticks += 1
            if not connection.flow.read_paused and connection.open_ticks >= self._body_ticks(
                connection
            ):
                connection.refuse(408)
        elif connection.answering:
            return
        elif connection.head_open:
            connection.open_ticks += 1
            if connection.open_ticks >= self._limits.head_seconds:
                connection.refuse(408)
        elif self._idle(connection):
            connection.transport.close()

    def _takes_nothing(self, connection: AnsweringProtocol) -> bool:
        """Whether bytes wait to be sent and none has left for ``stalled_seconds``."""
        waiting = connection.transport.get_write_buffer_size()
        if not waiting:
            self._stalled.pop(connection, None)
            return False
        since, before = self._stalled.get(connection, (self.tick, waiting))
        if waiting < before:
            since = self.tick
        self._stalled[connection] = (since, waiting)
        return self.tick - since >= self._limits.stalled_seconds

    def _body_ticks(self, connection: AnsweringProtocol) -> int:
        limits = self._limits
        return limits.body_seconds + connection.body_bytes // limits.body_bytes_per_second

    def _idle(self, connection: AnsweringProtocol) -> bool:
        quiet = self.tick - connection.tick
        if connection.last:
            return quiet >= _LAST_TICKS
        if connection.fresh:
            return quiet >= self._limits.head_seconds
        return quiet >= self._limits.idle_seconds
