"""Origins made of raw sockets, which say exactly what a test tells them to."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from gateway.origin.fetch import Origin

Conversation = Callable[["Line"], Awaitable[None]]


@dataclass
class Line:
    """One accepted connection. ``number`` counts from 1."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heads: list[bytes]

    async def question(self) -> bytes:
        """The next request's head, raw."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        return head

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the gateway drops the line."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


@dataclass
class Heard:
    """What the origin saw: raw heads in order, and how many connections were made."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0


def says(*answers: bytes, then_close: bool = True) -> Conversation:
    """Answer the first question with the first bytes, and so on; then hang up, or keep silent."""

    async def talk(line: Line) -> None:
        for answer in answers:
            await line.question()
            await line.say(answer)
        if not then_close:
            await line.gone()

    return talk


@contextlib.asynccontextmanager
async def misbehaving(
    talk: Conversation, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Heard]:
    heard = Heard()
    talks: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.connections += 1
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(Line(heard.connections, reader, writer, heard.heads))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            talks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls)
    heard.port = server.sockets[0].getsockname()[1]
    try:
        yield heard
    finally:
        server.close()
        for task in tuple(talks):
            task.cancel()
        if talks:
            await asyncio.wait(tuple(talks))


@contextlib.asynccontextmanager
async def asking(
    port: int,
    *,
    read_seconds: float = 5.0,
    fetches_max: int = 64,
    scheme: str = "http",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Origin]:
    origin = Origin(
        url=f"{scheme}://127.0.0.1:{port}",
        connect_seconds=2.0,
        read_seconds=read_seconds,
        fetches_max=fetches_max,
        tls=tls,
    )
    await origin.open()
    try:
        yield origin
    finally:
        await origin.close()
