"""The nginx and Caddy files of deploy/, run as they are but for names, ports and certificates.

What the gateway behind them must see: the very target that was sent, the reader's own address and
nothing that the reader claims of itself; and what must come back: answers as they are, kept nowhere.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from gateway.bench.processes import free_port
from tests.deploy.fronts import FRONTS, SITE, trusting
from tests.deploy.recording import Recording, recording


@dataclass(frozen=True)
class Front:
    port: int
    upstream: Recording
    trusted: ssl.SSLContext

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        with self.trusted.wrap_socket(raw, server_hostname=SITE) as connection:
            yield connection

    def ask(
        self, target: bytes, *headers: bytes, method: bytes = b"GET", body: bytes = b""
    ) -> bytes:
        """One request as raw bytes; the whole answer."""
        lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: localhost", *headers]
        lines.append(b"Connection: close")
        with self.connected() as connection:
            connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    whole = b""
    while data := connection.recv(65536):
        whole += data
    return whole


@pytest.fixture(scope="module")
def upstream() -> Iterator[Recording]:
    with recording() as kept:
        kept.heads.append(b"")
        yield kept


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def front(
    request: pytest.FixtureRequest, upstream: Recording, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp(request.param)
    port = free_port()
    with FRONTS[request.param](folder, upstream=upstream.port, port=port):
        yield Front(port, upstream, trusting())


@pytest.mark.parametrize(
    "target",
    [
        b"/paid/a?x=/public/&y=%2F",
        b"/public/%2e%2e/paid/a",
        b"/a%2Fb",
        b"/a;b=1/c",
        b"/%E2%82%AC",
        b"//paid/a",
        b"/a//b",
    ],
)
def test_the_target_arrives_as_it_was_sent_or_not_at_all(front: Front, target: bytes) -> None:
    before = len(front.upstream.heads)
    answer = front.ask(target)
    if len(front.upstream.heads) == before:
        assert answer.split(b" ", 2)[1] in (b"400", b"301", b"308")
    else:
        assert front.upstream.target() == target


def test_a_reader_cannot_say_who_it_is(front: Front) -> None:
    claims = [
        b"X-Forwarded-For: 6.6.6.6",
        b"X-Forwarded-Proto: gopher",
        b"X-Forwarded-Host: evil.example",
        b"X-Real-IP: 6.6.6.6",
        b"Forwarded: for=6.6.6.6;host=evil.example",
        b"X_Forwarded_For: 6.6.6.6",
    ]
    assert b" 200 " in front.ask(b"/", *claims)
    seen = front.upstream.headers()
    assert seen["x-forwarded-for"] == ["127.0.0.1"]
    assert seen["x-forwarded-proto"] == ["https"]
    assert seen["x-real-ip"] == ["127.0.0.1"]
    assert "forwarded" not in seen
    assert seen["x-forwarded-host"][0].split(":")[0] == SITE
    assert seen["host"][0].split(":")[0] == SITE
    if "x_forwarded_for" in seen:
        # Caddy has no switch for these names: the gateway itself drops them.
        assert front.upstream.heads[-1].count(b"6.6.6.6") == 1
    else:
        assert b"6.6.6.6" not in front.upstream.heads[-1]


def test_the_gateways_answer_is_kept_nowhere_in_between(front: Front) -> None:
    before = len(front.upstream.heads)
    for cookie in (b"lychgate=a", b"lychgate=b", b"lychgate=b"):
        assert front.ask(b"/paid/a", b"Cookie: " + cookie).endswith(b"hello")
    assert len(front.upstream.heads) == before + 3


def test_the_gateways_headers_come_back_as_they_are(front: Front) -> None:
    head = front.ask(b"/page").partition(b"\r\n\r\n")[0].lower()
    assert b"cache-control: public, s-maxage=60" in head
    assert b'etag: "v"' in head
    assert b"content-encoding" not in head
    assert head.count(b"content-length: 5") == 1


def test_large_heads_pass_both_ways(front: Front) -> None:
    assert b" 200 " in front.ask(b"/", b"Cookie: a=" + b"x" * 12_000)
    assert len(front.upstream.headers()["cookie"][0]) == 12_002
    assert b"x" * 9000 in front.ask(b"/big-answer")


def test_a_body_arrives_once(front: Front) -> None:
    before = len(front.upstream.heads)
    answer = front.ask(b"/form", b"Content-Length: 3", method=b"POST", body=b"a=b")
    assert answer.endswith(b"hello")
    assert [head[:4] for head in front.upstream.heads[before:]] == [b"POST"]


def test_events_come_as_they_are_sent(front: Front) -> None:
    front.upstream.go_on.clear()
    with front.connected() as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        seen = b""
        while b"data: 1" not in seen:
            seen += connection.recv(4096)
    front.upstream.go_on.set()


def test_a_websocket_is_handed_through(front: Front) -> None:
    with front.connected() as connection:
        connection.sendall(
            b"GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        seen = b""
        while b"\r\n\r\n" not in seen:
            seen += connection.recv(4096)
        assert seen.startswith(b"HTTP/1.1 101")
        connection.sendall(b"hello\n")
        while b"echo:hello\n" not in seen:
            data = connection.recv(4096)
            assert data, seen
            seen += data
