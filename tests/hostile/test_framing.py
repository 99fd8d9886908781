"""The rows of "Framing", as raw bytes on a real connection."""

from __future__ import annotations

import pytest

from tests.hostile.framing import ACCEPTED, LAST, REFUSED, SMUGGLED, Framing
from tests.hostile.serving import Served
from tests.hostile.wire import Wire


@pytest.mark.parametrize("row", REFUSED, ids=str)
@pytest.mark.parametrize("apart", [False, True], ids=["at once", "apart"])
def test_refused_and_closed(gateway: Served, row: Framing, apart: bool) -> None:
    with Wire(gateway.address) as wire:
        wire.send_split((row.data, SMUGGLED) if apart else (row.data + SMUGGLED,))
        answered = wire.answer()
        assert answered is not None, "closed without a word"
        assert answered.status in row.statuses
        assert answered.header(b"connection") == b"close"
        assert len(answered.body) < 200
        assert wire.closed()
    assert not gateway.app.seen, "nothing of it may reach the application"


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_refused_whatever_the_reads(gateway: Served, row: Framing) -> None:
    """Byte by byte the same outcome as in one read."""
    with Wire(gateway.address) as wire:
        wire.send_split(row.data[at : at + 1] for at in range(len(row.data)))
        wire.send(SMUGGLED)
        answered = wire.answer()
        assert answered is not None
        assert answered.status in row.statuses
        assert wire.closed()
    assert not gateway.app.seen


@pytest.mark.parametrize("row", ACCEPTED, ids=str)
@pytest.mark.parametrize("apart", [False, True], ids=["at once", "apart"])
def test_accepted_and_followed(gateway: Served, row: Framing, apart: bool) -> None:
    with Wire(gateway.address) as wire:
        wire.send_split((row.data, SMUGGLED) if apart else (row.data + SMUGGLED,))
        first, second = wire.answers((b"GET", b"GET"))
        assert first.status in row.statuses
        assert second.status == 200
        assert second.body == b"/smuggled"
    asked = [seen.request.path for seen in gateway.app.seen]
    assert asked in (["/public/a", "/smuggled"], ["/public/form", "/smuggled"], ["/smuggled"])
    assert len(asked) == (2 if row.statuses == (200,) else 1)
    for seen in gateway.app.seen:
        names = [name for name, _ in seen.request.headers]
        assert names.count(b"host") <= 1
        assert b"remote-user" not in names
        assert b"t=1" not in (seen.request.header(b"cookie") or b"")


@pytest.mark.parametrize("row", LAST, ids=str)
@pytest.mark.parametrize("apart", [False, True], ids=["at once", "apart"])
def test_answered_and_closed(gateway: Served, row: Framing, apart: bool) -> None:
    with Wire(gateway.address) as wire:
        wire.send_split((row.data, SMUGGLED) if apart else (row.data + SMUGGLED,))
        answered = wire.answer()
        assert answered is not None
        assert answered.status in row.statuses
        assert answered.header(b"connection") == b"close"
        assert wire.closed()
    assert "/smuggled" not in [seen.request.path for seen in gateway.app.seen]


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_refused_behind_an_answer_that_is_owed(gateway: Served, row: Framing) -> None:
    """A refusal waits for its turn: the request before it gets its own answer, then it follows."""
    with Wire(gateway.address) as wire:
        wire.send(b"GET /first HTTP/1.1\r\nHost: a.test\r\n\r\n" + row.data + SMUGGLED)
        first, second = wire.answers((b"GET", b"GET"))
        assert (first.status, first.body) == (200, b"/first")
        assert second.status in row.statuses
        assert wire.closed()
    assert [seen.request.path for seen in gateway.app.seen] == ["/first"]
