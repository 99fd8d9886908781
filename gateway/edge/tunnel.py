"""Two lines joined for a WebSocket, with back-pressure and bounds, once its handshake was decided.

The gate decides before anything here runs. This file knows sockets and looks into no frame; it
knows nothing of pages, readers or policies. Any other answer than a proper 101 comes back as an
ordinary one, without its body.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from gateway.edge.handshake import AnswerHead, Headers
from gateway.errors import OriginBusy, OriginFailed, OriginTimeout


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelSettings:
    """``tls`` None speaks plain TCP. ``idle_seconds`` counts silence in both directions at once."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    connect_seconds: float = 3.0
    answer_seconds: float = 15.0
    idle_seconds: float = 120.0
    buffered_bytes_max: int = 64 << 10
    tunnels_max: int = 1000

    @classmethod
    def to(cls, url: str, *, connect_seconds: float, answer_seconds: float) -> Self:
        """For an origin's ``http`` or ``https`` address."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (443 if secure else 80),
            tls=ssl.create_default_context() if secure else None,
            connect_seconds=connect_seconds,
            answer_seconds=answer_seconds,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """The reader's connection as ``edge.protocol`` hands it over.

    Its transport isn't reading. ``owner`` hears of its end, and ``early`` is what the reader sent
    past its request.
    """

    transport: asyncio.Transport
    owner: asyncio.Protocol
    early: bytes = b""


class Tunnels:
    """All tunnels of one worker."""

    def __init__(self, settings: TunnelSettings) -> None:
        self._settings = settings
        self._open: set[Tunnel] = set()

    @property
    def open(self) -> int:
        return len(self._open)

    async def ask(self, head: bytes, *, key: bytes) -> Tunnel:
        """Send a handshake's head and read its answer's.

        ``key`` is its Sec-WebSocket-Key, which a proper 101 proves to have read. The caller ends
        what is returned. Raises OriginFailed, OriginTimeout, OriginBusy.
        """
        settings = self._settings
        if len(self._open) >= settings.tunnels_max:
            raise OriginBusy("too many tunnels")
        tunnel = Tunnel(settings, key, self._open)
        self._open.add(tunnel)
        try:
            async with asyncio.timeout(settings.connect_seconds):
                await asyncio.get_running_loop().create_connection(
                    lambda: tunnel, settings.host, settings.port, ssl=settings.tls
                )
            tunnel.write(head)
            async with asyncio.timeout(settings.answer_seconds):
                await tunnel.answered
        except BaseException as error:
            tunnel.end()
            if isinstance(error, TimeoutError):
                raise OriginTimeout("no answer to a handshake") from error
            if isinstance(error, OSError):
                raise OriginFailed(type(error).__name__) from error
            raise
        return tunnel

    def shutdown(self) -> None:
        """End every tunnel: a stream without an end can't be waited for."""
        for tunnel in tuple(self._open):
            tunnel.end()


class Tunnel(asyncio.Protocol):
    """The origin's line: first one answer's head, then one half of the joined two."""

    def __init__(self, settings: TunnelSettings, key: bytes, open_ones: set[Tunnel]) -> None:
        self._settings = settings
        self._open_ones = open_ones
        self._head = AnswerHead(key)
        self._transport: asyncio.Transport | None = None
        self._reader: _ReaderLine | None = None
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def status(self) -> int:
        """101 is a proper one, ready for ``relay``."""
        return self._head.status

    @property
    def headers(self) -> Headers:
        return self._head.headers

    async def relay(self, line: Line, opening: bytes) -> None:
        """Write ``opening`` (the 101 as the gateway words it), then pass bytes until an end."""
        assert self.status == 101, "only a proper 101 opens a tunnel"
        origin = self._transport
        if origin is None or origin.is_closing():
            raise OriginFailed("closed right behind its 101")
        if line.transport.is_closing():
            return
        self._reader = reader = _ReaderLine(line, origin, self._settings)
        try:
            reader.begin(opening + self._head.early)
            origin.resume_reading()
            await reader.ended
        finally:
            line.transport.abort()
            self.end()

    def write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def end(self) -> None:
        self._open_ones.discard(self)
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as asyncio calls it
        self._transport = transport
        transport.set_write_buffer_limits(high=self._settings.buffered_bytes_max)

    def data_received(self, data: bytes) -> None:
        if self._reader is not None:
            self._reader.write(data)
        elif not self.answered.done():
            self._read_head(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._reader is not None:
            self._reader.end()
        elif not self.answered.done():
            self.answered.set_exception(OriginFailed("closed before it answered a handshake"))

    def pause_writing(self) -> None:
        if self._reader is not None:
            self._reader.pause()

    def resume_writing(self) -> None:
        if self._reader is not None:
            self._reader.resume()

    def _read_head(self, data: bytes) -> None:
        try:
            self._head.feed(data)
        except OriginFailed as failed:
            self.answered.set_exception(failed)
            return
        if self._head.complete:
            # Frames right behind the 101 wait in the socket until the reader's line is joined.
            assert self._transport is not None
            self._transport.pause_reading()
            self.answered.set_result(None)


class _ReaderLine(asyncio.Protocol):
    """The reader's line, which takes the place of the HTTP protocol on the same transport."""

    def __init__(self, line: Line, origin: asyncio.Transport, settings: TunnelSettings) -> None:
        self._transport = line.transport
        self._line = line
        self._origin = origin
        self._idle_seconds = settings.idle_seconds
        self._buffered_bytes_max = settings.buffered_bytes_max
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._watch: asyncio.TimerHandle | None = None
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def begin(self, opening: bytes) -> None:
        self._transport.set_protocol(self)
        self._transport.set_write_buffer_limits(high=self._buffered_bytes_max)
        self._transport.write(opening)
        if self._line.early:
            self._origin.write(self._line.early)
        self._transport.resume_reading()
        self._watch = self._loop.call_later(self._idle_seconds, self._look)

    # asyncio.Protocol
    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._origin.write(data)

    def pause_writing(self) -> None:
        self._origin.pause_reading()

    def resume_writing(self) -> None:
        self._origin.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._origin.close()
        self._line.owner.connection_lost(exc)
        if not self.ended.done():
            self.ended.set_result(None)

    # The origin's side
    def write(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._transport.write(data)

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        self._transport.resume_reading()

    def end(self) -> None:
        self._transport.close()

    def _look(self) -> None:
        """Silence ends the tunnel. A reader that takes nothing pauses the origin: silence too."""
        left = self._heard_at + self._idle_seconds - self._loop.time()
        if left <= 0:
            self._transport.abort()
        else:
            self._watch = self._loop.call_later(left, self._look)
