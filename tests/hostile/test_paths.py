"""The rows of "Paths", as raw bytes: what was judged, and what wasn't."""

from __future__ import annotations

import time

import pytest

from tests.hostile.paths import FORMS, PATHS, TOO_LONG, Path
from tests.hostile.serving import Served
from tests.hostile.wire import Wire, asked


@pytest.mark.parametrize("row", PATHS, ids=str)
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"], ids=bytes.decode)
def test_each_row(gateway: Served, row: Path, method: bytes) -> None:
    with Wire(gateway.address) as wire:
        wire.send(asked(row.target, method=method))
        answered = wire.answer(method)
        assert answered is not None
    seen = [(seen.request.path, seen.request.query) for seen in gateway.app.seen]
    if row.moved is not None and method != b"POST":
        assert (answered.status, answered.header(b"location")) == (308, row.moved)
        assert not seen
    elif row.judged is None:
        assert answered.status == (405 if answered.status == 405 and row in FORMS else 400)
        assert not seen
    else:
        assert answered.status == 200
        assert seen == [(row.judged, row.query)]


@pytest.mark.parametrize("row", TOO_LONG, ids=str)
def test_too_long_is_refused_at_once(gateway: Served, row: Path) -> None:
    """64 KB target; 10,000 ``../``: 414 within 50 ms. The best of three, for a busy machine."""
    seconds = []
    for _ in range(3):
        with Wire(gateway.address) as wire:
            began = time.perf_counter()
            wire.send(asked(row.target))
            answered = wire.answer()
            seconds.append(time.perf_counter() - began)
            assert answered is not None
            assert answered.status == 414
            assert wire.closed()
    assert min(seconds) < 0.05
    assert not gateway.app.seen


@pytest.mark.parametrize("method", [b"CONNECT", b"TRACE", b"PROPFIND", b"PURGE"], ids=bytes.decode)
def test_methods_that_no_site_takes(gateway: Served, method: bytes) -> None:
    with Wire(gateway.address) as wire:
        wire.send(asked(b"a.test:80" if method == b"CONNECT" else b"/paid/a", method=method))
        answered = wire.answer()
        assert answered is not None
        assert answered.status in (400, 405, 501)
    assert not gateway.app.seen


def test_the_asterisk(gateway: Served) -> None:
    with Wire(gateway.address) as wire:
        wire.send(asked(b"*", method=b"OPTIONS"))
        answered = wire.answer()
        assert answered is not None
        assert answered.status == 400
    assert not gateway.app.seen
