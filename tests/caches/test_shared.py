"""I4: an answer that depended on who asked is never another reader's, whatever cache lies between.

Behind nginx ``proxy_cache`` and Varnish, each obedient and greedy (threats.md, "Caches").
"""

from __future__ import annotations

import pytest

from tests.caches.conftest import Door, Gateway
from tests.caches.origin import SHOWN, WITHHELD, Page, Site

WITHHELD_BYTES, SHOWN_BYTES = WITHHELD.encode(), SHOWN.encode()
ANALYTICS = "_ga=GA1.2.3.4"


def plain(body: bytes, coding: str | None) -> bytes:
    if coding is None or coding == "identity":
        return body
    from gateway.page.codings import decode_body

    return decode_body(body, coding.encode())


@pytest.fixture(params=["by path", "by label"])
def paid(request: pytest.FixtureRequest, origin: Site, fresh: str) -> str:
    """A page for subscribers, gated by a path rule or by its own label."""
    path = f"/paid/{fresh}" if request.param == "by path" else f"/{fresh}"
    origin.pages[path] = Page(tier="locked")
    return path


def test_member_then_anonymous(cache: Door, gateway: Gateway, paid: str) -> None:
    for cookie in gateway.subscribers[:2]:
        assert WITHHELD_BYTES in cache.get(paid, cookie=cookie).body
    for cookie in ("", ANALYTICS, "lychgate=forged"):
        answer = cache.get(paid, cookie=cookie)
        assert answer.status == 200
        assert SHOWN_BYTES in answer.body
        assert WITHHELD_BYTES not in answer.body


def test_anonymous_then_member_then_anonymous(cache: Door, gateway: Gateway, paid: str) -> None:
    assert WITHHELD_BYTES not in cache.get(paid).body
    assert WITHHELD_BYTES not in cache.get(paid).body
    assert WITHHELD_BYTES in cache.get(paid, cookie=gateway.subscribers[2]).body
    assert WITHHELD_BYTES not in cache.get(paid).body


def test_a_members_answer_is_for_nobody_else(gateway: Gateway, paid: str) -> None:
    answer = gateway.door.get(paid, cookie=gateway.subscribers[3])
    assert answer.headers["cache-control"] == "private, no-store"
    teaser = gateway.door.get(paid)
    assert "cookie" in teaser.headers["vary"].lower()
    assert teaser.headers["cache-control"].startswith("public, max-age=0, s-maxage=")
    assert teaser.headers["etag"] != answer.headers["etag"]
    assert "last-modified" not in teaser.headers


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "gzip, deflate, br, zstd"])
def test_in_every_coding(cache: Door, gateway: Gateway, paid: str, coding: str) -> None:
    member = cache.get(paid, cookie=gateway.subscribers[4], Accept_Encoding=coding)
    assert WITHHELD_BYTES in plain(member.body, member.headers.get("content-encoding"))
    for accepted in (coding, "gzip", "identity"):
        answer = cache.get(paid, Accept_Encoding=accepted)
        told = answer.headers.get("content-encoding")
        assert told is None or told in accepted
        assert WITHHELD_BYTES not in plain(answer.body, told)


def test_a_members_validator_opens_nothing(cache: Door, gateway: Gateway, paid: str) -> None:
    etag = cache.get(paid, cookie=gateway.subscribers[5]).headers["etag"]
    for sent in (etag, f"W/{etag}", f'"x", {etag}'):
        answer = cache.get(paid, If_None_Match=sent)
        assert answer.status == 200
        assert WITHHELD_BYTES not in answer.body


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("ranges", ["bytes=0-", "bytes=600-", "bytes=-300"])
def test_ranges_and_heads_of_a_teaser(
    cache: Door, gateway: Gateway, paid: str, method: str, ranges: str
) -> None:
    whole = gateway.door.get(paid, cookie=gateway.subscribers[6])
    answer = cache.get(paid, method=method, Range=ranges)
    assert answer.status in (200, 206, 416)
    assert WITHHELD_BYTES not in answer.body
    assert answer.headers.get("content-length") != whole.headers["content-length"]


@pytest.mark.parametrize(
    "ending",
    ["/x.css", "/x.js", ";x.js", "%2fx.css", "/x.css?v=1", "%3Bx.css", "%23.js", "/..%2fx.js"],
)
def test_a_page_that_looks_like_an_asset(
    cache: Door, gateway: Gateway, fresh: str, ending: str
) -> None:
    target = f"/paid/{fresh}{ending}"
    cache.get(target, cookie=gateway.subscribers[7])
    for cookie in ("", ANALYTICS):
        assert WITHHELD_BYTES not in cache.get(target, cookie=cookie).body


POISON = "poison.example"
UNKEYED = (
    "X-Forwarded-Host",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Prefix",
    "X-Host",
    "X-Original-URL",
    "X-Rewrite-URL",
    "Accept-Language",
    "User-Agent",
    "Forwarded",
    "Origin",
    "Referer",
)


@pytest.mark.parametrize("name", UNKEYED)
@pytest.mark.parametrize("section", ["paid", "open"])
def test_what_isnt_keyed_never_shows(
    cache: Door, gateway: Gateway, origin: Site, fresh: str, name: str, section: str
) -> None:
    path = f"/{section}/{fresh}"
    origin.pages[path] = Page(tier="locked" if section == "paid" else "free")
    poison = f"host={POISON}" if name == "Forwarded" else POISON
    cache.get(path, **{name: poison})
    for door in (cache, gateway.door):
        answer = door.get(path)
        assert answer.status == 200
        assert POISON.encode() not in answer.body
        assert POISON not in str(answer.headers)


def test_a_refusal_is_kept_nowhere(cache: Door, gateway: Gateway, fresh: str) -> None:
    for cookie in ("", gateway.subscribers[8]):
        answer = cache.get(f"/closed/{fresh}", cookie=cookie)
        assert answer.status == 403
        assert "no-store" in answer.headers["cache-control"]


def test_an_open_page_is_kept_and_is_one_for_all(
    cache: Door, gateway: Gateway, origin: Site, fresh: str
) -> None:
    path = f"/open/{fresh}"
    origin.pages[path] = Page(tier="free")
    first = cache.get(path)
    again = cache.get(path)
    assert WITHHELD_BYTES in first.body
    assert first.body == again.body
    assert origin.asked[path] == 1
    assert again.headers["x-cache"] == "HIT"
