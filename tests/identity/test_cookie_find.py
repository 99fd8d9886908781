"""Finding our cookie by its short way and by its long one comes to the same."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.identity.cookies import find

NAME = b"lychgate"
PIECES = st.sampled_from(
    (b"lychgate", b"=", b";", b" ", b"\t", b"a", b"lych", b"=x.y", b"; ", b'"', b",", b"__Host-")
)


def slowly(header: bytes) -> bytes | None:
    """Every cookie looked at, as a table says it."""
    parts = [part.strip().partition(b"=") for part in header.split(b";")]
    values = [value.strip() for key, mark, value in parts if mark and key.strip() == NAME]
    return values[0] or None if len(values) == 1 else None


@settings(max_examples=2000)
@given(st.lists(PIECES, max_size=12).map(b"".join))
@example(b"a=lychgate")
@example(b"a=1; lychgate = v ; b=2")
@example(b"xlychgate=v")
@example(b"lychgatex=v")
@example(b"lychgate=v; a=lychgate")
@example(b";lychgate=v")
@example(b"lychgate")
def test_both_ways_agree(header: bytes) -> None:
    assert find(header, NAME) == slowly(header)
