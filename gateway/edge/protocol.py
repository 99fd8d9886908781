"""HTTP/1.1 on the wire: strict framing, limits, deadlines, and the quick lane's hook.

A small subclass of uvicorn's httptools protocol. What it adds is what that leaves open (facts of
version 0.54): no limit on heads, trailers merged into headers, no deadline for an incomplete
request, any transfer coding, several Hosts. It knows nothing of pages, paths or readers: the raw
target goes on as it came, in ``scope["extensions"]["lychgate"]["target"]``.

A refusal is queued as an answer of its own, behind whatever the connection still owes, and then the
connection closes: nothing after bytes that two parsers could read differently is ever parsed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import httptools
import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.edge import refusing
from gateway.edge.sweep import Sweep

Headers = list[tuple[bytes, bytes]]
Quick = Callable[[bytes, Headers, str], list[bytes] | None]

_METHODS = frozenset(
    (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT")
)
_TE, _CL = b"transfer-encoding", b"content-length"
QUICK_ANSWERS_PER_READ = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, counts and seconds that one connection gets."""

    target_bytes: int = 16 << 10
    head_bytes: int = 64 << 10
    headers: int = 100
    body_bytes: int = 256 << 20
    connections: int = 16_384
    head_seconds: int = 10
    body_seconds: int = 30
    idle_seconds: int = 75
    stalled_seconds: int = 60


class Refused(Exception):
    """Raised inside a parser callback; ends the connection's reading."""

    def __init__(self, status: int) -> None:
        self.status = status


def decline(target: bytes, headers: Headers, peer: str) -> list[bytes] | None:
    """A quick lane that never answers."""
    return None


class GatewayProtocol(HttpToolsProtocol):
    """One connection. ``tick`` is the sweep's second of the last byte either way."""

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
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self.sweep = sweep
        self.tick = sweep.tick
        self.head_open = True
        self.refused = False
        # Once a WebSocket handshake was read: what came behind it, for whoever takes the line over.
        self.tunnel_data: bytearray | None = None
        self.quick = quick
        self.peer = ""
        self.head_bytes = 0
        self.head_ticks = 0
        self.fresh = True  # nothing was asked on it yet
        self._body_bytes = 0
        self._quick_left = QUICK_ANSWERS_PER_READ
        self._answered = False
        self._reading_body = False

    # Connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = self.client[0] if self.client else ""
        self.sweep.watch(self)
        if len(self.connections) > self.limits.connections:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        self.sweep.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.tick = self.sweep.tick
        if self.tunnel_data is not None:
            self.tunnel_data += data
            return
        if self.refused:
            return
        self._quick_left = QUICK_ANSWERS_PER_READ
        while data:
            data = self._feed(data)
        if self.head_open and not self.refused and self.head_bytes > self.limits.head_bytes:
            self._refuse(431)

    def _feed(self, data: bytes) -> bytes:
        """Parse; returns what is left behind an upgrade that was ignored."""
        if self.head_open:
            self.head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            offset = upgrade.args[0]
            if self.tunnel_data is not None:
                self.tunnel_data += data[offset:]
                return b""
            self.parser = httptools.HttpRequestParser(self)
            self.head_open, self.head_bytes = True, 0
            return data[offset:]
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, Refused) else 400)
        except httptools.HttpParserError:
            self._refuse(400)
        return b""

    # Parser callbacks

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers: Headers = []
        self.head_open = True
        self._body_bytes = 0
        self._answered = False
        self._reading_body = False

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > self.limits.target_bytes:
            raise Refused(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._reading_body:  # a trailer can't speak for a head that was judged already
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.head_open = self.fresh = False
        self.head_bytes = 0
        self._reading_body = True
        headers = self.headers
        parser = self.parser
        if len(headers) > self.limits.headers:
            raise Refused(431)
        upgrading = parser.should_upgrade()
        if (
            self._quick_left > 0
            and parser.get_method() == b"GET"
            and not upgrading
            and not self.pipeline
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and parser.get_http_version() == "1.1"
        ):
            buffers = self.quick(self.url, headers, self.peer)
            if buffers is not None:
                self._quick_left -= 1
                self._answered = True
                self.server_state.total_requests += 1
                self.transport.writelines(buffers)
                return
        self._full_lane(upgrading)

    def _full_lane(self, upgrading: bool) -> None:
        version = self.parser.get_http_version()
        method = self.parser.get_method()
        if version not in ("1.1", "1.0"):
            raise Refused(505)
        if method not in _METHODS:
            raise Refused(501)
        expects = _framed(self.headers, version, upgrading)
        tunnel = upgrading and method == b"GET" and _asks_websocket(self.headers)
        scope = self._scope(method, version, tunnel)
        keep_alive = version == "1.1" and self.parser.should_keep_alive() and not tunnel
        if tunnel:
            self.tunnel_data = bytearray()
        cycle = self._cycle(scope, keep_alive=keep_alive)
        cycle.waiting_for_100_continue = expects
        self._start(cycle, self.app)

    def _scope(self, method: bytes, version: str, tunnel: bool) -> dict[str, Any]:
        path = self.url.partition(b"?")[0].decode("latin-1")
        extension: dict[str, Any] = {"target": self.url}
        if tunnel:
            extension["upgrade"] = self
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "method": method.decode("ascii"),
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": self.url.partition(b"?")[2],
            "headers": self.headers,
            "state": self.app_state.copy(),
            "extensions": {"lychgate": extension},
        }

    def _cycle(self, scope: dict[str, Any], *, keep_alive: bool) -> RequestResponseCycle:
        return RequestResponseCycle(
            scope=scope,  # type: ignore[arg-type]
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )

    def _start(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Now, or when what came before is answered."""
        before, self.cycle = self.cycle, cycle
        if before is None or (before.response_complete and not self.pipeline):
            self._start_asgi_task(cycle, app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, app))

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self.limits.body_bytes:
            raise Refused(413)
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self.head_open, self.head_bytes = True, 0
        self._reading_body = False
        if not self._answered:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer a request: the sweep closes idle connections."""
        self.server_state.total_requests += 1
        self.tick = self.sweep.tick
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)

    # uvicorn asks these of its own upgrades; ours go through the application.

    def _should_upgrade(self) -> bool:
        return False

    def _unset_keepalive_if_required(self) -> None:
        return

    def _refuse(self, status: int) -> None:
        """Answer once more, then close. Nothing that comes after is read."""
        self.refused = True
        self.head_open = False
        if self.transport.is_closing():
            return
        current = self.cycle
        answering = current is not None and not current.response_complete and not self._answered
        if answering and self._reading_body and not self.pipeline:
            # The refused message is the very one being answered: its body has no good end.
            if current.response_started:
                self.transport.close()
                return
            current.disconnected = True
            current.message_event.set()
            self.cycle = None  # type: ignore[assignment]
        scope = {"type": "http", "method": "GET", "http_version": "1.1", "headers": []}
        cycle = self._cycle(scope, keep_alive=False)
        cycle.more_body = False
        self._start(cycle, refusing.application(status))


def _asks_websocket(headers: Headers) -> bool:
    return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in headers)


def _framed(headers: Headers, version: str, upgrading: bool) -> bool:
    """Whether the reader waits for 100 Continue. Raises Refused for a head whose body two servers
    could end at different places (RFC 9112 section 6)."""
    codings = [value for name, value in headers if name == _TE]
    lengths = [value for name, value in headers if name == _CL]
    if codings and (lengths or version != "1.1" or len(codings) > 1):
        raise Refused(400)
    if codings and codings[0].strip().lower() != b"chunked":
        raise Refused(501)
    if len(lengths) > 1 or (lengths and not lengths[0].isdigit()):
        raise Refused(400)
    if upgrading and (codings or (lengths and int(lengths[0]))):
        raise Refused(400)
    expectations = [value.strip().lower() for name, value in headers if name == b"expect"]
    if any(expectation != b"100-continue" for expectation in expectations):
        raise Refused(417)
    return bool(expectations)


def server_config(
    app: Any,
    *,
    quick: Quick = decline,
    limits: Limits | None = None,
    graceful_seconds: int = 30,
) -> uvicorn.Config:
    """uvicorn with this protocol and nothing of its own on top; the caller gives it its sockets."""
    protocol = partial(
        GatewayProtocol, limits=limits or Limits(), quick=quick, sweep=Sweep(limits or Limits())
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
