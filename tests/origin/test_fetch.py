"""The door to the origin against origins that behave: exact bytes, bodies, connections, deadlines."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import OriginBusy, OriginFailed, RequestRefused
from gateway.origin.answer import BUFFERED_HIGH_BYTES, Headers
from gateway.origin.fetch import OriginRequest, _head
from gateway.origin.wire import READ_BYTES
from tests.origin.misbehaving import Line, asking, misbehaving, says

pytestmark = pytest.mark.anyio

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/html\r\n\r\nhello"
HOST: Headers = ((b"host", b"news.test"),)


def get(target: bytes = b"/a", headers: Headers = HOST) -> OriginRequest:
    return OriginRequest(method="GET", target=target, headers=headers)


async def parts(*bodies: bytes) -> AsyncIterator[bytes]:
    for body in bodies:
        yield body


async def test_what_is_sent_is_what_was_given_and_nothing_else() -> None:
    """I2 and I3: no header, no dot segment, no percent-encoding is touched on the way."""
    target = b"/public/../paid/%61%2F;x=1/?q=a+b&c=%zz&d=[]|'"
    headers: Headers = ((b"host", b"news.test"), (b"x-odd", "é".encode()), (b"x-raw", b"\xe9\xff"))
    async with misbehaving(says(HELLO)) as heard, asking(heard.port) as origin:
        response = await origin.fetch(get(target, headers))
        assert await response.read(100) == b"hello"
        await response.close()
    assert heard.heads == [
        b"GET "
        + target
        + b" HTTP/1.1\r\nhost: news.test\r\nx-odd: \xc3\xa9\r\nx-raw: \xe9\xff\r\n\r\n"
    ]


async def test_an_answer_comes_raw_with_lower_case_names_in_order() -> None:
    answer = (
        b"HTTP/1.1 203 Whatever\r\nX-B: 1\r\nSet-Cookie: a=1\r\nx-b: 2\r\nSet-Cookie: a=1\r\n"
        b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00"
    )
    async with misbehaving(says(answer)) as heard, asking(heard.port) as origin:
        response = await origin.fetch(get())
        assert response.status == 203
        assert response.headers[:4] == (
            (b"x-b", b"1"),
            (b"set-cookie", b"a=1"),
            (b"x-b", b"2"),
            (b"set-cookie", b"a=1"),
        )
        assert response.header(b"content-encoding") == b"gzip"
        assert await response.read(3) == b"\x1f\x8b\x00"


async def test_a_redirect_is_passed_on_and_no_cookie_is_remembered() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: s=1\r\nContent-Length: 0\r\n\r\n"
    async with misbehaving(says(moved, HELLO)) as heard, asking(heard.port) as origin:
        first = await origin.fetch(get())
        assert (first.status, await first.read(9)) == (302, b"")
        second = await origin.fetch(get(b"/c"))
        await second.read(9)
    assert [head.split(b" ")[1] for head in heard.heads] == [b"/a", b"/c"]
    assert b"cookie" not in b"".join(heard.heads).lower()


@pytest.mark.parametrize(
    "answer",
    [
        HELLO,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + HELLO,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\n\r\n"
        b"5;ext=1\r\nhello\r\n0\r\nSet-Cookie: evil=1\r\n\r\n",
    ],
    ids=["length", "chunked", "close", "http-1.0", "early-hints", "trailers"],
)
async def test_each_framing_gives_the_body(answer: bytes) -> None:
    async with misbehaving(says(answer)) as heard, asking(heard.port) as origin:
        response = await origin.fetch(get())
        assert await response.read(5) == b"hello"
        assert not [name for name, _ in response.headers if name in (b"set-cookie", b"link")]


async def test_answers_split_at_every_byte_are_the_same() -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    )

    async def talk(line: Line) -> None:
        for cut in range(1, len(answer)):
            await line.question()
            await line.say(answer[:cut])
            await asyncio.sleep(0)
            await line.say(answer[cut:])

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        for _ in range(1, len(answer)):
            response = await origin.fetch(get())
            assert response.header(b"x-a") == b"b"
            assert await response.read(5) == b"hello"
        assert heard.connections == 1


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_has_no_body_waits_for_none(status: int) -> None:
    bare = b"HTTP/1.1 %d X\r\nContent-Length: 500\r\nETag: x\r\n\r\n" % status
    if status == 204:
        bare = b"HTTP/1.1 204 X\r\n\r\n"
    async with misbehaving(says(bare, HELLO)) as heard, asking(heard.port) as origin:
        first = await origin.fetch(get())
        assert (first.status, await first.read(0)) == (status, b"")
        assert await (await origin.fetch(get())).read(5) == b"hello"
        assert heard.connections == 1


async def test_head_has_the_length_and_no_body_and_keeps_the_connection() -> None:
    bare = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    async with misbehaving(says(bare, HELLO)) as heard, asking(heard.port) as origin:
        first = await origin.fetch(OriginRequest(method="HEAD", target=b"/a", headers=HOST))
        assert first.header(b"content-length") == b"500"
        assert await first.read(0) == b""
        assert await (await origin.fetch(get())).read(5) == b"hello"
        assert heard.connections == 1


async def test_a_connection_is_kept_only_when_the_body_was_read() -> None:
    async def talk(line: Line) -> None:
        await line.question()
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 10)
        await line.gone()

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        for _ in range(3):
            response = await origin.fetch(get())
            await response.close()
        assert heard.connections == 3


async def test_connection_close_is_obeyed() -> None:
    closing = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    async with misbehaving(says(closing, then_close=False)) as heard, asking(heard.port) as origin:
        for _ in range(2):
            assert await (await origin.fetch(get())).read(5) == b"hello"
        assert heard.connections == 2


async def test_a_kept_connection_that_the_origin_dropped_is_asked_again_on_another() -> None:
    """The race of every pool: the origin hangs up while the question is on its way."""

    async def talk(line: Line) -> None:
        await line.question()
        await line.say(HELLO)
        await line.question()
        if line.number > 1:
            await line.say(HELLO)

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        for _ in range(2):
            assert await (await origin.fetch(get())).read(5) == b"hello"
        assert heard.connections == 2
        assert len(heard.heads) == 3


async def test_a_post_is_never_sent_twice() -> None:
    async def talk(line: Line) -> None:
        await line.question()
        await line.say(HELLO)
        await line.question()

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        await (await origin.fetch(get())).read(5)
        with pytest.raises(OriginFailed):
            await origin.fetch(OriginRequest(method="POST", target=b"/a", headers=HOST))
        assert len(heard.heads) == 2


async def test_a_body_travels_in_chunks_or_with_its_length() -> None:
    seen: list[bytes] = []

    async def talk(line: Line) -> None:
        await line.question()
        seen.append(await line.reader.readuntil(b"0\r\n\r\n"))
        await line.say(HELLO)
        await line.question()
        seen.append(await line.reader.readexactly(6))
        await line.say(HELLO)

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        chunked = OriginRequest(
            method="POST", target=b"/a", headers=HOST, body=parts(b"abc", b"", b"def")
        )
        await (await origin.fetch(chunked)).read(5)
        known = OriginRequest(
            method="PUT", target=b"/a", headers=HOST, body=parts(b"abc", b"def"), body_bytes=6
        )
        await (await origin.fetch(known)).read(5)
        assert heard.connections == 1
    assert seen == [b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", b"abcdef"]
    assert b"transfer-encoding: chunked" in heard.heads[0]
    assert b"content-length: 6" in heard.heads[1]
    assert b"transfer-encoding" not in heard.heads[1]


async def test_a_body_that_is_all_there_travels_with_its_head() -> None:
    async def talk(line: Line) -> None:
        heads.append(await line.reader.read(1 << 16))
        await line.say(HELLO)
        await line.gone()

    heads: list[bytes] = []
    request = OriginRequest(method="POST", target=b"/a", headers=HOST, body=b"a=1&b=2")
    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        assert await (await origin.fetch(request)).read(5) == b"hello"
    assert heads == [b"POST /a HTTP/1.1\r\nhost: news.test\r\ncontent-length: 7\r\n\r\na=1&b=2"]


async def test_a_body_on_get_is_not_forwarded() -> None:
    headers = (*HOST, (b"content-length", b"3"))
    request = OriginRequest(
        method="GET", target=b"/a", headers=headers, body=parts(b"abc"), body_bytes=3
    )
    async with misbehaving(says(HELLO, HELLO)) as heard, asking(heard.port) as origin:
        for _ in range(2):
            assert await (await origin.fetch(request)).read(5) == b"hello"
        assert heard.heads == [b"GET /a HTTP/1.1\r\nhost: news.test\r\n\r\n"] * 2


@pytest.mark.parametrize("body", [b"abc", b"abcdefghi"], ids=["short", "long"])
async def test_a_body_of_another_length_than_told_fails_and_costs_the_connection(
    body: bytes,
) -> None:
    async def talk(line: Line) -> None:
        await line.question()
        await line.gone()

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        request = OriginRequest(
            method="POST",
            target=b"/a",
            headers=(*HOST, (b"content-length", b"99"), (b"transfer-encoding", b"chunked")),
            body=parts(body),
            body_bytes=6,
        )
        with pytest.raises(OriginFailed):
            await origin.fetch(request)


@pytest.mark.parametrize("error", [RequestRefused(413, "too-large"), ConnectionResetError("gone")])
async def test_what_the_body_raises_is_raised_where_it_was_asked(error: Exception) -> None:
    """A reader who leaves, or a body over its bound, isn't the origin's failure."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise error

    async def talk(line: Line) -> None:
        await line.question()
        await line.gone()

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        with pytest.raises(type(error)):
            await origin.fetch(
                OriginRequest(method="POST", target=b"/a", headers=HOST, body=broken())
            )


async def test_an_answer_before_the_end_of_the_body_is_an_answer() -> None:
    """413 or 401 comes early; the line is then of no more use."""
    held = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"abc"
        await held.wait()
        yield b"def"

    async def talk(line: Line) -> None:
        await line.question()
        await line.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await line.gone()

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        response = await origin.fetch(
            OriginRequest(method="POST", target=b"/a", headers=HOST, body=endless())
        )
        assert (response.status, await response.read(2)) == (413, b"no")
        held.set()
        assert await (await origin.fetch(get())).read(2) == b"no"
        assert heard.connections == 2


async def test_more_fetches_than_may_be_are_refused_at_once() -> None:
    released = asyncio.Event()

    async def talk(line: Line) -> None:
        await line.question()
        await released.wait()
        await line.say(HELLO)

    async with misbehaving(talk) as heard, asking(heard.port, fetches_max=2) as origin:
        under_way = [asyncio.ensure_future(origin.fetch(get())) for _ in range(2)]
        while len(heard.heads) < 2:
            await asyncio.sleep(0)
        with pytest.raises(OriginBusy):
            await origin.fetch(get())
        released.set()
        for response in await asyncio.gather(*under_way):
            assert await response.read(5) == b"hello"
        assert origin.under_way == 0


async def test_slow_senders_keep_no_place_of_those_who_only_ask() -> None:
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"a"
        await go_on.wait()
        yield b"b"

    def post() -> OriginRequest:
        return OriginRequest(method="POST", target=b"/a", headers=HOST, body=slow(), body_bytes=2)

    async def answering(line: Line) -> None:
        head = await line.question()
        if head.startswith(b"POST"):
            await go_on.wait()
        await line.say(HELLO)

    async with misbehaving(answering) as heard, asking(heard.port, fetches_max=2) as origin:
        sending = [asyncio.ensure_future(origin.fetch(post())) for _ in range(2)]
        while len(heard.heads) < 2:
            await asyncio.sleep(0)
        assert origin.under_way == 0, "the origin owes them nothing yet"
        with pytest.raises(OriginBusy):
            await origin.fetch(post())
        assert await (await origin.fetch(get())).read(5) == b"hello"
        go_on.set()
        for response in await asyncio.gather(*sending):
            assert await response.read(5) == b"hello"
        assert origin.under_way == 0
        assert await (await origin.fetch(post())).read(5) == b"hello", "their places are free again"


async def test_a_slow_reader_makes_the_origin_wait_and_holds_little() -> None:
    size, sent = 8 << 20, 0

    async def talk(line: Line) -> None:
        nonlocal sent
        await line.question()
        await line.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            await line.say(b"x" * 65536)
            sent += 65536
        await line.question()

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        response = await origin.fetch(get())
        for _ in range(200):
            await asyncio.sleep(0)
        assert response._buffered <= BUFFERED_HIGH_BYTES + READ_BYTES
        assert sent < size, "the origin was read to its end for a reader who took nothing"
        got = 0
        async for chunk in response.chunks():
            got += len(chunk)
            assert response._buffered <= BUFFERED_HIGH_BYTES + READ_BYTES
        assert got == size


async def test_cancelling_a_question_drops_its_line() -> None:
    asked, dropped = asyncio.Event(), asyncio.Event()

    async def talk(line: Line) -> None:
        await line.question()
        asked.set()
        await line.gone()
        dropped.set()

    async with misbehaving(talk) as heard, asking(heard.port) as origin:
        task = asyncio.ensure_future(origin.fetch(get()))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(2):
            await dropped.wait()
        assert origin.under_way == 0


async def test_a_page_is_read_up_to_its_bound_and_not_beyond() -> None:
    async with misbehaving(says(HELLO, HELLO)) as heard, asking(heard.port) as origin:
        assert await (await origin.fetch(get())).read(5) == b"hello"
        with pytest.raises(OriginFailed):
            await (await origin.fetch(get())).read(4)


def certificates(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for 127.0.0.1, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "both.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=pem)


async def test_a_tls_origin_is_asked_when_its_certificate_is_vouched_for(tmp_path: Path) -> None:
    server, client = certificates(tmp_path)
    body = b"x" * 300_000
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + body
    async with misbehaving(says(large, HELLO, then_close=False), tls=server) as heard:
        async with asking(heard.port, scheme="https", tls=client) as origin:
            assert await (await origin.fetch(get())).read(300_000) == body
            assert await (await origin.fetch(get())).read(5) == b"hello"
            assert heard.connections == 1
        async with asking(heard.port, scheme="https") as origin:
            with pytest.raises(OriginFailed):
                await origin.fetch(get())


@given(
    name=st.binary(min_size=1, max_size=8).map(lambda raw: raw.replace(b":", b"")),
    value=st.binary(max_size=12),
    target=st.binary(max_size=12).map(lambda raw: b"/" + raw),
)
def test_no_header_or_target_ever_breaks_its_line(name: bytes, value: bytes, target: bytes) -> None:
    request = OriginRequest(method="GET", target=target, headers=((name, value),))
    try:
        head = _head(request)
    except OriginFailed:
        return
    assert head.count(b"\r\n") == head.count(b"\r") == head.count(b"\n") <= 3
    assert head.split(b"\r\n")[0] == b"GET " + target + b" HTTP/1.1"
    assert head.split(b"\r\n")[0].count(b" ") == 2
