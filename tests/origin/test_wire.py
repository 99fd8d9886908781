"""Origins that misbehave: a body is whole or it raises, in time, and the line is dropped.

Rows of "Framing" and "Faults" in the list of attacks that the project holds itself to: bad framing,
wrong length, unasked upgrades, one byte a second, half-closed and reset lines.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import socket
import struct
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import OriginFailed, OriginTimeout
from gateway.origin.answer import BUFFERED_HIGH_BYTES, OriginResponse
from gateway.origin.fetch import Origin, OriginRequest
from gateway.origin.wire import EVENT_STREAM_SECONDS, HEAD_BYTES_MAX, READ_BYTES, Connection
from tests.origin.misbehaving import Conversation, Line, asking, misbehaving, says

GET = OriginRequest(method="GET", target=b"/a", headers=((b"host", b"news.test"),))
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# Each must end in OriginFailed: at the head, or when the body is read.
ODD = {
    "nothing": b"",
    "no HTTP at all": b"SSH-2.0-OpenSSH_9\r\n\r\n",
    "HTTP/0.9": b"<html>hello</html>",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a head cut": OK + b"Content-Le",
    "a body cut": OK + b"Content-Length: 9\r\n\r\nhello",
    "a body longer than told": OK + b"Content-Length: 3\r\n\r\nhello",
    "two answers to one question": OK
    + b"Content-Length: 1\r\n\r\na"
    + OK
    + b"Content-Length: 1\r\n\r\nb",
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "two different lengths": OK + b"Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
    "lengths in a list": OK + b"Content-Length: 5, 5\r\n\r\nhello",
    "a negative length": OK + b"Content-Length: -5\r\n\r\nhello",
    "a length with a plus": OK + b"Content-Length: +5\r\n\r\nhello",
    "a length in hexadecimal": OK + b"Content-Length: 0x5\r\n\r\nhello",
    "a length beyond 64 bits": OK + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "both framings": CHUNKED[:-2] + b"Content-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "both, the other way round": OK
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "an unknown transfer coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": CHUNKED[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": OK + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks without their end": CHUNKED + b"5\r\nhello\r\n",
    "a chunk cut": CHUNKED + b"9\r\nhello",
    "a chunk size in C": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk size without digits": CHUNKED + b";ext\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than told": CHUNKED + b"3\r\nhello\r\n0\r\n\r\n",
    "a chunk ended by a bare LF": CHUNKED + b"5\nhello\n0\n\n",
    "a head ended by bare LF": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "a folded header": OK + b"X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
    "a space before the colon": OK + b"Content-Length : 5\r\n\r\nhello",
    "a header without a name": OK + b": 5\r\n\r\nhello",
    "a NUL in a header": OK + b"X-A: a\x00b\r\nContent-Length: 5\r\n\r\nhello",
    "a bare CR in a header": OK + b"X-A: a\rSet-Cookie: b\r\nContent-Length: 5\r\n\r\nhello",
    "an upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nxyz",
    "a 101 without a word": b"HTTP/1.1 101 Whatever\r\n\r\n",
    "status 99": b"HTTP/1.1 099 X\r\nContent-Length: 5\r\n\r\nhello",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello",
    "1xx without end": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100,
    "a header over the bound": OK + b"X-A: " + b"a" * (HEAD_BYTES_MAX + 1) + b"\r\n\r\n",
    "headers over the bound": OK + b"X-A: b\r\n" * (HEAD_BYTES_MAX // 8 + 1) + b"\r\n",
    "a head without end": OK + b"X-A: b\r\n" * (1 << 17),
}


async def whole(origin: Origin) -> bytes:
    """A page as it is fetched to be judged."""
    response = await origin.fetch(GET)
    return await response.read(1 << 20)


@pytest.mark.anyio
@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
async def test_an_odd_answer_fails_and_its_line_is_never_used_again(answer: bytes) -> None:
    async with (
        misbehaving(says(answer)) as heard,
        asking(heard.port, read_seconds=2) as origin,
    ):
        for connections in (1, 2):
            with pytest.raises(OriginFailed):
                await whole(origin)
            assert heard.connections == connections
        assert not origin._idle


@pytest.mark.anyio
@pytest.mark.parametrize(
    "late", [b"x", OK + b"Content-Length: 6\r\n\r\npoison"], ids=["a byte", "an answer"]
)
async def test_what_comes_unasked_on_a_kept_line_poisons_nothing(late: bytes) -> None:
    said = asyncio.Event()

    async def talk(line: Line) -> None:
        await line.question()
        await line.say(OK + b"Content-Length: 5\r\n\r\nfirst")
        if line.number == 1:
            await said.wait()
            await line.say(late)
        await line.gone()

    async with misbehaving(talk) as heard, asking(heard.port, read_seconds=2) as origin:
        assert await (await origin.fetch(GET)).read(9) == b"first"
        said.set()
        while origin._idle and origin._idle[0].alive:
            await asyncio.sleep(0)
        assert await (await origin.fetch(GET)).read(9) == b"first"
        assert heard.connections == 2


@pytest.mark.anyio
async def test_a_reset_in_the_middle_of_a_body_raises() -> None:
    async def talk(line: Line) -> None:
        await line.question()
        await line.say(OK + b"Content-Length: 9\r\n\r\nhello")
        raw = line.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.writer.transport.abort()

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        response = await origin.fetch(GET)
        with pytest.raises(OriginFailed):
            await response.read(9)


def silent_after(*said: bytes) -> Conversation:
    return says(b"".join(said), then_close=False)


def half_closed_after(said: bytes) -> Conversation:
    async def talk(line: Line) -> None:
        await line.question()
        line.writer.write(said)
        line.writer.write_eof()
        await line.gone()

    return talk


def drop_by_drop(answer: bytes) -> Conversation:
    """Often enough that no wait between two bytes would ever end it."""

    async def talk(line: Line) -> None:
        await line.question()
        for place in range(len(answer)):
            await line.say(answer[place : place + 1])
            await asyncio.sleep(0.02)
        await line.gone()

    return talk


SLOW = {
    "no answer": silent_after(b""),
    "half a head": silent_after(OK + b"X-A: "),
    "only 1xx": silent_after(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "half a body": silent_after(OK + b"Content-Length: 9\r\n\r\nhello"),
    "no last chunk": silent_after(CHUNKED + b"5\r\nhello\r\n"),
    "a head in drops": drop_by_drop(OK + b"X-A: " + b"a" * 200),
    "a body in drops": drop_by_drop(OK + b"Content-Length: 200\r\n\r\n" + b"x" * 200),
}


@pytest.mark.anyio
@pytest.mark.parametrize("talk", SLOW.values(), ids=SLOW)
async def test_a_slow_origin_ends_by_the_timeout_and_100_ms(talk: Conversation) -> None:
    """A page that is judged must be whole by one timeout after its head, however it drips."""
    async with misbehaving(talk) as heard, asking(heard.port, read_seconds=0.4) as origin:
        moments = [asyncio.get_running_loop().time()]

        async def page() -> None:
            response = await origin.fetch(GET)
            moments.append(asyncio.get_running_loop().time())
            await response.read(1 << 20)

        with pytest.raises(OriginTimeout):
            await page()
        moments.append(asyncio.get_running_loop().time())
        waits = [after - before for before, after in itertools.pairwise(moments)]
        assert max(waits) <= 0.55
        assert waits[-1] >= 0.3, "it gave up too soon"
        assert not origin._idle


@pytest.mark.anyio
@pytest.mark.parametrize(
    "said",
    [b"", OK, OK + b"Content-Length: 9\r\n\r\nhello", CHUNKED + b"5\r\nhello\r\n"],
    ids=["at once", "in the head", "in the body", "in the chunks"],
)
async def test_a_half_closed_line_ends_at_once(said: bytes) -> None:
    async with misbehaving(half_closed_after(said)) as heard, asking(heard.port) as origin:
        async with asyncio.timeout(1):
            with pytest.raises(OriginFailed) as raised:
                await (await origin.fetch(GET)).read(9)
        assert not isinstance(raised.value, OriginTimeout)


@pytest.mark.anyio
async def test_a_stream_has_the_timeout_between_its_bytes_only() -> None:
    drops = OK + b"Content-Length: 30\r\n\r\n" + b"x" * 30
    async with misbehaving(drop_by_drop(drops)) as heard, asking(heard.port) as origin:
        origin._read_seconds = 2.5  # the head comes in drops too
        response = await origin.fetch(GET)
        cast(Connection, response.line)._idle_seconds = 0.3
        assert b"".join([chunk async for chunk in response.chunks()]) == b"x" * 30


@pytest.mark.anyio
async def test_what_is_looked_at_first_and_then_read_has_one_timeout_for_both() -> None:
    async def page(response: OriginResponse) -> None:
        with response.whole():
            assert await response.opening(20)
            await asyncio.sleep(0.5)
            await response.read(1 << 20)

    drops = drop_by_drop(OK + b"Content-Length: 200\r\n\r\n" + b"x" * 200)
    async with misbehaving(drops) as heard, asking(heard.port, read_seconds=1.0) as origin:
        response = await origin.fetch(GET)
        began = asyncio.get_running_loop().time()
        with pytest.raises(OriginTimeout):
            await page(response)
        assert asyncio.get_running_loop().time() - began < 1.3


@pytest.mark.anyio
async def test_a_stream_that_was_looked_at_has_the_timeout_between_its_bytes_only() -> None:
    drops = drop_by_drop(OK + b"Content-Length: 100\r\n\r\n" + b"x" * 100)
    async with misbehaving(drops) as heard, asking(heard.port, read_seconds=1.5) as origin:
        response = await origin.fetch(GET)
        with response.whole():
            assert await response.first()
        assert b"".join([chunk async for chunk in response.chunks()]) == b"x" * 100


@pytest.mark.anyio
async def test_who_looked_before_takes_no_bound_from_the_next_question() -> None:
    """The line is another's as soon as an answer is whole, and its reader may leave later."""

    async def talk(line: Line) -> None:
        for length in (b"1", b"9"):
            await line.question()
            await line.say(OK + b"Content-Length: " + length + b"\r\n\r\n")
            await asyncio.sleep(0.05)
            await line.say(b"a")
        await line.gone()

    async with misbehaving(talk) as heard, asking(heard.port, read_seconds=1.0) as origin:
        first = await origin.fetch(GET)
        line = cast(Connection, first.line)
        leaving = first.whole()
        with leaving:
            assert await first.read(1) == b"a"
            second = await origin.fetch(GET)
            assert second.line is line
            holding = second.whole()
            holding.__enter__()
        assert line.whole_by < math.inf, "it is the second's"
        holding.__exit__(None, None, None)
        assert line.whole_by == math.inf
        await second.close()


@pytest.mark.anyio
async def test_nobody_listens_and_nobody_is_called_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with asking(port) as origin:
            with pytest.raises(OriginFailed):
                await origin.fetch(GET)
            origin._host = "no-such-host.invalid"
            with pytest.raises(OriginFailed):
                await origin.fetch(GET)
            origin._host = "\udcff" * 3
            with pytest.raises(OriginFailed):
                await origin.fetch(GET)


class FakeTransport:
    """Counts what a connection does to its socket."""

    def __init__(self) -> None:
        self.paused = self.closed = False
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class StillLoop:
    """A loop whose clock stands where it is put."""

    now = 100.0

    def time(self) -> float:
        return self.now


def connected(
    on_idle: Callable[[Connection], None],
) -> tuple[Connection, FakeTransport, memoryview]:
    buffer = memoryview(bytearray(READ_BYTES))
    transport = FakeTransport()
    connection = Connection(
        loop=cast(asyncio.AbstractEventLoop, StillLoop()),
        buffer=buffer,
        read_seconds=15.0,
        on_idle=on_idle,
        on_lost=lambda _: None,
    )
    connection.connection_made(cast(asyncio.BaseTransport, transport))
    return connection, transport, buffer


def feed(connection: Connection, buffer: memoryview, data: bytes) -> None:
    buffer[: len(data)] = data
    connection.buffer_updated(len(data))


def outcome(answer: OriginResponse) -> tuple[int, bytes, bool, bool]:
    return answer.status, b"".join(answer._chunks), answer.complete, answer._error is not None


PIECES = st.sampled_from(
    [
        *ODD.values(),
        OK,
        CHUNKED,
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"Content-Length: 5\r\n\r\nhello",
        b"Connection: close\r\n",
        b"Upgrade: websocket\r\nConnection: upgrade\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
    ]
).filter(lambda piece: len(piece) < 2000)


@settings(max_examples=400, deadline=None)
@given(
    pieces=st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=5),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    closes=st.booleans(),
    head_only=st.booleans(),
)
def test_whatever_an_origin_says_nothing_but_our_errors_comes_of_it(
    pieces: list[bytes], cuts: list[int], closes: bool, head_only: bool
) -> None:
    """Finds an error of the parser that isn't mapped; and the cuts of TCP change nothing."""
    data = b"".join(pieces)[:READ_BYTES]
    outcomes = []
    for places in (sorted({0, *cuts, len(data)}), [0, len(data)]):
        idle: list[Connection] = []
        connection, transport, buffer = connected(idle.append)
        answer = connection.ask(b"GET / HTTP/1.1\r\n\r\n", head_only=head_only)
        for start, end in itertools.pairwise(places):
            if data[start:end] and not transport.closed:
                feed(connection, buffer, data[start:end])
        if closes:
            if not transport.closed:
                connection.eof_received()
            connection.connection_lost(None)
        assert answer._error is None or isinstance(answer._error, OriginFailed)
        assert not (answer.complete and answer._error)
        if closes:
            assert answer.complete or answer._error, "an answer without an end"
        if answer.line is None:
            assert connection.deadline == math.inf
            assert transport.closed or idle == [connection] or closes
        else:
            assert connection.deadline < math.inf, "nothing would ever end it"
        if answer.status:
            for name, value in answer.headers:
                assert name == name.lower()
                assert not any(byte in name + value for byte in b"\r\n\0")
        outcomes.append(outcome(answer))
    split, together = outcomes
    # Bytes too many fail an answer that is still on its way and can't take back one that was given.
    if not split[2]:
        assert split[0] == together[0] or together[3]
        assert split[1] == together[1] or together[3]


def test_an_event_stream_may_be_silent_for_longer() -> None:
    connection, _, buffer = connected(lambda _: None)
    connection.ask(b"GET / HTTP/1.1\r\n\r\n", head_only=False)
    assert connection.deadline == 115.0
    feed(connection, buffer, OK + b"Content-Type: text/event-stream\r\n\r\ndata: 1\n\n")
    assert connection.deadline == 100.0 + EVENT_STREAM_SECONDS


def test_a_connection_waits_for_its_reader_without_a_deadline() -> None:
    connection, transport, buffer = connected(lambda _: None)
    answer = connection.ask(b"GET / HTTP/1.1\r\n\r\n", head_only=False)
    feed(connection, buffer, OK + b"Content-Length: 900000\r\n\r\n" + b"x" * 12_000)
    feed(connection, buffer, b"x" * READ_BYTES)
    assert transport.paused
    assert connection.deadline == math.inf
    with connection.whole():
        assert connection.deadline == 115.0, "the origin owes a judged page, whoever is slow"
    assert answer._buffered <= BUFFERED_HIGH_BYTES + READ_BYTES
