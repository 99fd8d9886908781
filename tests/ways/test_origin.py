"""The whole gateway against what an origin may do to a kept page, and readers to the origin."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.ways.house import Asked, House, Page, StoppedClock, cookie, house

pytestmark = pytest.mark.anyio

WITHHELD = b"mot-secret"
POLICY = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"], keep: { paragraphs: 1, words_max: 120 } }
labels:
  - LABEL
rules:
  - { name: gold, path: /or/**, access: paid, tiers: [gold], cache: 60s }
  - { name: labelled, label: any, access: as-labelled }
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def policy(label: str) -> str:
    return POLICY.replace("LABEL", label)


def article(label: str = "") -> bytes:
    meta = f'<meta name="tier" content="{label}">' if label else ""
    return (
        f"<!doctype html><html><head><title>t</title>{meta}</head><body><article><h1>Titre</h1>"
        '<div class="body"><p>Le premier alinéa se lit.</p><p>Le deuxième dit le mot-secret.</p>'
        "<p>Le troisième aussi, le mot-secret.</p></div></article></body></html>"
    ).encode()


async def get(at: House, path: str, *headers: bytes) -> tuple[bytes, bytes]:
    """Head and body, on a connection of its own."""
    reader, writer = await asyncio.open_connection(*at.address)
    lines = (b"GET %b HTTP/1.1" % path.encode(), b"Host: localhost", b"Connection: close", *headers)
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head, body


def unchanged(page: Page) -> Callable[[Asked], Page]:
    """An origin that says 304 to whoever has the page, whatever changed beside its body."""

    def answer(asked: Asked) -> Page:
        if asked.header(b"if-none-match") is not None:
            return Page(b"", status=304, headers=page.headers)
        return page

    return answer


async def test_a_label_in_a_header_closes_a_page_whose_bytes_stay(tmp_path: Path) -> None:
    def said(label: str) -> Page:
        caching = (("Cache-Control", "max-age=50"), ("ETag", '"1"'))
        return Page(article(), headers=(*caching, ("X-Access", label)))

    clock = StoppedClock()
    async with house(
        tmp_path, policy=policy("header: X-Access"), pages={"/a": said("public")}, clock=clock
    ) as at:
        _, body = await get(at, "/a")
        assert WITHHELD in body
        at.origin.pages["/a"] = unchanged(said("paid"))
        clock.instant += 61
        _, body = await get(at, "/a")
        assert b"premier" in body
        assert WITHHELD not in body


async def test_a_page_that_stayed_is_fresh_again_and_young(tmp_path: Path) -> None:
    page = Page(article("public"), headers=(("Cache-Control", "max-age=50"), ("ETag", '"1"')))
    clock = StoppedClock()
    async with house(
        tmp_path,
        policy=policy("meta: tier"),
        pages={"/a": unchanged(page)},
        clock=clock,
    ) as at:
        for _ in range(4):
            for _ in range(2):
                head, body = await get(at, "/a")
                assert WITHHELD in body
                assert b"\r\nage: 0" in head
            clock.instant += 51
        conditional = [asked.header(b"if-none-match") for asked in at.origin.seen]
        assert conditional == [None, b'"1"', b'"1"', b'"1"']


async def test_a_policy_that_looks_for_another_label_reads_kept_pages_anew(tmp_path: Path) -> None:
    page = Page(article("paid"), headers=(("Cache-Control", "max-age=50"), ("ETag", '"1"')))
    async with house(
        tmp_path,
        policy=policy("meta: other"),
        pages={"/a": unchanged(page)},
        clock=StoppedClock(),
    ) as at:
        assert WITHHELD in (await get(at, "/a"))[1]
        (tmp_path / "policies" / "policy.yaml").write_text(policy("meta: tier"), "utf-8")
        at.lychgate.policies.reload()
        assert WITHHELD not in (await get(at, "/a"))[1]


async def test_no_range_shows_a_part_that_the_whole_would_withhold(tmp_path: Path) -> None:
    whole = article("paid")

    def ranges(asked: Asked) -> Page:
        asked_for = asked.header(b"range")
        if asked_for is None:
            return Page(whole)
        if b"," in asked_for:
            parts = b"--x\r\nContent-Type: text/html\r\n\r\n" + whole[150:] + b"\r\n--x--\r\n"
            return Page(parts, "multipart/byteranges; boundary=x", status=206)
        return Page(whole[150:], status=206, headers=(("Content-Range", "bytes 150-999/999"),))

    async with house(tmp_path, policy=policy("meta: tier"), pages={"/a": ranges}) as at:
        for asked_for in (b"bytes=150-", b"bytes=0-1,150-", b"bytes=-300", b"bytes=150-,0-1"):
            for more in ((), (b"Sec-Fetch-Dest: video",), (b"If-Range: x",)):
                _, body = await get(at, "/a", b"Range: " + asked_for, *more)
                assert WITHHELD not in body


async def test_a_gated_file_comes_in_a_coding_that_its_reader_asked_for(tmp_path: Path) -> None:
    def coded(asked: Asked) -> Page:
        if b"gzip" in (asked.header(b"accept-encoding") or b""):
            return Page(gzip.compress(b"data"), "text/csv", headers=(("Content-Encoding", "gzip"),))
        return Page(b"data", "text/csv")

    gold = b"Cookie: " + cookie("gold")
    async with house(tmp_path, policy=policy("meta: tier"), pages={"/or/a": coded}) as at:
        for _ in range(2):
            assert (await get(at, "/or/a", gold))[1] == b"data"
            coded_head, body = await get(at, "/or/a", gold, b"Accept-Encoding: gzip")
            assert b"content-encoding: gzip" in coded_head
            assert gzip.decompress(body) == b"data"
        assert b" 403 " in (await get(at, "/or/a"))[0]


async def test_a_reader_cant_play_the_gateway_nor_the_origin_set_our_cookie(
    tmp_path: Path,
) -> None:
    pages = {"/x.js": Page(b"1", "text/javascript", headers=(("Set-Cookie", "=lychgate=evil"),))}
    identity = '[origin]\nheaders = { X-Reader-Of-All = "s3cret" }'
    async with house(
        tmp_path, policy=policy("meta: tier"), pages=dict(pages), settings=identity
    ) as at:
        head, _ = await get(at, "/x.js", b"X-Reader-Of-All: s3cret", b"Sec-Fetch-Dest: script")
        assert b"set-cookie" not in head.lower()
        assert [asked.header(b"x-reader-of-all") for asked in at.origin.seen] == [None]


async def test_while_the_origin_is_down_kept_pages_show_and_nothing_opens(tmp_path: Path) -> None:
    caching = (("Cache-Control", "max-age=50"),)
    pages = {
        "/libre": Page(article("public"), headers=caching),
        "/payant": Page(article("paid"), headers=caching),
    }
    clock = StoppedClock()
    async with house(tmp_path, policy=policy("meta: tier"), pages=dict(pages), clock=clock) as at:
        for path in pages:
            await get(at, path)
        at.origin.down = True
        clock.instant += 3600
        head, body = await get(at, "/payant")
        assert b" 200 " in head
        assert b"premier" in body
        assert WITHHELD not in body
        assert b" 200 " in (await get(at, "/libre"))[0]
        assert b" 502 " in (await get(at, "/autre"))[0]


async def test_dates_of_pages_and_feeds_without_a_zone_are_the_site_s(tmp_path: Path) -> None:
    """Read as UTC, what Tokyo publishes now would lie in the future, which satisfies no age."""
    clock = StoppedClock()
    here = datetime.fromtimestamp(clock.instant - 60, ZoneInfo("Asia/Tokyo")).replace(tzinfo=None)
    meta = f'<meta property="article:published_time" content="{here.isoformat()}"></head>'
    item = f"<item><link>/new</link><pubDate>{here:%a, %d %b %Y %H:%M:%S}</pubDate>"
    feed = f"<rss><channel>{item}<description>Le mot-secret.</description></item></channel></rss>"
    pages: dict[str, Page | Callable[[Asked], Page]] = {
        "/a": Page(article().replace(b"</head>", meta.encode())),
        "/feed": Page(feed.encode(), "application/rss+xml"),
    }
    async with house(
        tmp_path,
        policy=(
            "version: 1\ndefault: paid\nteaser: { body: ['.body'] }\nrules:\n"
            "  - { name: feed, path: /feed, access: public }\n"
            "  - { name: fresh, younger_than: 1h, access: public }\n"
        ),
        pages=pages,
        site_extra='timezone = "Asia/Tokyo"',
        clock=clock,
    ) as at:
        assert WITHHELD in (await get(at, "/a"))[1]
        assert WITHHELD in (await get(at, "/feed"))[1]


@pytest.mark.parametrize("path", ["/or/a", "/a"])
async def test_an_origin_that_rests_says_until_when(tmp_path: Path, path: str) -> None:
    """On a page that its path gates too, where nothing else of its answer is told."""
    rest = Page(b"<p>mot-secret", status=503, headers=(("Retry-After", "3600"),))
    async with house(tmp_path, policy=policy("meta: tier"), pages={path: rest}) as at:
        head, body = await get(at, path)
        assert head.startswith(b"HTTP/1.1 503 ")
        assert head.count(b"\r\nretry-after: 3600") == 1
        assert (WITHHELD in body) == (path == "/a")


@pytest.mark.parametrize("path", ["/or/a", "/a"])
@pytest.mark.parametrize("who", ["", "gold"])
async def test_a_304_that_nobody_asked_for_is_no_page(tmp_path: Path, path: str, who: str) -> None:
    """The gateway asked without a condition, so it has nothing that could be unchanged."""
    same = Page(b"", status=304, headers=(("ETag", '"1"'), ("Cache-Control", "max-age=50")))
    cookies = (b"Cookie: " + cookie(who),) if who else ()
    async with house(tmp_path, policy=policy("meta: tier"), pages={path: same}) as at:
        for condition in ((), (b'If-None-Match: "1"',)):
            head, _ = await get(at, path, *cookies, *condition)
            assert head.startswith(b"HTTP/1.1 502 ")


async def test_behind_a_304_that_nobody_asked_for_stands_the_page_that_was(tmp_path: Path) -> None:
    kept = Page(article(), headers=(("Cache-Control", "max-age=5, stale-if-error=3600"),))
    clock = StoppedClock()
    async with house(tmp_path, policy=policy("meta: tier"), pages={"/a": kept}, clock=clock) as at:
        await get(at, "/a")
        at.origin.pages["/a"] = Page(b"", status=304)
        clock.instant += 6
        head, body = await get(at, "/a")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert body
