"""The two lanes: for any request the quick lane's bytes equal the full lane's, and what would need
I/O never takes the quick one."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from gateway.edge.hook import LastHead
from gateway.edge.protocol import GatewayProtocol, decline
from tests.ways.house import House, Page, StoppedClock, cookie, house

POLICY = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"] }
query: [page]
labels:
  - meta: tier
rules:
  - { name: by country, path: /pays/**, country: FR, access: public, cache: 60s }
  - { name: by device, path: /pays/**, device: phone, access: members }
  - { name: elsewhere, path: /pays/**, access: paid }
  - { name: gold, path: /or/**, access: paid, tiers: [gold], cache: 60s }
  - { name: labelled, label: any, access: as-labelled }
"""
KEPT = (("Cache-Control", "max-age=50"),)


def article(label: str, mark: str) -> Page:
    paragraphs = "".join(
        f"<p>Alinéa {n} de {mark}, qui dit des choses utiles.</p>" for n in range(9)
    )
    meta = f'<meta name="tier" content="{label}">' if label else ""
    marked = (
        '<a data-lg-when="anonymous">Entrer</a><a data-lg-when="member">Moi</a>'
        if mark == "m"
        else ""
    )
    body = (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{mark}</title>{meta}</head>'
        f'<body>{marked}<article><h1>{mark}</h1><div class="body">{paragraphs}</div></article></body></html>'
    )
    return Page(body.encode(), headers=KEPT)


PAGES = {
    "/": article("", "front"),
    "/libre": article("public", "libre"),
    "/membres": article("members", "membres"),
    "/marque": article("public", "m"),
    "/payant": article("paid", "payant"),
    "/or/a": article("", "or"),
    "/pays/a": article("", "pays"),
    "/jamais": Page(article("paid", "jamais").body, headers=(("Cache-Control", "no-store"),)),
    "/image.png": Page(b"\x89PNG", "image/png", headers=KEPT),
}
HEADERS = {
    b"Accept-Encoding": [b"gzip", b"br, gzip", b"zstd", b"identity", b"gzip;q=0, br;q=0.1"],
    b"Connection": [b"keep-alive", b"close", b"Keep-Alive"],
    b"Sec-Fetch-Dest": [b"document", b"image", b"empty"],
    b"Accept": [b"text/html", b"text/event-stream", b"*/*"],
    b"Range": [b"bytes=0-3"],
    b"If-None-Match": [b'"x"', b"*", b"ETAG", b'W/"y", ETAG'],
    b"If-Modified-Since": [b"Tue, 14 Nov 2023 22:13:20 GMT"],
    b"CF-IPCountry": [b"FR", b"DE"],
    b"User-Agent": [b"Mozilla/5.0", b"Mozilla/5.0 (iPhone) Mobile"],
    b"X-Forwarded-For": [b"9.9.9.9"],
    b"Authorization": [b"Basic eA=="],
}


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def can_write_eof(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 4711) if name in ("peername", "sockname") else default

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        return

    def resume_reading(self) -> None:
        return


class Lanes:
    """One connection a question, with the quick lane or without."""

    def __init__(self, inside: House) -> None:
        self.inside = inside
        config: Any = inside.lychgate.config
        config.load()
        self.config = config
        self.quick = self.config.http_protocol_class.keywords["quick"]
        self.last = LastHead()
        self.hits = 0
        self.known = 0  # of these, answers to heads that weren't parsed

    def at_once(self, data: bytes, peer: str, _: LastHead) -> list[bytes] | None:
        """As if all came over one connection."""
        answer: list[bytes] | None = self.quick.at_once(data, peer, self.last)
        self.known += answer is not None
        return answer

    @property
    def resting(self) -> int:
        return int(self.quick.resting)

    @resting.setter
    def resting(self, heads: int) -> None:
        self.quick.resting = heads

    def learn(self, data: bytes, headers: Any) -> None:
        self.quick.learn(data, headers)

    async def ask(
        self, data: bytes, *, quick: bool, knowing: bool = False, cut: int | None = None
    ) -> bytes:
        from uvicorn.server import ServerState

        made = self.config.http_protocol_class
        loop = asyncio.get_running_loop()

        def counted(target: bytes, headers: Any, peer: str) -> Any:
            answer = self.quick(target, headers, peer)
            self.hits += answer is not None
            return answer

        connection: GatewayProtocol = made(
            self.config,
            ServerState(),
            {},
            _loop=loop,
            quick=counted if quick else decline,
            knowing=self if knowing else None,
        )
        wire = Wire()
        connection.connection_made(wire)
        connection.data_received(data[:cut])
        if cut is not None:
            connection.data_received(data[cut:])
        if connection.body_open:
            connection.connection_lost(None)  # no more is coming
        while connection.tasks:
            await asyncio.wait(set(connection.tasks))
        connection.connection_lost(None)
        return wire.written


def message(target: str, headers: list[tuple[bytes, bytes]], method: bytes = b"GET") -> bytes:
    lines = [method + b" " + target.encode() + b" HTTP/1.1", b"Host: a.test"]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join((*lines, b"", b""))


@pytest.fixture
def inside(tmp_path: Path) -> Any:
    return house(tmp_path, policy=POLICY, pages=dict(PAGES), clock=StoppedClock(), served=False)


async def compare(lanes: Lanes, seed: int, count: int) -> int:
    chance = random.Random(seed)
    etags: list[bytes] = [b'"x"']
    for _ in range(count):
        target = chance.choice([*PAGES, "/membres?page=2", "/membres?utm_source=x", "//libre"])
        headers = [
            (name, chance.choice(values).replace(b"ETAG", chance.choice(etags)))
            for name, values in HEADERS.items()
            if chance.random() < (0.6 if name == b"Accept-Encoding" else 0.05)
        ]
        jar = chance.choice(
            [None, None, b"a=b", cookie("member"), cookie("gold"), cookie("silver")]
        )
        jar = chance.choice([jar, jar, cookie("lapsed"), cookie("nobody"), b"lychgate=forged"])
        if jar:
            headers.append((b"Cookie", jar))
        data = message(target, headers)
        full = await lanes.ask(data, quick=False)
        before = lanes.hits
        quick = await lanes.ask(data, quick=True)
        if lanes.hits > before:
            assert quick == full, data
        known = lanes.known
        answer = await lanes.ask(data, quick=True, knowing=True)
        if lanes.known > known:
            assert answer == full, data
            assert quick == full, "no head is answered unparsed that is the full lane's when parsed"
        if lanes.hits > before:
            for line in quick.split(b"\r\n\r\n")[0].split(b"\r\n"):
                if line.startswith(b"etag: "):
                    etags = [*etags[-9:], line[6:]]
    return lanes.hits


@pytest.mark.anyio
async def test_the_quick_lanes_bytes_are_the_full_lanes(inside: Any) -> None:
    async with inside as found:
        lanes = Lanes(found)
        hits = await compare(lanes, seed=20261123, count=10_000)
        assert hits > 3_000, "the property must not hold for want of quick answers"
        assert lanes.known > 2_000, "nor for want of known heads"


@pytest.mark.anyio
async def test_what_needs_io_takes_the_full_lane(inside: Any) -> None:
    async with inside as found:
        lanes = Lanes(found)
        plain = message("/membres", [])
        await lanes.ask(plain, quick=True)
        assert lanes.hits == 0, "a page that isn't kept yet"
        await lanes.ask(plain, quick=True)
        assert lanes.hits == 1
        signed_in = message("/membres", [(b"Cookie", cookie("member"))])
        await lanes.ask(signed_in, quick=True)
        assert lanes.hits == 1, "a reader whom the store must tell"
        await lanes.ask(signed_in, quick=True)
        assert lanes.hits == 2
        for headers in (
            [(b"Range", b"bytes=0-3")],
            [(b"Authorization", b"Basic x")],
            [(b"If-Modified-Since", b"x")],
            [(b"Sec-Fetch-Dest", b"image")],
            [(b"Connection", b"close")],
            [(b"Cookie", cookie("member") + b"; lychgate=x")],
        ):
            await lanes.ask(message("/membres", headers), quick=True)
        await lanes.ask(message("/membres", [], method=b"POST"), quick=True)
        await lanes.ask(message("/jamais", []), quick=True)
        await lanes.ask(message("/jamais", []), quick=True)
        assert lanes.hits == 2
        found.lychgate.policies.reload()
        clock: Any = found.lychgate.pages.clock
        clock.instant += 51
        await lanes.ask(plain, quick=True)
        assert lanes.hits == 2, "a page past its freshness"


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(20))
async def test_pipelines_split_anywhere_are_answered_in_order_each_for_its_cookie(
    inside: Any, seed: int
) -> None:
    async with inside as found:
        lanes = Lanes(found)
        chance = random.Random(seed)
        jars = [None, cookie("member"), cookie("gold"), cookie("silver")]
        asked = [
            message(chance.choice(list(PAGES)), [(b"Cookie", jar)] if jar else [])
            for jar in (chance.choice(jars) for _ in range(24))
        ]
        expected = b""
        for each in asked:
            expected += await lanes.ask(each, quick=False)
        whole = b"".join(asked)
        from uvicorn.server import ServerState

        connection: Any = lanes.config.http_protocol_class(
            lanes.config, ServerState(), {}, _loop=asyncio.get_running_loop()
        )
        wire = Wire()
        connection.connection_made(wire)
        at = 0
        while at < len(whole):
            step = chance.choice([1, 7, 60, 400, 4000])
            connection.data_received(whole[at : at + step])
            at += step
            if chance.random() < 0.3:
                await asyncio.sleep(0)
        while connection.tasks or connection.pipeline:
            await asyncio.sleep(0)
        connection.connection_lost(None)
        assert wire.written == expected
