"""Which requests that change something come from the site's own pages."""

from __future__ import annotations

import pytest

from gateway.edge.origin_check import check_origin, comes_from
from gateway.errors import RequestRefused
from gateway.model.request import Request

ORIGINS = frozenset((b"https://news.example",))
OWN = (b"origin", b"https://news.example")
SAME = (b"sec-fetch-site", b"same-origin")


def posted(*headers: tuple[bytes, bytes], method: str = "POST") -> Request:
    return Request(method=method, host="news.example", path="/-/logout", query=b"", headers=headers)


@pytest.mark.parametrize("headers", [(OWN,), (SAME,), (OWN, SAME)])
def test_the_site_s_own_forms(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    check_origin(posted(*headers), origins=ORIGINS)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"origin", b""),),
        ((b"origin", b"null"),),
        ((b"origin", b"https://evil.example"),),
        ((b"origin", b"http://news.example"),),
        ((b"origin", b"https://news.example:8443"),),
        ((b"origin", b"https://news.example.evil"),),
        ((b"origin", b"https://NEWS.example"),),
        ((b"origin", b"https://news.example/"),),
        ((b"origin", b"https://news.example https://evil.example"),),
        ((b"sec-fetch-site", b"same-site"),),
        ((b"sec-fetch-site", b"cross-site"),),
        ((b"sec-fetch-site", b"none"),),
        ((b"sec-fetch-site", b"same-origin, cross-site"),),
        (OWN, (b"sec-fetch-site", b"cross-site")),
        ((b"origin", b"https://evil.example"), SAME),
        ((b"origin", b"null"), SAME),
        (OWN, OWN),
        (OWN, (b"origin", b"https://evil.example")),
        (SAME, (b"sec-fetch-site", b"cross-site")),
        ((b"referer", b"https://news.example/"),),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_everything_else(headers: tuple[tuple[bytes, bytes], ...], method: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        check_origin(posted(*headers, method=method), origins=ORIGINS)
    assert refused.value.refused_status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_comes_from_anywhere(method: str) -> None:
    check_origin(posted(method=method), origins=ORIGINS)


def test_without_origins_nothing_comes_from_them() -> None:
    assert not comes_from(posted(OWN), origins=frozenset())
