"""An origin's answer written as bytes is what uvicorn writes for the same ASGI messages."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.edge import answers
from gateway.edge.answers import Streamed
from gateway.edge.egress import Dates
from gateway.edge.streaming import Sending
from gateway.errors import OriginFailed
from gateway.origin.answer import OriginResponse

Headers = tuple[tuple[bytes, bytes], ...]


class FakeLine:
    """An origin's connection that is never slow. ``failed`` is what an answer was given up for."""

    failed: BaseException | None = None

    def resume(self) -> None:
        return

    def whole(self) -> AbstractContextManager[None]:
        return nullcontext()

    def fail(self, error: BaseException) -> None:
        self.failed = error


class FakeTransport(asyncio.Transport):
    """A reader's connection that takes everything at once, or says that it holds ``unsent``."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False
        self.unsent = 0
        self.limit: int | None = None

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.limit = high

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def cycle_on(transport: FakeTransport, method: str, *, keep_alive: bool) -> RequestResponseCycle:
    logger = logging.getLogger("lychgate.test")
    cycle = RequestResponseCycle(
        scope=cast(Any, {"type": "http", "method": method}),
        transport=transport,
        flow=FlowControl(transport),
        logger=logger,
        access_logger=logger,
        access_log=False,
        default_headers=[],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: None,
    )
    cycle.more_body = False  # the request is whole
    return cycle


async def sent(
    sending: Sending, method: str, status: int, headers: Headers, parts: list[list[bytes]]
) -> None:
    """The answer, its body arriving in as many turns of the loop as there are lists of parts."""
    response = OriginResponse(FakeLine())
    response.begin(status, headers)

    def arrive(left: list[list[bytes]]) -> None:
        for part in left[0] if left else ():
            response.add(part)
        if len(left) <= 1:
            response.end()
        else:
            asyncio.get_running_loop().call_soon(arrive, left[1:])

    arrive([] if method == "HEAD" or status in (204, 304) else parts)
    told = await answers.send(
        Streamed(status, headers, response),
        method=method,
        if_none_match=None,
        send=sending,
        now=1_795_000_000.0,
        dates=Dates(),
    )
    assert told == status
    assert sending.started


def plain(written: bytes) -> tuple[bytes, bytes]:
    """The head, and the body without its chunks' frames."""
    head, _, body = written.partition(b"\r\n\r\n")
    if b"\r\ntransfer-encoding: chunked" not in head:
        return head, body
    whole = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        count = int(size, 16)
        assert body[count : count + 2] == b"\r\n"
        if not count:
            assert body == b"\r\n", "something follows the last chunk"
            return head, whole
        whole, body = whole + body[:count], body[count + 2 :]


NAMES = st.sampled_from((b"x-a", b"etag", b"set-cookie", b"date", b"vary", b"content-type"))
VALUES = st.binary(max_size=20).map(
    lambda raw: bytes(byte for byte in raw if byte in (9, *range(32, 127), *range(128, 256)))
)
PARTS = st.lists(st.lists(st.binary(min_size=1, max_size=9), max_size=3), min_size=1, max_size=4)


@given(
    method=st.sampled_from(("GET", "HEAD", "POST")),
    status=st.sampled_from((200, 206, 204, 304, 301, 404, 503, 599)),
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=6),
    parts=PARTS,
    sized=st.booleans(),
    keep_alive=st.booleans(),
)
def test_bytes_and_messages_say_the_same(
    method: str,
    status: int,
    headers: list[tuple[bytes, bytes]],
    parts: list[list[bytes]],
    sized: bool,
    keep_alive: bool,
) -> None:
    size = sum(len(part) for some in parts for part in some)
    length = ((b"content-length", b"%d" % size),) if sized and status not in (204, 304) else ()
    whole = (*headers, *length)

    async def both() -> tuple[FakeTransport, FakeTransport]:
        straight, told = FakeTransport(), FakeTransport()
        cycle = cycle_on(straight, method, keep_alive=keep_alive)
        await sent(Sending(cycle.send), method, status, whole, parts)
        assert cycle.response_started
        assert cycle.response_complete
        other = cycle_on(told, method, keep_alive=keep_alive)

        async def wrapped(message: Any) -> None:
            await other.send(message)

        await sent(Sending(wrapped), method, status, whole, parts)
        return straight, told

    straight, told = asyncio.run(both())
    assert plain(b"".join(straight.writes)) == plain(b"".join(told.writes))
    assert straight.closed is told.closed is not keep_alive
    assert len(straight.writes) <= len(told.writes)


async def streamed(
    headers: Headers, body: list[bytes], *, error: BaseException | None = None
) -> tuple[FakeTransport, FakeLine]:
    transport, line = FakeTransport(), FakeLine()
    response = OriginResponse(line)
    response.begin(200, headers)
    for part in body:
        response.add(part)
    if error is not None:
        response.end(error)
    else:
        response.end()
    sending = Sending(cycle_on(transport, "GET", keep_alive=True).send)
    answer = Streamed(200, headers, response)
    try:
        await answers.send(
            answer, method="GET", if_none_match=None, send=sending, now=1.0, dates=Dates()
        )
    finally:
        transport.writes.append(b"|started" if sending.started else b"|not started")
    return transport, line


def test_a_small_answer_is_one_write() -> None:
    for headers in ((), ((b"content-length", b"5"),)):
        transport, _ = asyncio.run(streamed(headers, [b"he", b"llo"]))
        assert len(transport.writes) == 2
        assert plain(transport.writes[0])[1] == b"hello"


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b", b"\x7f"])
def test_a_value_that_breaks_its_line_never_leaves(value: bytes) -> None:
    with pytest.raises(RuntimeError):
        asyncio.run(streamed(((b"x-a", value),), [b"hello"]))
    with pytest.raises(RuntimeError):
        asyncio.run(streamed(((b"x-a" + value, b"a"),), [b"hello"]))


@pytest.mark.parametrize("length", [b"4", b"6"])
def test_a_body_unlike_its_length_is_cut(length: bytes) -> None:
    with pytest.raises(RuntimeError):
        asyncio.run(streamed(((b"content-length", length),), [b"hel", b"lo"]))


def test_a_body_that_the_origin_cuts_raises() -> None:
    with pytest.raises(OriginFailed):
        asyncio.run(streamed((), [b"hello"], error=OriginFailed("cut")))


def test_a_reader_who_left_gets_nothing_and_the_origin_is_let_go() -> None:
    async def left() -> tuple[list[bytes], FakeLine]:
        transport, line = FakeTransport(), FakeLine()
        response = OriginResponse(line)
        response.begin(200, ())
        response.add(b"hello")
        cycle = cycle_on(transport, "GET", keep_alive=True)
        cycle.disconnected = True
        await answers.send(
            Streamed(200, (), response),
            method="GET",
            if_none_match=None,
            send=Sending(cycle.send),
            now=1.0,
            dates=Dates(),
        )
        return transport.writes, line

    writes, line = asyncio.run(left())
    assert not writes
    assert line.failed is not None


@pytest.mark.parametrize("slow", [False, True])
def test_for_a_slow_reader_little_is_held(slow: bool) -> None:
    """What its own line holds already is enough: of the rest the origin's connection waits."""

    async def held() -> tuple[bool, int | None]:
        transport = FakeTransport()
        transport.unsent = 40_000 if slow else 0
        response = OriginResponse(FakeLine())
        response.begin(200, ())
        response.add(b"x" * 30_000)
        cycle = cycle_on(transport, "GET", keep_alive=True)
        sending = Sending(cycle.send)
        answer = Streamed(200, (), response)
        task = asyncio.ensure_future(
            answers.send(
                answer, method="GET", if_none_match=None, send=sending, now=1.0, dates=Dates()
            )
        )
        while not transport.writes:
            await asyncio.sleep(0)
        waits = response.add(b"x" * 20_000)
        response.end()
        await task
        return waits, transport.limit

    assert asyncio.run(held()) == ((True, 8 << 10) if slow else (False, None))


def test_a_304_may_say_how_long_the_page_would_be() -> None:
    """RFC 9110 section 8.6: nothing follows it, and the connection stays."""

    async def said() -> tuple[bytes, bool]:
        transport = FakeTransport()
        cycle = cycle_on(transport, "GET", keep_alive=True)
        await sent(Sending(cycle.send), "GET", 304, ((b"content-length", b"500"),), [])
        return b"".join(transport.writes), cycle.response_complete

    written, complete = asyncio.run(said())
    assert written.startswith(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n")
    assert written.endswith(b"\r\n\r\n")
    assert complete


@given(
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    status=st.sampled_from([200, 204, 303, 404, 500]),
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=4),
    body=st.binary(max_size=40),
    sized=st.booleans(),
    keep_alive=st.booleans(),
)
def test_a_room_s_whole_answer_is_uvicorn_s_in_one_write(
    method: str,
    status: int,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    sized: bool,
    keep_alive: bool,
) -> None:
    said = b"" if status == 204 else body
    length = [(b"content-length", b"%d" % len(said))] if sized and status != 204 else []
    start = {"type": "http.response.start", "status": status, "headers": [*headers, *length]}
    end = {"type": "http.response.body", "body": said}

    async def both() -> tuple[FakeTransport, FakeTransport]:
        ours, theirs = FakeTransport(), FakeTransport()
        sending = Sending(cycle_on(ours, method, keep_alive=keep_alive).send)
        cycle = cycle_on(theirs, method, keep_alive=keep_alive)
        for message in (start, end):
            await sending(message)
            await cycle.send(cast(Any, message))
        assert sending.status == status
        return ours, theirs

    ours, theirs = asyncio.run(both())
    assert plain(b"".join(ours.writes)) == plain(b"".join(theirs.writes))
    assert len(ours.writes) == 1
    assert ours.closed is theirs.closed is not keep_alive


def test_a_head_alone_has_not_left() -> None:
    """So a room that fails after it can still say so."""

    async def failing() -> tuple[list[bytes], bool]:
        transport = FakeTransport()
        sending = Sending(cycle_on(transport, "GET", keep_alive=True).send)
        await sending({"type": "http.response.start", "status": 200, "headers": []})
        started = sending.started
        await sending({"type": "http.response.start", "status": 500, "headers": []})
        await sending({"type": "http.response.body", "body": b"sorry"})
        return transport.writes, started

    writes, started = asyncio.run(failing())
    assert not started
    assert b"".join(writes).startswith(b"HTTP/1.1 500 ")


def test_an_answer_that_ends_its_connection_ends_it() -> None:
    async def ended() -> FakeTransport:
        transport = FakeTransport()
        sending = Sending(cycle_on(transport, "GET", keep_alive=True).send)
        headers = [(b"connection", b"close"), (b"content-length", b"2")]
        await sending({"type": "http.response.start", "status": 200, "headers": headers})
        await sending({"type": "http.response.body", "body": b"ok"})
        return transport

    assert asyncio.run(ended()).closed
