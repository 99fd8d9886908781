"""Egress: who may share an answer, its validators, and heads that agree in both lanes."""

from __future__ import annotations

import pytest

from gateway.edge import egress
from gateway.model.decision import Full, Reason, Teaser, Wall
from gateway.model.page import Sharing
from gateway.model.reader import ReaderKind

PUBLIC = Full(Reason.PUBLIC_PAGE)
HELD = Full(Reason.TIER_HELD)
WALLED = Teaser(Wall.SUBSCRIBE, Reason.SUBSCRIPTION_NEEDED)


@pytest.mark.parametrize(
    ("decision", "cookie", "rule", "marks", "sharing"),
    [
        (PUBLIC, False, "", False, Sharing.ANYONE),
        (PUBLIC, True, "", False, Sharing.ANYONE),
        (PUBLIC, False, "", True, Sharing.ANONYMOUS),
        (PUBLIC, True, "", True, Sharing.NOBODY),
        (PUBLIC, False, "by country", False, Sharing.NOBODY),
        (Full(Reason.OPENED_BY_HAND), True, "", False, Sharing.ANYONE),
        (HELD, True, "", False, Sharing.NOBODY),
        (Full(Reason.NEWSROOM), True, "", False, Sharing.NOBODY),
        (Full(Reason.MEMBER_ADMITTED), True, "", False, Sharing.NOBODY),
        (WALLED, False, "", False, Sharing.ANONYMOUS),
        (WALLED, True, "", False, Sharing.NOBODY),
        (WALLED, False, "by country", False, Sharing.NOBODY),
    ],
)
def test_who_else_may_be_given_it(
    decision: Full | Teaser, cookie: bool, rule: str, marks: bool, sharing: Sharing
) -> None:
    key = egress.shown(
        decision,
        kind=ReaderKind.MEMBER if cookie else ReaderKind.ANONYMOUS,
        has_session_cookie=cookie,
        rule=rule,
        reader_marks=marks,
    )
    assert key[2] is sharing


def test_a_teaser_and_the_whole_page_never_share_a_key_or_a_validator() -> None:
    decisions: list[Full | Teaser] = [HELD, *(Teaser(wall, Reason.ACCOUNT_NEEDED) for wall in Wall)]
    keys = {
        egress.shown(decision, kind=kind, has_session_cookie=True, rule="", reader_marks=False)
        for decision in decisions
        for kind in ReaderKind
    }
    assert len(keys) == (1 + len(Wall)) * len(ReaderKind)
    assert egress.etag(b"whole", "gzip") != egress.etag(b"teaser", "gzip")
    assert egress.etag(b"whole", "gzip") != egress.etag(b"whole", "br")


def caching(sharing: Sharing, vary_by_cookie: bool = True) -> dict[bytes, bytes]:
    return dict(
        egress.caching(
            sharing,
            open_caching=b"public, max-age=30",
            window_seconds=42.9,
            vary_by_cookie=vary_by_cookie,
        )
    )


def test_the_three_egress_cases() -> None:
    assert caching(Sharing.ANYONE) == {
        b"cache-control": b"public, max-age=30",
        b"vary": b"Accept-Encoding",
    }
    assert caching(Sharing.ANONYMOUS) == {
        b"cache-control": b"public, max-age=0, s-maxage=42",
        b"vary": b"Accept-Encoding, Cookie",
    }
    assert caching(Sharing.ANONYMOUS, vary_by_cookie=False)[b"vary"] == b"Accept-Encoding"
    assert caching(Sharing.NOBODY)[b"cache-control"] == b"private, no-store"


@pytest.mark.parametrize(
    ("if_none_match", "same"),
    [
        (b'"v"', True),
        (b'W/"v"', True),
        (b'"x", "v"', True),
        (b'"x", W/"v" ', True),
        (b'"x"', False),
        (b"v", False),
        (b"*", False),
        (b'"v"' + b" " * 200, False),
    ],
)
def test_if_none_match_compares_weakly_and_within_its_bound(
    if_none_match: bytes, same: bool
) -> None:
    assert egress.same_entity(if_none_match, b'"v"') is same


def test_a_head_is_its_headers_in_order() -> None:
    made = egress.variant(
        status=200,
        headers=((b"content-type", b"text/html"), (b"cache-control", b"private, no-store")),
        body=b"four",
        validator=b'"v"',
        born_at=0.0,
    )
    lines = made.head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert [tuple(line.split(b": ", 1)) for line in lines[1:-1]] == list(made.headers)
    assert (b"content-length", b"4") in made.headers
    assert b"content-length" not in made.not_modified
    assert b'etag: "v"\r\n' in made.not_modified


def test_the_date_line_is_made_once_a_second() -> None:
    dates = egress.Dates()
    first = dates.at(1_700_000_000.2)
    assert first == b"date: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n"
    assert dates.at(1_700_000_000.9) is first
    assert dates.at(1_700_000_001.0) is not first
