"""Random pipelines of both lanes' requests, cut anywhere: answered in order, each for itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.edge.protocol import Limits, server_config
from tests.hostile.conftest import echo
from tests.hostile.serving import Application, EchoGateway, Receive, Scope, Send, listening
from tests.hostile.wire import Address, Wire, asked

_COOKIE = b"cookie"


@dataclass
class QuickEcho:
    """Answers what lies below ``/quick`` at once, with the target and the cookie that came."""

    answered: list[bytes] = field(default_factory=list)

    def __call__(
        self, target: bytes, headers: list[tuple[bytes, bytes]], peer: str
    ) -> list[bytes] | None:
        names = dict(headers)
        if not target.startswith(b"/quick") or {b"content-length", b"connection"} & set(names):
            return None
        if target == b"/quick/broken":
            raise RuntimeError("a fault in the quick lane")
        self.answered.append(target)
        body = b"q " + target + b" " + names.get(_COOKIE, b"")
        return [b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body), body]


def slow_echo(app: EchoGateway) -> Application:
    """The full lane's answer: the same, said by the application, some of it in two parts."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        body = b"f " + scope["extensions"]["lychgate"]["target"] + b" "
        body += dict(scope["headers"]).get(_COOKIE, b"")
        received = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            received += message["body"]
            more = message["more_body"]
        body += received
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await send({"type": "http.response.body", "body": body[3:]})

    return answer


@dataclass(frozen=True)
class Both:
    address: Address
    quick: QuickEcho


@pytest.fixture(scope="module")
def lanes() -> Iterator[Both]:
    quick = QuickEcho()
    with listening(
        server_config(slow_echo(echo()), quick=quick, limits=Limits(queued=200))
    ) as address:
        yield Both(address, quick)


@dataclass(frozen=True)
class Asked:
    data: bytes
    target: bytes
    cookie: bytes
    body: bytes

    def answered_by(self, body: bytes) -> bool:
        said = self.target + b" " + self.cookie
        return body in (b"q " + said, b"f " + said + self.body)


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    number = draw(st.integers(0, 99))
    kind = draw(st.sampled_from(["quick", "full", "post", "chunked", "get with body"]))
    target = b"/%b/%d" % (b"quick" if kind in ("quick", "get with body") else b"full", number)
    cookie = b"reader=%d" % draw(st.integers(0, 9))
    headers = [(b"Cookie", cookie)]
    body = draw(st.binary(max_size=30)) if kind in ("post", "chunked", "get with body") else b""
    if kind == "chunked":
        headers.append((b"Transfer-Encoding", b"chunked"))
        framed = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        data = asked(target, method=b"POST", headers=headers) + framed + b"0\r\nCookie: t=1\r\n\r\n"
    else:
        method = b"POST" if kind == "post" else b"GET"
        data = asked(target, method=method, headers=headers, body=body)
    return Asked(data, target, cookie, body)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(questions(), min_size=1, max_size=40), st.data())
def test_any_pipeline_is_answered_in_order(
    lanes: Both, pipeline: list[Asked], data: st.DataObject
) -> None:
    whole = b"".join(question.data for question in pipeline)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=6)))
    with Wire(lanes.address) as wire:
        wire.send_split(whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True))
        answers = wire.answers([b"GET"] * len(pipeline))
    assert len(answers) == len(pipeline)
    for question, answered in zip(pipeline, answers, strict=True):
        assert question.answered_by(answered.body)


def test_split_at_every_byte(lanes: Both) -> None:
    pipeline = (
        asked(b"/quick/1", headers=[(b"Cookie", b"reader=1")])
        + asked(b"/full/2", headers=[(b"Cookie", b"reader=2")])
        + asked(b"/full/3", method=b"POST", headers=[(b"Cookie", b"reader=3")], body=b"x")
        + asked(b"/quick/4", headers=[(b"Cookie", b"reader=4")])
    )
    for cut in range(len(pipeline) + 1):
        with Wire(lanes.address) as wire:
            wire.send_split((pipeline[:cut], pipeline[cut:]), pause_seconds=0.001)
            bodies = [answered.body[2:] for answered in wire.answers([b"GET"] * 4)]
        assert bodies == [
            b"/quick/1 reader=1",
            b"/full/2 reader=2",
            b"/full/3 reader=3x",
            b"/quick/4 reader=4",
        ], cut


def test_at_most_sixteen_quick_answers_a_read(lanes: Both) -> None:
    """The rest goes down the full lane, behind them, so that no connection has it all."""
    with Wire(lanes.address) as wire:
        wire.send(b"".join(asked(b"/quick/%d" % at) for at in range(40)))
        bodies = [answered.body for answered in wire.answers([b"GET"] * 40)]
    assert [body[:1] for body in bodies] == [b"q"] * 16 + [b"f"] * 24
    assert [body[2:].strip() for body in bodies] == [b"/quick/%d" % at for at in range(40)]


def test_nothing_is_quick_behind_what_is_owed(lanes: Both) -> None:
    lanes.quick.answered.clear()
    with Wire(lanes.address) as wire:
        wire.send(asked(b"/full/1") + asked(b"/quick/2"))
        assert [answered.body[:1] for answered in wire.answers([b"GET"] * 2)] == [b"f", b"f"]
        assert not lanes.quick.answered
        wire.send(asked(b"/quick/3"))
        answered = wire.answer()
        assert answered is not None
        assert answered.body[:1] == b"q"


@pytest.mark.parametrize(
    ("method", "version", "headers"),
    [
        (b"HEAD", b"HTTP/1.1", b""),
        (b"POST", b"HTTP/1.1", b"Content-Length: 0\r\n"),
        (b"GET", b"HTTP/1.0", b""),
        (b"GET", b"HTTP/1.1", b"Connection: close\r\n"),
        (b"GET", b"HTTP/1.1", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
        (b"GET", b"HTTP/1.1", b"Content-Length: 0\r\n"),
    ],
)
def test_what_is_never_asked_of_the_quick_lane(
    lanes: Both, method: bytes, version: bytes, headers: bytes
) -> None:
    lanes.quick.answered.clear()
    with Wire(lanes.address) as wire:
        wire.send(method + b" /quick/1 " + version + b"\r\nHost: a.test\r\n" + headers + b"\r\n")
        answered = wire.answer(method)
        assert answered is not None
        assert answered.status == 200
    assert not lanes.quick.answered


def test_a_fault_in_the_quick_lane_is_only_slower(lanes: Both) -> None:
    with Wire(lanes.address) as wire:
        wire.send(asked(b"/quick/broken") + asked(b"/quick/1"))
        first, second = wire.answers([b"GET"] * 2)
        assert (first.body, second.body) == (b"f /quick/broken ", b"f /quick/1 ")


def test_a_half_closed_reader_gets_its_answers(lanes: Both) -> None:
    with Wire(lanes.address) as wire:
        wire.send(asked(b"/full/1") + asked(b"/full/2"))
        wire.socket.shutdown(1)
        bodies = [answered.body for answered in wire.answers([b"GET"] * 2)]
        assert bodies == [b"f /full/1 ", b"f /full/2 "]
        assert wire.closed()


def test_a_half_sent_body_ends_its_request(lanes: Both) -> None:
    with Wire(lanes.address) as wire:
        wire.send(asked(b"/full/1", method=b"POST", headers=[(b"Content-Length", b"9")]) + b"a")
        wire.socket.shutdown(1)
        began = time.monotonic()
        assert wire.closed()
        assert time.monotonic() - began < 1


def test_expectations(lanes: Both) -> None:
    """100 Continue when the application reads; then the connection ends, since nobody can tell
    whether a reader that was answered early still sends its body."""
    with Wire(lanes.address) as wire:
        wire.send(
            asked(
                b"/full/1",
                method=b"POST",
                headers=[(b"Expect", b"100-continue"), (b"Content-Length", b"3")],
            )
        )
        time.sleep(0.05)
        wire.send(b"abc")
        answered = wire.answer()
        assert answered is not None
        assert wire.interim == 1
        assert answered.body == b"f /full/1 abc"
        assert answered.header(b"connection") == b"close"
        assert wire.closed()


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_http_1_0_gets_no_chunks(lanes: Both, method: bytes) -> None:
    """A body without a length ends with the connection (RFC 9112 section 6.3)."""
    with Wire(lanes.address) as wire:
        wire.send(method + b" /full/1 HTTP/1.0\r\nHost: a.test\r\n\r\n")
        answered = wire.answer(method)
        assert answered is not None
        assert answered.header(b"transfer-encoding") is None
        assert answered.header(b"connection") == b"close"
        assert answered.body == (b"f /full/1 " if method == b"GET" else b"")
        assert wire.closed()
