"""Who sends or reads too slowly is let go; the rest isn't disturbed.

One server with deadlines of two seconds; all connections of a test wait side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from gateway.edge.protocol import Limits, server_config
from gateway.edge.streaming import Sending
from tests.hostile.conftest import echo
from tests.hostile.serving import Application, EchoGateway, Receive, Scope, Send, Served, listening
from tests.hostile.wire import Address, Wire, asked

LIMITS = Limits(
    head_seconds=2,
    body_seconds=2,
    body_bytes_per_second=1 << 20,
    idle_seconds=2,
    stalled_seconds=2,
    linger_seconds=1,
    connections=40,
)
_GET = b"GET /public/a HTTP/1.1\r\nHost: a.test\r\n"
_POST = b"POST /public/form HTTP/1.1\r\nHost: a.test\r\n"
# Two deadlines and the two sweeps between them.
_PATIENCE_SECONDS = 6.0
_LARGE = b"a" * (8 << 20)


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """8 MiB for whoever asks."""
    length = (b"content-length", b"%d" % len(_LARGE))
    await send({"type": "http.response.start", "status": 200, "headers": (length,)})
    await send({"type": "http.response.body", "body": _LARGE})


def mixed(app: EchoGateway) -> Application:
    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await (large if scope["path"] == "/large" else app)(scope, receive, send)

    return choose


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    app = echo()
    with listening(server_config(mixed(app), limits=LIMITS)) as address:
        yield Served(address, app)


def trickled(wire: Wire, data: bytes, *, pause_seconds: float = 0.3) -> float:
    """Send byte by byte until the peer closes or all is sent; the seconds it took."""
    began = time.monotonic()
    for at in range(len(data)):
        try:
            wire.socket.sendall(data[at : at + 1])
        except OSError:
            break
        if time.monotonic() - began > _PATIENCE_SECONDS:
            break
        time.sleep(pause_seconds)
    return time.monotonic() - began


@pytest.mark.parametrize(
    "data",
    [
        _GET + b"X: " + b"a" * 100,
        b"GET /" + b"a" * 100,
        _GET + b"X-Long-Name" * 10,
    ],
    ids=["value", "target", "name"],
)
def test_a_slow_head_is_told_and_closed(hasty: Served, data: bytes) -> None:
    with Wire(hasty.address) as wire:
        assert trickled(wire, data) < _PATIENCE_SECONDS
        answered = wire.answer()
        assert answered is None or answered.status == 408


@pytest.mark.parametrize(
    "data",
    [
        _POST + b"Content-Length: 100\r\n\r\n" + b"a" * 99,
        _POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 30,
    ],
    ids=["length", "chunks"],
)
def test_a_slow_body_is_told_and_closed(hasty: Served, data: bytes) -> None:
    head, _, body = data.partition(b"\r\n\r\n")
    with Wire(hasty.address) as wire:
        wire.send(head + b"\r\n\r\n")
        assert trickled(wire, body) < _PATIENCE_SECONDS
        answered = wire.answer()
        assert answered is None or answered.status == 408


@pytest.mark.parametrize(
    "begin",
    [b"", b"\r\n\r\n", _GET, asked(b"/public/a")],
    ids=["nothing", "empty lines", "half a head", "kept alive"],
)
def test_silence_ends(hasty: Served, begin: bytes) -> None:
    with Wire(hasty.address) as wire:
        wire.send(begin)
        if begin.endswith(b"\r\n\r\n") and begin.startswith(b"GET"):
            answered = wire.answer()
            assert answered is not None
            assert answered.status == 200
        began = time.monotonic()
        told = wire.rest()
        assert time.monotonic() - began < _PATIENCE_SECONDS
        assert told == b"" or told.startswith(b"HTTP/1.1 408 ")


def test_empty_lines_keep_nobody(hasty: Served) -> None:
    with Wire(hasty.address) as wire:
        assert trickled(wire, b"\r\n" * 100) < _PATIENCE_SECONDS


def test_a_reader_that_takes_nothing(hasty: Served) -> None:
    """It is cut short of its Content-Length, so what it got never looks whole."""
    with Wire(hasty.address, receive_buffer_bytes=4096) as wire:
        wire.send(asked(b"/large"))
        time.sleep(_PATIENCE_SECONDS)
        wire.socket.settimeout(_PATIENCE_SECONDS)
        assert len(wire.rest()) < len(_LARGE)


def test_a_reader_that_takes_its_time(hasty: Served) -> None:
    """Longer than any deadline, with something read in each second: served to the end."""
    with Wire(hasty.address, receive_buffer_bytes=65536) as wire:
        wire.send(asked(b"/large"))
        size = 0
        began = time.monotonic()
        while time.monotonic() - began < 4:
            size += len(wire.socket.recv(1 << 18))
            time.sleep(0.1)
        while size < len(_LARGE):
            size += len(wire.socket.recv(1 << 20))


def test_a_busy_connection_lives_on(hasty: Served) -> None:
    """Every deadline counts from the last whole message."""
    with Wire(hasty.address) as wire:
        for at in range(10):
            wire.send(asked(b"/public/%d" % at)[:20])
            time.sleep(0.25)
            wire.send(asked(b"/public/%d" % at)[20:])
            time.sleep(0.25)
            answered = wire.answer()
            assert answered is not None
            assert answered.body == b"/public/%d" % at


def test_more_connections_than_may_be(hasty: Served) -> None:
    open_ones = [Wire(hasty.address) for _ in range(LIMITS.connections)]
    try:
        assert eventually(lambda: refused(hasty.address) == 503)
        open_ones[0].send(asked(b"/public/a"))
        answered = open_ones[0].answer()
        assert answered is not None
        assert answered.status == 200
    finally:
        for wire in open_ones:
            wire.socket.close()
    assert eventually(lambda: refused(hasty.address) == 200)


def refused(address: Address) -> int:
    with Wire(address) as wire:
        wire.send(asked(b"/public/a"))
        answered = wire.answer()
        return answered.status if answered else 0


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_readers_that_leave_in_the_middle(hasty: Served) -> None:
    """With answers owed and bytes unsent: the server answers the next one."""
    wires = [Wire(hasty.address, receive_buffer_bytes=4096) for _ in range(20)]
    for wire in wires:
        wire.send(asked(b"/large") * 3)
    for wire in wires[::2]:
        wire.socket.close()
    assert refused(hasty.address) == 200
    for wire in wires[1::2]:
        wire.socket.close()


async def hurried(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuses without reading, as the gate does what needs no body to be judged."""
    sending = Sending(send)
    length = (b"content-length", b"2")
    await sending({"type": "http.response.start", "status": 403, "headers": [length]})
    await sending({"type": "http.response.body", "body": b"no"})


_ENDING = [
    b"POST /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: %d\r\n\r\n",
    b"POST /a HTTP/1.0\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n",
]


@pytest.mark.parametrize("head", _ENDING, ids=["close", "1.0"])
def test_an_early_answer_outlives_the_body(head: bytes) -> None:
    """Most readers send all before they read, and of a reset they tell nothing but that."""
    with listening(server_config(hurried)) as address, Wire(address) as wire:
        wire.socket.sendall(head % len(_LARGE) + _LARGE)
        answered = wire.answer()
        assert answered is not None
        assert (answered.status, answered.body) == (403, b"no")
        assert answered.header(b"connection") == b"close"
        assert wire.closed()


@pytest.mark.parametrize("head", _ENDING, ids=["close", "1.0"])
def test_behind_an_early_answer_nobody_sends_for_ever(head: bytes) -> None:
    with listening(server_config(hurried, limits=LIMITS)) as address, Wire(address) as wire:
        wire.send(head % len(_LARGE))
        assert trickled(wire, _LARGE) < _PATIENCE_SECONDS
