"""One connection to the origin: HTTP/1.1, one question at a time, framed as strictly as it can be.

llhttp (through httptools, without its leniencies) parses; what it leaves open is closed here: both
framings at once, codings of the transfer but ``chunked``, answers nobody asked for, heads without
end. A connection that saw anything odd is never used again, and a body that was cut raises. Bytes
are neither decoded nor changed. Of time this file knows deadlines only; the pool sweeps them.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import httptools

from gateway.errors import OriginFailed
from gateway.origin.answer import OriginResponse

HEAD_BYTES_MAX = 64 << 10
# At once. More costs each stalled reader as much more.
READ_BYTES = 32 << 10
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))
_INTERIM_MAX = 16  # 1xx answers before the real one
EVENT_STREAM_SECONDS = 300.0  # between two bytes of an event stream, which is silent by nature
_drop: Callable[[tuple[bytes, bytes]], None] = deque[tuple[bytes, bytes]](maxlen=0).append


class Connection(asyncio.BufferedProtocol):
    """``buffer`` may be shared by all connections of a loop: it is emptied before it is filled
    again. ``deadline`` is in the loop's time; whoever finds it past calls ``fail``."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        buffer: memoryview,
        read_seconds: float,
        on_idle: Callable[[Connection], None],
        on_lost: Callable[[Connection], None],
    ) -> None:
        self._loop = loop
        self._buffer = buffer
        self._read_seconds = read_seconds
        self._on_idle = on_idle
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._writable: asyncio.Future[None] | None = None
        self._writing_paused = self._reading_paused = False
        self._idle_seconds = read_seconds
        self.answer: OriginResponse | None = None
        self.deadline = math.inf
        self.whole_by = math.inf  # set where the whole body is wanted by then
        self.idle_since = 0.0
        self.heard = False  # a byte came for the question under way
        self.sending = False  # the question's body is still being sent
        self._begin(head_only=False)

    # The question.

    def _begin(self, *, head_only: bool) -> None:
        self._head_only = head_only
        self._names: list[tuple[bytes, bytes]] = []
        self._collect = self._names.append
        self._head_bytes = self._interim = 0
        self._framing = ""  # how the body ends: "none", "length", "chunked", "close"
        self._done = self._odd = False
        self.heard = False

    def ask(self, head: bytes, *, head_only: bool) -> OriginResponse:
        """Send a question's head; the answer fills itself as it comes."""
        assert self._transport is not None
        assert self.answer is None, "one question at a time"
        self._begin(head_only=head_only)
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
        self._idle_seconds = self._read_seconds
        self.deadline, self.whole_by = self._loop.time() + self._read_seconds, math.inf
        answer = self.answer = OriginResponse(self)
        self._transport.write(head)
        return answer

    async def write(self, data: bytes) -> None:
        """Send a part of the question's body, and wait until the origin has taken most of it."""
        if self._transport is None or self._transport.is_closing():
            raise OriginFailed("the connection ended before the request was sent")
        self._transport.write(data)
        if self._writing_paused:
            self._writable = self._loop.create_future()
            try:
                await self._writable
            finally:
                self._writable = None

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # The answer's bytes.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports don't derive from asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.answer is None or self._parser is None:
            self.abort()  # bytes that no question asked for
            return
        self.heard = True
        if self._framing and not self._reading_paused:
            self.deadline = min(self._loop.time() + self._idle_seconds, self.whole_by)
        if not self._framing:
            self._head_bytes += nbytes
        try:
            self._parser.feed_data(self._buffer[:nbytes])
        except httptools.HttpParserUpgrade:
            self.fail(OriginFailed("an upgrade that nobody asked for"))
        except httptools.HttpParserError as error:
            self.fail(OriginFailed(type(error).__name__))
        else:
            if self._odd:
                self.fail(OriginFailed("an answer that can't be framed"))
            elif not self._framing and self._head_bytes > HEAD_BYTES_MAX:
                self.fail(OriginFailed("a head over its bounds"))
            elif self._done:
                self._finish(reusable=self._keeps)

    def on_message_begin(self) -> None:
        if self._done:
            self._odd = True  # a second answer to one question

    def on_header(self, name: bytes, value: bytes) -> None:
        self._collect((name.lower(), value))

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self._interim += 1
            self._odd = self._odd or self._interim > _INTERIM_MAX
            self._names.clear()
            return
        self._framing = self._framed(status)
        self._collect = _drop  # a trailer is neither judged nor passed on
        if status < 200 or not self._framing or self._too_long():
            self._odd, self._framing = True, self._framing or "none"
        answer = self.answer
        if answer is None or self._odd:
            return
        self.deadline = self._loop.time() + self._idle_seconds
        if self._head_only:
            # llhttp would wait for the body that a Content-Length speaks of.
            self._done, self._keeps = True, self._keep_alive()
            self._parser = None
        answer.begin(status, tuple(self._names))

    def _too_long(self) -> bool:
        """Whether the head alone is over its bound. What was read may hold some of the body too."""
        if self._head_bytes <= HEAD_BYTES_MAX:
            return False
        return sum(len(name) + len(value) + 4 for name, value in self._names) > HEAD_BYTES_MAX

    def _framed(self, status: int) -> str:
        """How the body ends (RFC 9112 section 6.3); empty where two answers are possible."""
        names = self._names
        named = dict(names)
        if b"text/event-stream" in named.get(b"content-type", b"").lower():
            self._idle_seconds = max(self._idle_seconds, EVENT_STREAM_SECONDS)
        codings, lengths = b"transfer-encoding" in named, b"content-length" in named
        if len(named) != len(names):
            told = [name for name, _ in names if name in _FRAMING]
            if len(told) > 1:
                return ""
        if codings and (lengths or named[b"transfer-encoding"].lower() != b"chunked"):
            return ""
        if self._head_only or status in (204, 304):
            return "none"
        if codings:
            assert self._parser is not None
            return "chunked" if self._parser.get_http_version() == "1.1" else ""
        return "length" if lengths else "close"

    def _keep_alive(self) -> bool:
        assert self._parser is not None
        asked_to_close = any(
            b"close" in value.lower() for name, value in self._names if name == b"connection"
        )
        return self._parser.get_http_version() == "1.1" and not asked_to_close

    def on_body(self, data: bytes) -> None:
        answer = self.answer
        if answer is None or self._done or self._framing == "none":
            self._odd = True
            return
        if answer.add(data):
            self._pause()

    def on_message_complete(self) -> None:
        if not self._framing or self._head_only:
            return  # an interim answer, or a head that was enough
        assert self._parser is not None
        self._done, self._keeps = True, bool(self._parser.should_keep_alive())

    # Back-pressure, and the end.

    def _pause(self) -> None:
        if not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()
            # Our reader is slow, not the origin.
            self.deadline = self.whole_by

    @contextmanager
    def whole(self) -> Iterator[None]:
        """From now on the origin has one read timeout for all that is asked of it within, however it
        drips; what stands within another has the other's."""
        answer, outermost = self.answer, self.whole_by == math.inf
        if outermost:
            self.whole_by = self._loop.time() + self._read_seconds
            self.deadline = min(self.deadline, self.whole_by)
        try:
            yield
        finally:
            # Another question may be under way on this connection by now.
            if outermost and answer is not None and self.answer is answer:
                self.whole_by = math.inf
                waits = math.inf if self._reading_paused else self._idle_seconds
                self.deadline = self._loop.time() + waits

    def resume(self) -> None:
        if self._reading_paused and self._transport is not None:
            self._reading_paused = False
            self._transport.resume_reading()
            self.deadline = min(self._loop.time() + self._idle_seconds, self.whole_by)

    def eof_received(self) -> None:
        if self._framing == "close" and self.answer is not None:
            self._finish(reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self.answer is not None:
            if exc is None and self._framing == "close":
                self._finish(reusable=False)
            else:
                self.fail(OriginFailed(type(exc).__name__ if exc else "the origin hung up"))
        self.resume_writing()
        self._on_lost(self)

    def _finish(self, *, reusable: bool) -> None:
        """The answer is whole."""
        answer, self.answer = self.answer, None
        assert answer is not None
        self.deadline = self.whole_by = math.inf
        if reusable and not self.sending and self._transport is not None:
            if self._reading_paused:
                self._reading_paused = False
                self._transport.resume_reading()
            self._on_idle(self)
        else:
            self.abort()
        answer.end()

    def fail(self, error: BaseException) -> None:
        """Give up on the answer under way and on the connection."""
        answer, self.answer = self.answer, None
        if answer is not None:
            answer.end(error)
        self.abort()

    def abort(self) -> None:
        self.deadline = math.inf
        if self._transport is not None:
            self._transport.abort()

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()
