"""HTTP/1.1 on the wire: strict framing, limits, deadlines, and the quick lane's hook.

A small subclass of uvicorn's httptools protocol. What it adds is what that leaves open (facts of
version 0.54): no limit on heads, trailers merged into headers, no deadline for an incomplete
request, any transfer coding, several Hosts, half-closed readers dropped. It knows nothing of pages,
paths or readers: the raw target goes on as it came, in ``scope["extensions"]["lychgate"]``.

Nothing behind bytes that two parsers could read differently is ever parsed. What the connection
owes, and how it ends, stands in ``edge.answering``.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import httptools
import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from gateway.edge.answering import AnsweringProtocol, UnchunkedCycle
from gateway.edge.framing import Framed, Limits, Refused, framed
from gateway.edge.hook import Headers, Knowing, LastHead, Quick, decline
from gateway.edge.known import HEAD_BYTES_MAX, generous
from gateway.edge.sweep import Sweep

__all__ = ["GatewayProtocol", "Limits", "Quick", "decline", "server_config"]

_LOGGER = logging.getLogger("lychgate.edge")

QUICK_ANSWERS_PER_READ = 16
_EARLY_BYTES_MAX = 64 << 10
_BODY_HIGH_WATER = 64 << 10


class GatewayProtocol(AnsweringProtocol):
    """One connection, as it reads."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
        quick: Quick,
        sweep: Sweep,
        knowing: Knowing | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop, limits=limits, sweep=sweep)
        self.quick, self.knowing = quick, knowing
        self.last_head = LastHead()
        self._head_bytes = self._overhead_bytes = 0
        self._quick_left = QUICK_ANSWERS_PER_READ
        self._collect = _drop

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early += data
            if len(self._early) > _EARLY_BYTES_MAX:
                self.transport.abort()
            return
        knowing = self.knowing
        # Where nothing is owed or begun, it is most often one head, like one before it.
        if (
            knowing is not None
            and not knowing.resting
            and self.answering is None
            and not (self.head_open or self.body_open or self.refused or self.last)
            and not self.flow.write_paused
            and len(data) <= HEAD_BYTES_MAX
        ):
            try:
                buffers = knowing.at_once(data, self.peer, self.last_head)
            except Exception:  # as below
                _LOGGER.exception("the quick lane failed")
                buffers = None
            if buffers is not None:
                self.fresh = False
                self.tick = self.sweep.tick
                self.transport.writelines(buffers)
                return
            if self._parse(data) == 1 and not self.head_open:
                knowing.learn(data, self.headers)
            return
        if knowing is not None and knowing.resting:
            knowing.resting -= 1
        self._parse(data)

    def _parse(self, data: bytes) -> int:
        """How many of its heads the quick lane answered."""
        self._quick_left = QUICK_ANSWERS_PER_READ
        while data and not self.refused:
            data = self._feed(data)
        return QUICK_ANSWERS_PER_READ - self._quick_left

    def _feed(self, data: bytes) -> bytes:
        """Parse; returns what is left behind an upgrade that was ignored."""
        head_before, own_before, body_before = self.head_open, self._own, self.body_bytes
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
            if self._early is None:
                return rest
            self._early += rest
            self.flow.pause_reading()
            return b""
        except httptools.HttpParserCallbackError as error:
            self.refuse(_status_of(error.__context__))
            return b""
        except httptools.HttpParserError:
            self.refuse(400)
            return b""
        if self.head_open:
            self._head_bytes = self._head_bytes + len(data) if head_before else 0
            if self._head_bytes > self.limits.head_bytes:
                self.refuse(431)
        elif self.body_open and own_before is not None and own_before is self._own:
            self._overhead_bytes += len(data) - (self.body_bytes - body_before)
            if self._overhead_bytes > self.limits.framing_bytes + 8 * self.body_bytes:
                self.refuse(400)
        return b""

    # Parser callbacks

    def on_message_begin(self) -> None:
        self.url = b""
        headers: Headers = []
        self.headers = headers
        self._collect = headers.append
        self.head_open = True
        self.open_ticks = 0
        self.tick = self.sweep.tick
        self._own = None

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > self.limits.target_bytes:
            raise Refused(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._collect((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.head_open = self.fresh = False
        self.body_open = True
        self._collect = _drop  # a trailer can't speak for a head that was judged already
        headers = self.headers
        if len(headers) > self.limits.headers:
            raise Refused(431)
        parser = self.parser
        upgrading = parser.should_upgrade()
        if (
            self.answering is None
            and self._quick_left > 0
            and not upgrading
            and not self.last
            and not self.flow.write_paused
            and parser.get_method() == b"GET"
            and parser.get_http_version() == "1.1"
        ):
            try:
                buffers = self.quick(self.url, headers, self.peer)
            except Exception:  # a fault there costs time, not the answer
                _LOGGER.exception("the quick lane failed")
                buffers = None
            if buffers is not None:
                self._quick_left -= 1
                self.transport.writelines(buffers)
                return
        self._full_lane(headers, upgrading)

    def _full_lane(self, headers: Headers, upgrading: bool) -> None:
        version = self.parser.get_http_version()
        method = self.parser.get_method()
        message = framed(
            method=method,
            version=version,
            headers=headers,
            upgrading=upgrading,
            limits=self.limits,
        )
        if len(self.pipeline) >= self.limits.queued:
            raise Refused(503)
        self.open_ticks = self.body_bytes = self._overhead_bytes = 0
        keep_alive = version == "1.1" and self.parser.should_keep_alive() and not self.last
        # Whoever was told to wait may send its body or not: only closing leaves no doubt.
        keep_alive = keep_alive and not message.expects and not message.websocket
        if message.websocket:
            self._early = bytearray()
        self._start(
            (RequestResponseCycle if version == "1.1" else UnchunkedCycle)(
                scope=self._scope(method, version, message),  # type: ignore[arg-type]  # a plain dict
                transport=self.transport,
                flow=self.flow,
                logger=self.logger,
                access_logger=self.access_logger,
                access_log=False,
                default_headers=self.server_state.default_headers,
                message_event=asyncio.Event(),
                expect_100_continue=message.expects,
                keep_alive=keep_alive,
                on_response=self.on_response_complete,
            )
        )

    def _scope(self, method: bytes, version: str, message: Framed) -> dict[str, Any]:
        path, _, query = self.url.partition(b"?")
        extension: dict[str, Any] = {"target": self.url}
        if message.websocket:
            extension["take_line"] = self.take_line
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "method": method.decode("ascii"),
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "headers": self.headers,
            "state": self.app_state.copy(),
            "extensions": {"lychgate": extension},
        }

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        if self.body_bytes > self.limits.body_bytes:
            raise Refused(413)
        own = self._own
        if own is None or own.response_complete:
            return
        own.body += body
        if len(own.body) > _BODY_HIGH_WATER:
            self.flow.pause_reading()
        own.message_event.set()

    def on_message_complete(self) -> None:
        self.body_open = False
        own = self._own
        if own is not None:
            self._own = None
            own.more_body = False
            own.message_event.set()


_drop: Callable[[tuple[bytes, bytes]], None] = deque[tuple[bytes, bytes]](maxlen=0).append


def _status_of(error: BaseException | None) -> int:
    if isinstance(error, Refused):
        return error.status
    _LOGGER.error("a callback of the parser failed", exc_info=error)
    return 500


def server_config(
    app: Any, *, quick: Quick = decline, limits: Limits | None = None, graceful_seconds: int = 30
) -> uvicorn.Config:
    """uvicorn with this protocol and nothing of its own on top; the caller gives it its sockets."""
    limits = limits or Limits()
    protocol = partial(
        GatewayProtocol,
        limits=limits,
        quick=quick,
        sweep=Sweep(limits),
        knowing=quick if isinstance(quick, Knowing) and generous(limits) else None,
    )
    return uvicorn.Config(
        app,
        http=protocol,  # type: ignore[arg-type]  # a class with its values bound
        ws="none",
        loop="uvloop",
        lifespan="off",
        interface="asgi3",
        server_header=False,
        date_header=False,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        backlog=4096,
        timeout_graceful_shutdown=graceful_seconds,
    )
