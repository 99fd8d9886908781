"""What a record says it weighs is what it holds: a cache bounded in bytes is bounded in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from gateway.edge import codings
from gateway.origin.record import packed

# A page's own words pack to a quarter; a buffer for the worst case would be as long as the page.
PAGE = b"".join(b"<p>Paragraph %d says %x.</p>" % (n, n * 2654435761) for n in range(3_000))
COPIES = 20


@pytest.mark.parametrize(
    "made",
    [
        packed,
        *(lambda body, to=coding: codings.compress(body, to) for coding in codings.CODINGS[:3]),
    ],
    ids=["packed", *codings.CODINGS[:3]],
)
def test_compressed_bytes_hold_no_more_than_they_are(made: Callable[[bytes], bytes]) -> None:
    made(PAGE)
    tracemalloc.start()
    try:
        kept = [made(PAGE) for _ in range(COPIES)]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept[0]) < len(PAGE) / 2
    assert held < 1.1 * sum(map(len, kept))
