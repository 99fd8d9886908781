"""The rows of "Headers" that ingress answers for, as raw bytes."""

from __future__ import annotations

import pytest

from tests.hostile.headers import HOP_BY_HOP, IDENTITY, KEPT, ODD, OVERRIDES, REFUSED
from tests.hostile.serving import Served
from tests.hostile.wire import Wire, asked

# Lines a request, well under the server's bound.
_LINES = 60


def reaching(gateway: Served, *lines: tuple[bytes, bytes]) -> dict[bytes, bytes]:
    """What of these lines a judged request still has."""
    gateway.app.seen.clear()
    with Wire(gateway.address) as wire:
        wire.send(asked(b"/public/a", headers=lines))
        answered = wire.answer()
        assert answered is not None
        assert answered.status == 200
    return dict(gateway.app.seen[0].request.headers)


@pytest.mark.parametrize("start", range(0, len(IDENTITY), _LINES))
def test_no_identity_from_outside(gateway: Served, start: int) -> None:
    names = IDENTITY[start : start + _LINES]
    assert reaching(gateway, *((name, b"root") for name in names)) == {b"host": b"a.test"}


@pytest.mark.parametrize("start", range(0, len(OVERRIDES + ODD), _LINES))
def test_no_override_from_outside(gateway: Served, start: int) -> None:
    lines = (OVERRIDES + ODD)[start : start + _LINES]
    assert reaching(gateway, *lines) == {b"host": b"a.test"}


def test_overrides_change_neither_path_nor_method_nor_host(gateway: Served) -> None:
    plain = reaching(gateway)
    before = gateway.app.seen[0].request
    assert reaching(gateway, *OVERRIDES) == plain
    assert gateway.app.seen[0].request == before


def test_hop_by_hop_goes(gateway: Served) -> None:
    assert reaching(gateway, *HOP_BY_HOP) == {b"host": b"a.test"}
    named = (b"Connection", b"close, X-Token, Cookie")
    assert reaching(gateway, named, (b"X-Token", b"1"), (b"Cookie", b"a=1")) == {b"host": b"a.test"}


def test_the_rest_stays(gateway: Served) -> None:
    found = reaching(gateway, *KEPT)
    assert found == {b"host": b"a.test", **{name.lower(): value for name, value in KEPT}}


@pytest.mark.parametrize(
    ("data", "status"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused_heads(gateway: Served, data: bytes, status: int) -> None:
    with Wire(gateway.address) as wire:
        wire.send(data)
        answered = wire.answer()
        assert answered is not None
        assert answered.status == status
    assert not gateway.app.seen


@pytest.mark.parametrize(
    ("method", "forwarded"), [(b"GET", b""), (b"HEAD", b""), (b"POST", b"abc"), (b"PUT", b"abc")]
)
def test_bodies(gateway: Served, method: bytes, forwarded: bytes) -> None:
    """A GET's body is read and dropped: the request says nothing of it any more."""
    with Wire(gateway.address) as wire:
        wire.send(asked(b"/public/form", method=method, body=b"abc") + asked(b"/next"))
        first, second = wire.answers((method, b"GET"))
        assert (first.status, second.status, second.body) == (200, 200, b"/next")
    request = gateway.app.seen[0].request
    assert (request.header(b"content-length") or b"") == (b"3" if forwarded else b"")
    assert request.header(b"transfer-encoding") is None
