"""Which answer opens a WebSocket, and which is the origin's failure."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.handshake import AnswerHead, key_is_proper, opening_head, request_head
from gateway.errors import OriginFailed

# RFC 6455 section 1.3.
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
PROPER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n"
    b"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
)


def fed(data: bytes) -> AnswerHead:
    head = AnswerHead(KEY)
    head.feed(data)
    return head


def test_a_proper_answer_opens() -> None:
    head = fed(PROPER + b"\x81\x02hi")
    assert (head.complete, head.status, head.early) == (True, 101, b"\x81\x02hi")
    assert (b"sec-websocket-accept", ACCEPT) in head.headers


@given(st.integers(0, len(PROPER)))
def test_wherever_it_is_cut(cut: int) -> None:
    head = AnswerHead(KEY)
    head.feed(PROPER[:cut])
    assert head.complete is (cut == len(PROPER))
    if cut < len(PROPER):
        head.feed(PROPER[cut:] + b"\x81\x02hi")
        assert head.early == b"\x81\x02hi"
    assert (head.complete, head.status) == (True, 101)


@pytest.mark.parametrize(
    "data",
    [
        PROPER.replace(ACCEPT, b64encode(b"x" * 20)),
        PROPER.replace(b"Sec-WebSocket-Accept", b"X-Accept"),
        PROPER.replace(b"WebSocket\r\n", b"h2c\r\n", 1),
        PROPER.replace(b"Upgrade: WebSocket\r\n", b""),
        PROPER.replace(b"keep-alive, Upgrade", b"keep-alive"),
        PROPER.replace(b"Connection: keep-alive, Upgrade\r\n", b""),
        PROPER.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Accept: x\r\n\r\n"),
        PROPER.replace(b"\r\n\r\n", b"\r\nUpgrade: h2c\r\n\r\n"),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10 + PROPER,
        b"\x15\x03\x01\x00\x02\x02\x28",
    ],
)
def test_an_improper_answer_is_a_failure(data: bytes) -> None:
    with pytest.raises(OriginFailed):
        fed(data)


@pytest.mark.parametrize("status", [200, 301, 403, 404, 426, 500])
def test_another_answer_is_an_ordinary_one_without_its_body(status: int) -> None:
    head = fed(b"HTTP/1.1 %d X\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc" % status)
    assert (head.complete, head.status, head.early) == (True, status, b"")
    assert (b"x-a", b"b") in head.headers


def test_interim_answers_are_read_past() -> None:
    head = fed(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + PROPER)
    assert head.status == 101
    assert b"link" not in dict(head.headers)


@pytest.mark.parametrize(
    ("key", "proper"),
    [
        (KEY, True),
        (None, False),
        (b"", False),
        (b"short", False),
        (b64encode(b"x" * 15), False),
        (b64encode(b"x" * 17), False),
        (KEY + b"\n", False),
        (b"****************", False),
    ],
)
def test_keys(key: bytes | None, proper: bool) -> None:
    assert key_is_proper(key) is proper


def test_heads_name_one_upgrade() -> None:
    asked = request_head(b"/live?x=1", [(b"host", b"o"), (b"sec-websocket-key", KEY)])
    assert asked == (
        b"GET /live?x=1 HTTP/1.1\r\nhost: o\r\nsec-websocket-key: " + KEY + b"\r\n"
        b"connection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    )
    opening = opening_head([(b"upgrade", b"x"), (b"connection", b"y"), (b"a", b"b")])
    assert opening == (
        b"HTTP/1.1 101 Switching Protocols\r\na: b\r\n"
        b"connection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    )
