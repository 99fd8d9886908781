"""What one connection may take, in bytes and counts: a refusal that its sender can read."""

from __future__ import annotations

import pytest

from tests.hostile.conftest import LIMITS
from tests.hostile.serving import Served
from tests.hostile.wire import Wire, asked

_GET = b"GET /public/a HTTP/1.1\r\nHost: a.test\r\n"
_CHUNKED = b"POST /public/form HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
_MIB = 1 << 20


def refused(gateway: Served, data: bytes, *, piece_bytes: int = 1 << 20) -> int:
    """The status that comes, whole, before the connection closes."""
    with Wire(gateway.address) as wire:
        wire.send_split(data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes))
        answered = wire.answer()
        assert answered is not None
        assert wire.closed()
        return answered.status


@pytest.mark.parametrize("piece_bytes", [1 << 20, 5000])
def test_one_long_header(gateway: Served, piece_bytes: int) -> None:
    data = _GET + b"X: " + b"a" * (LIMITS.head_bytes + 1) + b"\r\n\r\n"
    assert refused(gateway, data, piece_bytes=piece_bytes) == 431
    assert not gateway.app.seen


def test_a_header_without_end(gateway: Served) -> None:
    assert refused(gateway, _GET + b"X: " + b"a" * (4 * _MIB)) == 431


def test_a_name_without_end(gateway: Served) -> None:
    assert refused(gateway, _GET + b"a" * (4 * _MIB)) == 431


@pytest.mark.parametrize("piece_bytes", [1 << 20, 700])
def test_many_headers_of_middling_size(gateway: Served, piece_bytes: int) -> None:
    data = _GET + b"".join(b"X-%d: %b\r\n" % (at, b"a" * 1000) for at in range(80)) + b"\r\n"
    assert refused(gateway, data, piece_bytes=piece_bytes) == 431


def test_many_small_headers(gateway: Served) -> None:
    assert refused(gateway, _GET + b"X: y\r\n" * LIMITS.headers + b"\r\n") == 431
    assert refused(gateway, _GET + b"X:\r\n" * 100_000 + b"\r\n") == 431


def test_as_many_headers_as_may_be(gateway: Served) -> None:
    with Wire(gateway.address) as wire:
        wire.send(_GET + b"X: y\r\n" * (LIMITS.headers - 1) + b"\r\n")
        answered = wire.answer()
        assert answered is not None
        assert answered.status == 200


@pytest.mark.parametrize("length", [LIMITS.body_bytes + 1, 10**17, 10**30])
def test_a_body_announced_too_long(gateway: Served, length: int) -> None:
    with Wire(gateway.address) as wire:
        wire.send(asked(b"/f", method=b"POST", headers=((b"Content-Length", b"%d" % length),)))
        answered = wire.answer()
        assert answered is not None
        assert answered.status in (400, 413)
        assert wire.closed()
    assert not gateway.app.seen


def test_a_body_that_grows_too_long(gateway: Served) -> None:
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    assert refused(gateway, _CHUNKED + chunk * (LIMITS.body_bytes // 65536 + 2)) == 413
    assert not gateway.app.seen


def test_the_longest_body(gateway: Served) -> None:
    with Wire(gateway.address) as wire:
        wire.send(asked(b"/f", method=b"POST", body=b"a" * LIMITS.body_bytes))
        answered = wire.answer()
        assert answered is not None
        assert answered.status == 200
    assert len(gateway.app.seen[0].body) == LIMITS.body_bytes


def test_trailers_without_end(gateway: Served) -> None:
    data = _CHUNKED + b"1\r\na\r\n0\r\n"
    assert refused(gateway, data + b"X: y\r\n" * 200_000, piece_bytes=30_000) == 400
    assert refused(gateway, data + b"X: " + b"a" * _MIB, piece_bytes=30_000) == 400


def test_a_chunk_extension_without_end(gateway: Served) -> None:
    assert refused(gateway, _CHUNKED + b"1;x=" + b"a" * _MIB, piece_bytes=30_000) == 400


def test_one_byte_chunks_are_fine(gateway: Served) -> None:
    with Wire(gateway.address) as wire:
        wire.send_split((_CHUNKED, b"1\r\na\r\n" * 50_000, b"0\r\n\r\n"))
        answered = wire.answer()
        assert answered is not None
        assert answered.status == 200
    assert gateway.app.seen[0].body == b"a" * 50_000


def test_more_waiting_requests_than_may_be(gateway: Served) -> None:
    """Those that were taken are answered in order; then one 503, and the connection closes."""
    count = LIMITS.queued * 4
    with Wire(gateway.address) as wire:
        wire.send(b"".join(asked(b"/%d" % at) for at in range(count)))
        answers = wire.answers([b"GET"] * count)
        assert wire.closed()
    assert [answered.status for answered in answers[:-1]] == [200] * (len(answers) - 1)
    assert [answered.body for answered in answers[:-1]] == [
        b"/%d" % at for at in range(len(answers) - 1)
    ]
    assert answers[-1].status == 503
    assert len(answers) >= LIMITS.queued
