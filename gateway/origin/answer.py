"""One answer of the origin as it comes in: its head, and its body read whole or piece by piece.

``wire`` fills it, its reader empties it, and when the reader is slower the connection waits. A body
that doesn't arrive whole raises, so it can never look whole.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeAlias

from gateway.errors import OriginFailed

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

# What a body may hold beyond one read before its connection waits: a page of 50 KB comes at once,
# and a reader known to be slow has less.
BUFFERED_HIGH_BYTES = 32 << 10
_BUFFERED_LOW_BYTES = 8 << 10


class Line(Protocol):
    """``wire.Connection`` as far as an answer needs it."""

    def resume(self) -> None:
        """Read on: the reader caught up."""

    def whole(self) -> AbstractContextManager[None]:
        """Hold the origin to one read timeout for all that is asked of it within."""

    def fail(self, error: BaseException) -> None: ...


class OriginResponse:
    """``headers`` have lower-case names. Close it, always."""

    __slots__ = (
        "_buffered",
        "_chunks",
        "_error",
        "_high_bytes",
        "_waiter",
        "complete",
        "headers",
        "line",
        "status",
    )

    def __init__(self, line: Line) -> None:
        self.line: Line | None = line  # None once nothing more comes
        self.status = 0
        self.headers: Headers = ()
        self.complete = False
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._high_bytes = BUFFERED_HIGH_BYTES
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    def header(self, name: bytes) -> bytes | None:
        """The first value of a lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def finished(self) -> bool:
        """Whether all of the body was given out: the chunk just taken was the last."""
        return self.complete and not self._chunks

    async def read(self, bytes_max: int) -> bytes:
        """The whole body as sent, still coded. Raises OriginFailed when it is cut or too long, and
        OriginTimeout when it isn't all there within one read timeout."""
        parts, size = [], 0
        with self.whole():
            async for chunk in self.chunks():
                size += len(chunk)
                if size > bytes_max:
                    await self.close()
                    raise OriginFailed("the page is larger than may be read")
                parts.append(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def whole(self) -> AbstractContextManager[None]:
        """Hold the origin to one read timeout for all that is read within, and to what is left of it
        where that stands within another."""
        return self.line.whole() if self.line is not None else nullcontext()

    async def opening(self, bytes_max: int) -> bytes:
        """The body so far as it goes within a bound, without taking it: ``chunks`` gives it again."""
        parts: list[bytes] = []
        size = 0
        try:
            async for chunk in self.chunks():
                parts.append(chunk)
                size += len(chunk)
                if size > bytes_max:
                    break
        finally:
            self._chunks.extendleft(reversed(parts))
            self._buffered += size
        return b"".join(parts)

    async def first(self) -> bytes:
        """The chunk that comes next, without taking it; empty where nothing more comes."""
        await self.more()
        return self._chunks[0] if self._chunks else b""

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises OriginFailed when the origin cuts it or stops within it."""
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._buffered -= len(chunk)
                if self._buffered < _BUFFERED_LOW_BYTES and self.line is not None:
                    self.line.resume()
                yield chunk
            if self._error is not None:
                raise self._error
            if self.complete:
                return
            await self._news()

    def take(self) -> list[bytes]:
        """All of the body that is there, maybe nothing of it; the connection reads on."""
        parts = list(self._chunks)
        if parts:
            self._chunks.clear()
            self._buffered = 0
            if self.line is not None:
                self.line.resume()
        return parts

    async def more(self) -> None:
        """Wait until ``take`` has something to give, or the body is complete. Raises OriginFailed
        when the origin cuts it or stops within it."""
        while not self._chunks and not self.complete:
            if self._error is not None:
                raise self._error
            await self._news()

    def hold_little(self) -> None:
        """The reader is slow: from now on the connection waits as soon as anything is held."""
        self._high_bytes = _BUFFERED_LOW_BYTES

    async def close(self) -> None:
        """A body that wasn't read to its end costs the connection."""
        if self.line is not None:
            self.line.fail(OriginFailed("closed before its end"))

    # What the connection calls.

    async def head(self) -> None:
        """Wait for the head. Raises what ended the connection."""
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._news()

    def _news(self) -> asyncio.Future[None]:
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def begin(self, status: int, headers: Headers) -> None:
        self.status, self.headers = status, headers
        self._wake()

    def add(self, chunk: bytes) -> bool:
        """Whether the reader is so far behind that the connection should wait."""
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        self._wake()
        return self._buffered > self._high_bytes

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more comes: all of it, or ``error``."""
        self.line = None
        self.complete, self._error = error is None, error
        self._wake()
