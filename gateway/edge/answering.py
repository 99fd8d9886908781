"""What one connection owes: answers in the order of their questions, then an end.

The half of ``edge.protocol`` that doesn't parse. A refusal waits behind whatever is owed, and then
the connection closes; a half-closed reader gets what it asked for; a shutdown answers what is under
way and what is on its way.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.edge import refusing
from gateway.edge.framing import Limits
from gateway.edge.streaming import complete
from gateway.edge.sweep import Sweep
from gateway.edge.tunnel import Line

_UNSENT_BYTES_MAX = 64 << 10


class UnchunkedCycle(RequestResponseCycle):
    """For HTTP/1.0, which knows no chunks: a body without a length ends with the connection."""

    unframed = False

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "http.response.start":
            names = [name.lower() for name, _ in message.get("headers", ())]
            if b"content-length" not in names:
                self.unframed = True
                self.chunked_encoding = False
        elif self.unframed and message["type"] == "http.response.body":
            self.expected_content_length = len(message.get("body", b""))
        if not self.more_body or message["type"] != "http.response.body" or self.disconnected:
            await super().send(message)
            return
        # Without chunks the last message is written as any other, and uvicorn would close behind it.
        await super().send({**message, "more_body": True})
        if not message.get("more_body") and not self.disconnected:
            if self.expected_content_length:
                raise RuntimeError("a body unlike its Content-Length")
            complete(self)


class AnsweringProtocol(HttpToolsProtocol):
    """``cycle`` belongs to the message read last, ``answering`` to the one that is answered now;
    between them stands ``pipeline``, newest first. ``tick`` is the sweep's second of the last sign
    of life."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
        sweep: Sweep,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self.sweep = sweep
        self.peer = ""
        self.tick = sweep.tick
        self.answering: RequestResponseCycle | None = None
        self.fresh = True  # nothing was asked on it yet
        self.last = False  # it closes when it owes nothing more
        self.head_open = self.body_open = False
        self.open_ticks = 0  # since when the open head or body is awaited
        self.body_bytes = 0
        self.refused = False
        self.refused_ticks = 0
        self.taken = False  # a tunnel has the line
        self._own: RequestResponseCycle | None = None  # the open message's
        self._owed_status = 0
        self._early: bytearray | None = None  # what came behind a WebSocket's handshake

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn is never given another kind
        super().connection_made(transport)
        self.peer = self.client[0] if self.client else ""
        _bound_what_the_kernel_holds(transport)
        self.sweep.watch(self)
        if len(self.connections) > self.limits.connections:
            self.refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        self.sweep.forget(self)
        for cycle in (self.answering, *(queued for queued, _ in self.pipeline)):
            if cycle is not None:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # uvicorn's returns nothing
        """A reader that has asked all it wants still gets what it asked for."""
        if self.answering is None or self.refused or self.body_open:
            return None
        self._end_after(self.cycle)
        return True

    def shutdown(self) -> None:
        """Answer what is under way and what is on its way: the sweep closes what stays silent."""
        self.tick = self.sweep.tick
        self.last = True
        if self.taken:
            self.transport.close()
        elif self.answering is not None and not self.cycle.response_started:
            self._end_after(self.cycle)  # a head that has left can't say so: one more may come

    def _end_after(self, cycle: RequestResponseCycle) -> None:
        self.last = True
        cycle.keep_alive = False

    def _start(self, cycle: RequestResponseCycle) -> None:
        """Now, or when what came before is answered."""
        self.cycle = self._own = cycle
        if self.answering is None:
            self.answering = cycle
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer a request: the sweep closes idle connections."""
        self.tick = self.sweep.tick
        answered, self.answering = self.answering, None
        if self.transport.is_closing():
            return
        if answered is not None and not answered.keep_alive:
            self._linger()  # its body is still on its way
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self.answering = cycle
            self._start_asgi_task(cycle, app)
        elif self._owed_status:
            self._say(self._owed_status)
        elif self.last and not self.cycle.keep_alive:
            self.transport.close()

    def take_line(self) -> Line:
        """The line itself, for a WebSocket whose handshake the application has decided."""
        assert self._early is not None, "no handshake was read"
        assert self.answering is self.cycle, "answers are owed before this one"
        self.taken = True
        self.flow.pause_reading()
        self.cycle.disconnected = True  # it has no answer to send any more
        return Line(self.transport, self, bytes(self._early))

    def refuse(self, status: int) -> None:
        """Say so once everything owed is answered, then close. Nothing more is read."""
        if self.refused or self.transport.is_closing():
            return
        self.refused = True
        own, self._own = self._own, None
        if own is not None and own is self.answering:
            # The refused message is the very one being answered: its body has no good end.
            if own.response_started:
                self.transport.close()
                return
            own.disconnected = True
            own.message_event.set()
        elif self.answering is not None:
            if own is not None and self.pipeline and self.pipeline[0][0] is own:
                self.pipeline.popleft()
            self._owed_status = status
            return
        self._say(status)

    def _say(self, status: int) -> None:
        self.transport.write(refusing.answer(status))
        if status == 503:
            self.transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """A reader that is still sending would lose the answer to a reset: it may finish, unread, until
        the sweep closes."""
        self.refused = True
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()


def _bound_what_the_kernel_holds(transport: asyncio.Transport) -> None:
    """Thousands of readers that take nothing would fill the kernel's memory for all of TCP, and
    stall everyone. What isn't sent yet stays with us, where one page is shared by all."""
    line = transport.get_extra_info("socket")
    if line is not None and line.family != socket.AF_UNIX and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES_MAX)
