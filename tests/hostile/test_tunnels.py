"""WebSockets through the gateway's wire: decided before the origin hears, joined only by a 101."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1

import pytest

from gateway.edge.handshake import opening_head, request_head
from gateway.edge.protocol import server_config
from gateway.edge.tunnel import Tunnels, TunnelSettings
from gateway.errors import OriginFailed
from tests.hostile.serving import Application, Receive, Scope, Send, listening
from tests.hostile.wire import Address, Answered, Wire, asked

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    (b"Connection", b"keep-alive, Upgrade"),
    (b"Upgrade", b"websocket"),
    (b"Sec-WebSocket-Key", KEY),
    (b"Sec-WebSocket-Version", b"13"),
)
_FLOOD_BYTES = 64 << 20
_IDLE_SECONDS = 1.0


def proper(key: bytes) -> bytes:
    accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return opening_head([(b"sec-websocket-accept", accept)])


class OriginLine(socketserver.BaseRequestHandler):
    """One connection of the origin; its path says how it misbehaves."""

    request: socket.socket
    server: Origin

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = self.request.recv(65536)
            if not data:
                return
            head += data
        head, _, early = head.partition(b"\r\n\r\n")
        self.server.heads.append(head)
        path = head.split(b" ")[1]
        key = head.lower().partition(b"sec-websocket-key: ")[2] and KEY
        try:
            self.misbehave(path, key, early)
        except OSError:
            self.server.ended.append(path)

    def misbehave(self, path: bytes, key: bytes, early: bytes) -> None:
        line = self.request
        if path == b"/echo":
            line.sendall(proper(key) + early.upper())
            while data := line.recv(65536):
                line.sendall(data.upper())
        elif path == b"/early":
            line.sendall(proper(key) + b"first words")
        elif path == b"/refused":
            line.sendall(b"HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 6\r\n\r\nsecret")
        elif path == b"/improper":
            line.sendall(proper(b"another key") + b"secret")
        elif path == b"/nonsense":
            line.sendall(b"secret\r\n\r\n")
        elif path == b"/hang":
            line.recv(1)
        elif path == b"/flood":
            line.sendall(proper(key))
            sent = 0
            while sent < _FLOOD_BYTES:
                sent += line.send(b"a" * 65536)
                self.server.flooded = sent
        elif path == b"/silent":
            line.sendall(proper(key))
            line.recv(1)
            self.server.ended.append(path)


class Origin(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), OriginLine)
        self.heads: list[bytes] = []
        self.ended: list[bytes] = []
        self.flooded = 0


def tunnelling(port: int) -> Application:
    """Denies ``/denied`` without asking; joins whatever opens."""
    tunnels = Tunnels(
        TunnelSettings(host="127.0.0.1", port=port, answer_seconds=1.0, idle_seconds=_IDLE_SECONDS)
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        extension = scope["extensions"]["lychgate"]
        if "take_line" not in extension:
            await answer(send, 200, (), b"plain")
            return
        if scope["path"] == "/denied":
            await asyncio.sleep(0.05)
            await answer(send, 403, (), b"denied")
            return
        head = request_head(extension["target"], [(b"host", b"o"), (b"sec-websocket-key", KEY)])
        try:
            tunnel = await tunnels.ask(head, key=KEY)
        except OriginFailed as failed:
            await answer(send, failed.status, (), b"")
            return
        if tunnel.status == 101:
            await tunnel.relay(extension["take_line"](), opening_head(tunnel.headers))
            return
        why = tuple(pair for pair in tunnel.headers if pair[0] == b"x-why")
        tunnel.end()
        await answer(send, tunnel.status, why, b"")

    return app


async def answer(
    send: Send, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes
) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": (*headers, length)})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True)
class Site:
    address: Address
    origin: Origin


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Origin() as origin:
        thread = threading.Thread(target=origin.serve_forever, daemon=True)
        thread.start()
        app = tunnelling(origin.server_address[1])
        with listening(server_config(app, graceful_seconds=2)) as address:
            yield Site(address, origin)
        origin.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _forgotten(site: Site) -> None:
    site.origin.heads.clear()
    site.origin.ended.clear()


def opened(wire: Wire, path: bytes, more: bytes = b"") -> Answered:
    wire.send(asked(path, headers=HANDSHAKE) + more)
    answered = wire.answer()
    assert answered is not None
    return answered


def test_bytes_pass_both_ways(site: Site) -> None:
    with Wire(site.address) as wire:
        answered = opened(wire, b"/echo")
        assert answered.status == 101
        assert answered.header(b"upgrade") == b"websocket"
        for word in (b"one", b"two", b"x" * 100_000):
            wire.send(word)
            assert taken(wire, len(word)) == word.upper()
    assert site.origin.heads[0].startswith(b"GET /echo HTTP/1.1\r\nhost: o\r\n")


def taken(wire: Wire, size: int) -> bytes:
    whole = b""
    while len(whole) < size:
        data = wire.socket.recv(size - len(whole))
        assert data, "the tunnel ended"
        whole += data
    return whole


def test_words_sent_before_the_tunnel_stood(site: Site) -> None:
    with Wire(site.address) as wire:
        assert opened(wire, b"/echo", b"hasty").status == 101
        assert wire._exactly(5) == b"HASTY"


def test_words_behind_the_101_and_an_end_by_the_origin(site: Site) -> None:
    with Wire(site.address) as wire:
        assert opened(wire, b"/early").status == 101
        assert wire.rest() == b"first words"


def test_what_is_denied_never_reaches_the_origin(site: Site) -> None:
    """Nor does what its sender hoped to say to it."""
    with Wire(site.address) as wire:
        answered = opened(wire, b"/denied", b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert (answered.status, answered.body) == (403, b"denied")
        assert wire.closed()
    assert not site.origin.heads


def test_another_answer_passes_without_its_body(site: Site) -> None:
    with Wire(site.address) as wire:
        answered = opened(wire, b"/refused")
        assert (answered.status, answered.header(b"x-why"), answered.body) == (403, b"no", b"")
        assert wire.closed()


@pytest.mark.parametrize(
    ("path", "status"), [(b"/improper", 502), (b"/nonsense", 502), (b"/hang", 504), (b"/x", 502)]
)
def test_an_origin_that_fails(site: Site, path: bytes, status: int) -> None:
    with Wire(site.address) as wire:
        answered = opened(wire, path)
        assert (answered.status, answered.body) == (status, b"")
        assert wire.closed()


def test_a_reader_that_leaves_ends_the_origin_s_line(site: Site) -> None:
    with Wire(site.address) as wire:
        assert opened(wire, b"/silent").status == 101
    deadline = time.monotonic() + 2
    while not site.origin.ended:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_silence_ends_a_tunnel(site: Site) -> None:
    with Wire(site.address) as wire:
        assert opened(wire, b"/silent").status == 101
        began = time.monotonic()
        assert wire.closed()
        assert time.monotonic() - began < 3 * _IDLE_SECONDS


def test_a_reader_that_takes_nothing_holds_the_origin_back(site: Site) -> None:
    """What is neither read nor sent stands in the sockets, not in the gateway; then it ends."""
    with Wire(site.address, receive_buffer_bytes=4096) as wire:
        assert opened(wire, b"/flood").status == 101
        time.sleep(0.4)
        before = site.origin.flooded
        time.sleep(0.2)
        assert site.origin.flooded == before
        assert before < _FLOOD_BYTES // 4
        deadline = time.monotonic() + 3 * _IDLE_SECONDS
        while b"/flood" not in site.origin.ended:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize(
    "headers",
    [
        ((b"Upgrade", b"websocket"),),
        ((b"Connection", b"Upgrade"), (b"Upgrade", b"h2c")),
        ((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket, h2c")),
        ((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"), (b"Upgrade", b"h2c")),
    ],
)
def test_what_is_no_handshake_gets_an_ordinary_answer(
    site: Site, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    with Wire(site.address) as wire:
        wire.send(asked(b"/echo", headers=headers) + asked(b"/next"))
        first, second = wire.answers((b"GET", b"GET"))
        assert (first.body, second.body) == (b"plain", b"plain")
    assert not site.origin.heads


def test_a_post_is_no_handshake(site: Site) -> None:
    with Wire(site.address) as wire:
        wire.send(asked(b"/echo", method=b"POST", headers=HANDSHAKE))
        answered = wire.answer()
        assert answered is not None
        assert answered.body == b"plain"
    assert not site.origin.heads
