"""The one door to the origin: a pool of connections to one site, and nothing that a client adds.

No cookies, no redirects, no decoding, no default headers, no proxy from the environment: what the
caller gives is what travels, byte for byte. Every error of the network becomes OriginFailed or
OriginTimeout here, and one sweep keeps all deadlines.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.errors import LychgateError, OriginBusy, OriginFailed, OriginTimeout
from gateway.origin.answer import Headers, OriginResponse
from gateway.origin.wire import READ_BYTES, Connection

__all__ = ["Origin", "OriginRequest", "OriginResponse"]

SWEEP_SECONDS = 0.05
# Shorter than Node's five seconds and most others': a connection that the origin is about to drop
# isn't worth a failed request.
IDLE_SECONDS = 4.0
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"connection"))
_BREAKING = b"\r\n\0"
_WITHOUT_BODY = frozenset(("GET", "HEAD", "OPTIONS"))
_MAY_ASK_AGAIN = frozenset(("GET", "HEAD"))


class OriginRequest(NamedTuple):
    """``target`` is path and query as they go over the wire. ``headers`` are all that is sent, but
    for the framing: a body travels with its length, ``body_bytes``, or in chunks where that is
    None; one that is all there travels with the head. On GET, HEAD and OPTIONS it isn't forwarded: it has no meaning (RFC 9110, 9.3.1)."""

    method: str
    target: bytes
    headers: Headers
    body: AsyncIterator[bytes] | bytes | None = None
    body_bytes: int | None = None


class Origin:
    """``open`` and ``close`` stand around its use. ``fetches_max``: questions whose head the origin
    still owes, and as many whose body a reader is still sending: slow senders keep nobody else out. ``tls``: for an origin whose certificate the system's store doesn't vouch for."""

    def __init__(
        self,
        *,
        url: str,
        connect_seconds: float,
        read_seconds: float,
        fetches_max: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._secure = parts.scheme == "https"
        self._tls = tls
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._fetches_max = fetches_max
        self._under_way = 0
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._uploading: set[Connection] = set()
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._secure and self._tls is None:
            self._tls = ssl.create_default_context()

    async def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for connection in tuple(self._all):
            connection.fail(OriginFailed("the gateway is closing"))
        self._loop = None

    @property
    def under_way(self) -> int:
        """Questions whose head the origin still owes."""
        return self._under_way - len(self._uploading)

    async def fetch(self, request: OriginRequest) -> OriginResponse:
        """Ask, and return when the head has arrived. Raises OriginFailed, OriginTimeout, OriginBusy,
        and whatever ``body`` raises."""
        head, body = _head(request), request.body
        if request.method in _WITHOUT_BODY:
            body = None
        elif isinstance(body, bytes):
            head, body = head + body, None
        if (self.under_way if body is None else len(self._sending)) >= self._fetches_max:
            raise OriginBusy
        connection = None
        self._under_way += 1
        try:
            while True:
                connection = self._kept()
                again = connection is not None and body is None
                if connection is None:
                    connection = await self._connect()
                answer = connection.ask(head, head_only=request.method == "HEAD")
                if body is not None:
                    self._send(connection, body, request.body_bytes)
                try:
                    await answer.head()
                except OriginTimeout:
                    raise
                except OriginFailed:
                    # The origin dropped a kept connection as we took it up (RFC 9112, 9.3.1).
                    if again and not connection.heard and request.method in _MAY_ASK_AGAIN:
                        continue
                    raise
                except asyncio.CancelledError:
                    connection.fail(OriginFailed("nobody waits for it"))
                    raise
                return answer
        finally:
            self._under_way -= 1
            self._uploading.discard(connection)

    # Connections.

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.alive:
                return connection
        return None

    async def _connect(self) -> Connection:
        assert self._loop is not None, "open the origin first"
        loop = self._loop
        connection = Connection(
            loop=loop,
            buffer=self._buffer,
            read_seconds=self._read_seconds,
            on_idle=self._keep,
            on_lost=self._lost,
        )
        try:
            async with asyncio.timeout(self._connect_seconds):
                await self._dial(loop, connection)
        except TimeoutError:
            raise OriginTimeout("no connection in time") from None
        except (OSError, ValueError) as error:
            raise OriginFailed(type(error).__name__) from error
        if not connection.alive:
            raise OriginFailed("the origin hung up")
        self._all.add(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(SWEEP_SECONDS, self._sweep)
        return connection

    async def _dial(self, loop: asyncio.AbstractEventLoop, connection: Connection) -> None:
        """The one step that a site reached otherwise than over TCP does otherwise."""
        tls = self._tls if self._secure else None
        await loop.create_connection(lambda: connection, self._host, self._port, ssl=tls)

    def _keep(self, connection: Connection) -> None:
        if self._loop is not None:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)

    def _lost(self, connection: Connection) -> None:
        self._all.discard(connection)

    def _sweep(self) -> None:
        """End what is past its deadline. Runs while there are connections."""
        self._sweeper = None
        if self._loop is None:
            return
        now = self._loop.time()
        for connection in tuple(self._all):
            if now >= connection.deadline:
                connection.fail(OriginTimeout("the origin took too long"))
        while self._idle and (
            now - self._idle[0].idle_since > IDLE_SECONDS or not self._idle[0].alive
        ):
            self._idle.popleft().abort()
        if self._all:
            self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    # Bodies of questions.

    def _send(self, connection: Connection, body: AsyncIterator[bytes], length: int | None) -> None:
        connection.sending = True
        task = asyncio.ensure_future(self._send_body(connection, body, length))
        self._sending.add(task)
        self._uploading.add(connection)
        task.add_done_callback(self._sending.discard)
        task.add_done_callback(lambda _: self._uploading.discard(connection))

    async def _send_body(
        self, connection: Connection, body: AsyncIterator[bytes], length: int | None
    ) -> None:
        """Whatever the body raises ends the question, and is raised where it was asked."""
        assert self._loop is not None
        loop, sent = self._loop, 0
        try:
            # While the reader sends, the origin owes nothing.
            connection.deadline = math.inf
            async for part in body:
                sent += len(part)
                if length is not None and sent > length:
                    raise OriginFailed("a body longer than it said")
                connection.deadline = loop.time() + self._read_seconds
                await connection.write(part if length is not None else _chunk(part))
                connection.deadline = math.inf
                if connection.answer is None:
                    return  # answered, or given up, before the body's end
            if length is not None and sent < length:
                raise OriginFailed("a body shorter than it said")
            if length is None:
                await connection.write(b"0\r\n\r\n")
            connection.sending = False
            connection.deadline = loop.time() + self._read_seconds
        except (Exception, asyncio.CancelledError) as error:
            known = isinstance(error, LychgateError | ConnectionError | asyncio.CancelledError)
            connection.fail(error if known else OriginFailed(type(error).__name__))


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part) if part else b""


def _head(request: OriginRequest) -> bytes:
    """The question's head. Raises OriginFailed for one that would be two."""
    method, target, headers, body, body_bytes = request
    if b" " in target or not target.startswith(b"/"):
        raise OriginFailed("a target that isn't one")
    lines = [b"%b %b HTTP/1.1" % (method.encode(), target)]
    lines += [b": ".join(pair) for pair in headers if pair[0] not in _FRAMING]
    if method not in _WITHOUT_BODY:
        length = len(body) if isinstance(body, bytes) else 0 if body is None else body_bytes
        told = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
        lines.append(told)
    head = b"\r\n".join(lines)
    if len(head) - len(head.translate(None, _BREAKING)) != 2 * len(lines) - 2:
        raise OriginFailed("a header that would break its line")
    return head + b"\r\n\r\n"
