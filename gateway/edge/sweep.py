"""Deadlines of all connections by one sweep a second, instead of a timer a request.

A connection bears the tick of its last byte; the sweep compares ticks. So a deadline is kept to the
second, and a thousand requests a second cost no timer at all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.edge.protocol import GatewayProtocol, Limits


class Sweep:
    """``tick`` counts seconds since the first connection."""

    __slots__ = ("_limits", "_stalled", "_timer", "_watched", "tick")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._watched: set[GatewayProtocol] = set()
        self._stalled: dict[GatewayProtocol, tuple[int, int]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.tick = 0

    def watch(self, connection: GatewayProtocol) -> None:
        self._watched.add(connection)
        connection.tick = self.tick
        if self._timer is None:
            self._timer = connection.loop.call_later(1.0, self._pass, connection.loop)

    def forget(self, connection: GatewayProtocol) -> None:
        self._watched.discard(connection)
        self._stalled.pop(connection, None)

    def _pass(self, loop: asyncio.AbstractEventLoop) -> None:
        self.tick += 1
        for connection in tuple(self._watched):
            self._look(connection)
        self._timer = loop.call_later(1.0, self._pass, loop) if self._watched else None

    def _look(self, connection: GatewayProtocol) -> None:
        transport, cycle, limits = connection.transport, connection.cycle, self._limits
        waiting = transport.get_write_buffer_size()
        if waiting:
            since, before = self._stalled.get(connection, (self.tick, waiting))
            if waiting < before:
                since = self.tick
            self._stalled[connection] = (since, waiting)
            if self.tick - since >= limits.stalled_seconds:
                transport.abort()
            return
        self._stalled.pop(connection, None)
        quiet = self.tick - connection.tick
        if connection.tunnel_data is not None:
            return  # its tunnel has deadlines of its own
        if cycle is not None and not cycle.response_complete:
            if cycle.more_body and quiet >= limits.body_seconds and not connection.flow.read_paused:
                transport.close()
            return
        if connection.head_open and connection.head_bytes:
            connection.head_ticks += 1
            if connection.head_ticks >= limits.head_seconds:
                transport.close()
        else:
            connection.head_ticks = 0
            if quiet >= limits.idle_seconds or (quiet >= limits.head_seconds and connection.fresh):
                transport.close()
