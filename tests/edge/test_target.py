"""The one reading of a target: every row of the corpus, and what holds for any bytes at all."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.edge.target import (
    QUERY_FIELDS_MAX,
    TARGET_BYTES_MAX,
    MovedTo,
    Target,
    canonical_path,
    canonical_target,
)
from gateway.errors import RequestRefused
from tests.hostile.paths import PARAMETERS, PATHS, TOO_LONG, Path

# Bytes from which hostile paths are made, and a few that are anything.
PIECES = st.sampled_from(
    [
        *(bytes((byte,)) for byte in b"/.;%\\?#ab~-_:@!$&'()*+,=|^\"<>"),
        *b"%2e %2E %2f %2F %5c %25 %00 %61 %41 %7e %3b %3B %3f %23 %c3%a9 %ff %c0%ae %zz .. // /./".split(),
        b"paid",
        b"public",
    ]
)
TARGETS = st.lists(PIECES, max_size=12).map(b"".join).map(lambda rest: b"/" + rest)
ANYTHING = st.one_of(TARGETS, st.binary(max_size=40).map(lambda rest: b"/" + rest))


@pytest.mark.parametrize("row", PATHS, ids=str)
def test_each_row_of_the_corpus(row: Path) -> None:
    if row.refused is not None:
        with pytest.raises(RequestRefused) as refused:
            canonical_target(row.target, path_parameters_allowed=False)
        assert refused.value.refused_status == row.refused
    elif row.moved is not None:
        assert canonical_target(row.target, path_parameters_allowed=False) == MovedTo(row.moved)
    else:
        assert row.judged is not None
        expected = Target(row.judged, row.query)
        assert canonical_target(row.target, path_parameters_allowed=False) == expected


@pytest.mark.parametrize("row", TOO_LONG, ids=str)
def test_too_long(row: Path) -> None:
    with pytest.raises(RequestRefused) as refused:
        canonical_target(row.target, path_parameters_allowed=True)
    assert refused.value.refused_status == 414


@pytest.mark.parametrize("fields", [b"a&", b";", b"&", b"%61[]=1&"])
def test_a_query_of_endless_fields_is_refused(fields: bytes) -> None:
    """Each rule that asks for a parameter looks at all of them: sixteen thousand took half a second."""
    for many in (QUERY_FIELDS_MAX, QUERY_FIELDS_MAX - 1):
        target = b"/a?" + fields * many
        if many == QUERY_FIELDS_MAX:
            with pytest.raises(RequestRefused) as refused:
                canonical_target(target, path_parameters_allowed=True)
            assert refused.value.refused_status == 400
        else:
            assert isinstance(canonical_target(target, path_parameters_allowed=True), Target)


def test_the_longest_target_is_admitted() -> None:
    target = b"/" + b"a" * (TARGET_BYTES_MAX - 1)
    assert canonical_target(target, path_parameters_allowed=False) == Target(target.decode(), b"")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/paid;x=1/a", "/paid;x=1/a"),
        (b"/paid/a;jsessionid=1", "/paid/a;jsessionid=1"),
        (b"/paid%3bx/a", "/paid%3Bx/a"),
    ],
)
def test_parameters_where_a_policy_allows_them(target: bytes, path: str) -> None:
    assert canonical_target(target, path_parameters_allowed=True) == Target(path, b"")


@pytest.mark.parametrize(
    "target", [row.target for row in PARAMETERS if b"/.." in row.target or b"/.;" in row.target]
)
def test_dot_segments_with_parameters_are_never_allowed(target: bytes) -> None:
    """Tomcat and Jetty take ``..;x`` for a parent segment."""
    with pytest.raises(RequestRefused):
        canonical_target(target, path_parameters_allowed=True)


@pytest.mark.parametrize("target", [b"/;/paid/a", b"/;x=1/paid/a", b"/%3b/paid/a"])
def test_empty_segments_with_parameters_are_never_allowed(target: bytes) -> None:
    with pytest.raises(RequestRefused):
        canonical_target(target, path_parameters_allowed=True)


@given(ANYTHING, st.booleans())
@example(b"/%25%32%65", False)
@example(b"/a%2", True)
def test_what_comes_out_is_canonical(raw: bytes, allowed: bool) -> None:
    try:
        found = canonical_target(raw, path_parameters_allowed=allowed)
    except RequestRefused:
        return
    if isinstance(found, MovedTo):
        again = canonical_target(found.location, path_parameters_allowed=allowed)
        assert isinstance(again, Target), "one move is enough"
        assert again.path.encode() == found.location.partition(b"?")[0]
        return
    path = found.path.encode("ascii")
    assert canonical_target(path, path_parameters_allowed=allowed) == Target(found.path, b"")
    assert canonical_path(path, path_parameters_allowed=allowed) == path
    _holds_nothing_ambiguous(path)


def _holds_nothing_ambiguous(path: bytes) -> None:
    assert path.startswith(b"/")
    assert b"//" not in path
    assert b"\\" not in path
    assert not {b".", b".."} & set(path.split(b"/"))
    assert not any(word in path.lower() for word in (b"%2f", b"%5c", b"%2e", b"%00"))
    assert all(0x21 <= byte <= 0x7E for byte in path)
    assert not set(path) & set(b'#?"<>[]^`{|}')
    once = unquote_to_bytes(path)
    once.decode("utf-8")
    # An origin that decodes twice sees the same segments as one that decodes once.
    assert unquote_to_bytes(once).count(b"/") == path.count(b"/")
    assert not {b".", b".."} & set(unquote_to_bytes(once).split(b"/"))


@given(TARGETS)
def test_a_spelling_changes_nothing(raw: bytes) -> None:
    """Every letter and digit escaped: the same target, or refused alike."""
    path, mark, query = raw.partition(b"?")
    if b"%" in path:
        return
    spelt = b"".join(b"%%%02x" % byte if chr(byte).isalnum() else bytes((byte,)) for byte in path)
    assert _outcome(path + mark + query) == _outcome(spelt + mark + query)


def _outcome(raw: bytes) -> Target | MovedTo | int:
    try:
        return canonical_target(raw, path_parameters_allowed=False)
    except RequestRefused as refused:
        return refused.refused_status
