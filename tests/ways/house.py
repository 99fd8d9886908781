"""The whole gateway in one process, in front of a small origin that remembers every request.

The origin answers from a table; the gateway is built from a real ``lychgate.toml`` and policies in
a folder of the test's own, and is asked either through its real server or by its own functions.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from gateway.app import Lychgate, build
from gateway.clock import Clock, SystemClock
from gateway.config import load_settings
from gateway.identity.cookies import CookieSigner
from gateway.identity.sessions import Session
from gateway.model.entitlement import Entitlement
from gateway.model.reader import Reader
from gateway.ops.server import Server

KEY = "test-key-of-thirty-two-characters-and-more"
FAR = 4_000_000_000.0


@dataclass(frozen=True)
class Asked:
    """One request as the origin received it."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Page:
    """What the origin answers. ``headers`` beside Content-Length."""

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Pages = dict[str, "Page | Callable[[Asked], Page]"]


@dataclass
class TableOrigin:
    """``pages`` by target or path; anything else is 404. ``seen`` is every request, in order. ``drips``:
    a body comes byte by byte, each so soon that no wait between two would end it."""

    pages: dict[str, Page | Callable[[Asked], Page]] = field(default_factory=dict)
    seen: list[Asked] = field(default_factory=list)
    down: bool = False
    drips: bool = False
    lines: set[asyncio.StreamWriter] = field(default_factory=set)

    async def close(self) -> None:
        """Drop every connection, so that nothing outlives the test's loop."""
        for writer in list(self.lines):
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = await self._read(reader)
                if self.down:
                    break
                self.seen.append(asked)
                answer = self._answer(asked)
                head, end, body = answer.partition(b"\r\n\r\n")
                writer.write(head + end if self.drips else answer)
                for place in range(len(body) if self.drips else 0):
                    await asyncio.sleep(0.05)
                    writer.write(body[place : place + 1])
                await writer.drain()
        writer.close()
        self.lines.discard(writer)

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        method, target, _ = first.split(b" ")
        headers = tuple(
            (name.lower(), value.strip())
            for name, _, value in (line.partition(b":") for line in lines)
        )
        named = dict(headers)
        body = b""
        if b"content-length" in named:
            body = await reader.readexactly(int(named[b"content-length"]))
        elif named.get(b"transfer-encoding") == b"chunked":
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        return Asked(method.decode(), target, headers, body)

    def _answer(self, asked: Asked) -> bytes:
        target = asked.target.decode("latin-1")
        found = self.pages.get(target) or self.pages.get(target.partition("?")[0])
        page = found(asked) if callable(found) else found
        if page is None:
            page = Page(b"<!doctype html><title>Introuvable</title><p>Rien ici.</p>", status=404)
        lines = [
            f"HTTP/1.1 {page.status} Said",
            f"content-type: {page.content_type}",
            f"content-length: {len(page.body)}",
            *(f"{name}: {value}" for name, value in page.headers),
        ]
        body = b"" if asked.method == "HEAD" else page.body
        return "\r\n".join((*lines, "", "")).encode("latin-1") + body


class StoppedClock:
    """A clock that stands still, so that both lanes see one instant."""

    def __init__(self) -> None:
        self.instant = 1_790_000_000.0

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant


class ReadySessions:
    """A session store of ready-made readers; the session id is the reader's name."""

    def __init__(self) -> None:
        self.by_id: dict[str, Session] = {}
        self.asked = 0
        for name, tiers in (("member", ()), ("gold", ("gold",)), ("silver", ("silver",))):
            held = tuple(Entitlement(tier, 0.0, FAR) for tier in tiers)
            self.by_id[name] = Session(name, Reader(id=name, entitlements=held), FAR)
        lapsed = Reader(id="lapsed", entitlements=(Entitlement("gold", 0.0, 1.0, mendable=True),))
        self.by_id["lapsed"] = Session("lapsed", lapsed, FAR)
        self.by_id["editor"] = Session("editor", Reader(id="editor", newsroom=True), FAR)

    async def session(self, session_id: str, *, now: float) -> Session | None:
        self.asked += 1
        return self.by_id.get(session_id)

    async def sessions(self, ids: Collection[str], *, now: float) -> Mapping[str, Session]:
        return {each: self.by_id[each] for each in ids if each in self.by_id}

    async def seen(self, sightings: object) -> None:
        return None


def cookie(name: str) -> bytes:
    """A session cookie of one of the ready-made readers."""
    return b"lychgate=" + CookieSigner([KEY]).sign(name).encode()


@dataclass
class House:
    lychgate: Lychgate
    origin: TableOrigin
    sessions: ReadySessions
    address: tuple[str, int]


@contextlib.asynccontextmanager
async def house(
    folder: Path,
    *,
    policy: str,
    pages: Pages,
    settings: str = "",
    site_extra: str = "",
    clock: Clock | None = None,
    served: bool = True,
) -> AsyncIterator[House]:
    """``settings`` is more TOML behind ``[site]``, ``site_extra`` more keys of it."""
    origin = TableOrigin(dict(pages))
    listening = await asyncio.start_server(origin.serve, "127.0.0.1", 0)
    origin_port = listening.sockets[0].getsockname()[1]
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "policy.yaml").write_text(policy, "utf-8")
    (folder / "lychgate.toml").write_text(
        f"""[site]
url = "http://localhost"
origin = "http://127.0.0.1:{origin_port}"
name = "La Gazette"
languages = ["fr", "en"]
aliases = ["127.0.0.1", "a.test"]
{site_extra}
[policies]
folder = "policies"
[keys]
cookie = ["{KEY}"]
{settings}
""",
        "utf-8",
    )
    sessions = ReadySessions()
    lychgate = build(
        load_settings(folder / "lychgate.toml", {}),
        clock=clock or SystemClock(),
        session_store=sessions,
    )
    lychgate.access_log.on = False
    await lychgate.startup()
    server, serving, address = None, None, ("", 0)
    if served:
        server, serving, address = await _serve(lychgate.config)
    try:
        yield House(lychgate, origin, sessions, address)
    finally:
        if server is not None and serving is not None:
            server.should_exit = True
            await serving
        await lychgate.shutdown()
        listening.close()
        await origin.close()
        await asyncio.sleep(0)


async def _serve(
    config: uvicorn.Config,
) -> tuple[Server, asyncio.Task[None], tuple[str, int]]:
    import socket

    # Named so, asyncio switches Nagle off: else an answer of two writes waits 40 ms for an ACK.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))

    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    return server, serving, listener.getsockname()
