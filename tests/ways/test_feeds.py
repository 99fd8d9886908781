"""Feeds and what looks like none: whatever its type, prolog, range or path, no item tells more than
the page that it leads to."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.ways.asking import ask
from tests.ways.house import Asked, Page, cookie, house

pytestmark = pytest.mark.anyio

RULES = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"], keep: { paragraphs: 1, words_max: 120 } }
"""
LABELLED = (
    RULES
    + """
labels: [{ meta: tier }]
rules:
  - { name: dossiers, path: /dossiers/**, access: paid }
  - { name: labelled, label: any, access: as-labelled }
"""
)
WITHHELD = b"mot-secret"
TEXT = "<p>Le premier se lit.</p><p>Le deuxi\u00e8me dit le mot-secret.</p><p>Et le mot-secret.</p>"
PAID = "<link>http://localhost/dossiers/a</link>"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def rss(*heads: str, before: str = "", declared: str = "utf-8") -> bytes:
    """One item a head, each with the whole text."""
    items = "".join(
        f"<item><title>Titre</title>{head}<content:encoded><![CDATA[{TEXT}]]></content:encoded></item>"
        for head in heads
    )
    return (
        f'<?xml version="1.0" encoding="{declared}"?>{before}'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>G</title><link>http://localhost/</link>{items}</channel></rss>"
    ).encode(declared)


Answer: TypeAlias = Page | Callable[[Asked], Page]


def ranged(body: bytes, content_type: str) -> Callable[[Asked], Page]:
    """An origin that answers with the part that was asked for."""

    def answer(asked: Asked) -> Page:
        if asked.header(b"range") is None:
            return Page(body, content_type)
        told = (("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}"),)
        return Page(body, content_type, status=206, headers=told)

    return answer


DOCTYPE = '<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://n.example/rss-0.91.dtd">'
FEEDS: dict[str, Answer] = {
    "/doctype.xml": Page(rss(PAID, before=DOCTYPE), "text/xml"),
    "/comment.xml": Page(rss(PAID, before=f"<!-- {'licence ' * 9000}-->"), "text/xml"),
    "/instruction.xml": Page(rss(PAID, before='<?access-control allow="*>"?>'), "text/xml"),
    "/utf-16.xml": Page(rss(PAID, declared="utf-16"), "application/xml"),
    "/html.xml": Page(rss(PAID), "text/html; charset=utf-8"),
    "/bytes.xml": Page(rss(PAID), "application/octet-stream"),
    "/two-types.xml": Page(rss(PAID), "image/png", headers=(("Content-Type", "text/xml"),)),
    "/coded.xml": Page(
        gzip.compress(rss(PAID)), "text/xml", headers=(("Content-Encoding", "gzip"),)
    ),
    "/range.xml": ranged(rss(PAID), "text/xml"),
    "/range.json": ranged(
        b'{"items": [{"url": "/dossiers/a", "content_html": "mot-secret"}]}', "application/json"
    ),
}


@pytest.mark.parametrize("path", FEEDS)
async def test_a_feed_is_known_whatever_stands_before_it(tmp_path: Path, path: str) -> None:
    async with house(tmp_path, policy=LABELLED, pages=dict(FEEDS)) as at:
        for _ in range(2):
            head, body = await ask(at, path, b"Range: bytes=0-")
            assert b" 200 " in head
            assert WITHHELD not in body.replace(b"\x00", b"")
            assert b"item" in body


ARTICLE = (
    '<title>t</title><meta name="tier" content="paid"><article><h1>Titre</h1>'
    f'<div class="body">{TEXT}</div></article>'
).encode()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html, text/html; charset=utf-8",
        "text/html,charset=utf-8",
        "unknown/unknown",
        "*/*",
        "",
        "html",
    ],
)
async def test_a_page_is_known_whatever_its_type_says(tmp_path: Path, content_type: str) -> None:
    pages: dict[str, Answer] = {"/a": Page(ARTICLE, content_type)}
    pages["/b"] = ranged(ARTICLE, content_type)
    async with house(tmp_path, policy=LABELLED, pages=pages) as at:
        for path in pages:
            head, body = await ask(at, path, b"Range: bytes=0-")
            assert b" 200 " in head
            assert WITHHELD not in body
            assert b"Le premier se lit" in body


HARMLESS: dict[str, Answer] = {
    "/sitemap.xml": Page(b'<?xml version="1.0"?><urlset><url/></urlset>', "application/xml"),
    "/a.svg": Page(b"<!-- Inkscape --><svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "/part.xml": ranged(b"<opml><body/></opml>", "text/xml"),
    "/a.bin": ranged(b"\x00\x01" * 99, "application/octet-stream"),
    "/api": Page(b'{"posts": [{"content_html": "a"}]}', "application/json"),
    "/empty.xml": Page(b"", "text/xml"),
    "/error.xml": Page(b"<Whatever/>", "text/xml", status=404),
}


def in_part(found: Page | Callable[[Asked], Page]) -> Page:
    """What the origin says to who asks for a part."""
    return found if isinstance(found, Page) else found(Asked("GET", b"", ((b"range", b""),)))


@pytest.mark.parametrize("path", HARMLESS)
async def test_files_beside_articles_pass_as_they_are(tmp_path: Path, path: str) -> None:
    found = HARMLESS[path]
    page = in_part(found)
    async with house(tmp_path, policy=LABELLED, pages={path: found}) as at:
        for _ in range(2):
            head, body = await ask(at, path, b"Range: bytes=0-")
            assert b" %d " % page.status in head
            assert body == page.body


async def test_xml_that_nobody_knows_is_closed_where_a_page_could_gate_itself(
    tmp_path: Path,
) -> None:
    whole = b"<nitf>mot-secret</nitf>"
    pages: dict[str, Answer] = {"/a": Page(whole, "text/xml"), "/part": ranged(whole, "text/xml")}
    async with house(tmp_path, policy=LABELLED, pages=pages) as at:
        for path in pages:
            for _ in range(2):
                head, body = await ask(at, path, b"Range: bytes=0-")
                assert b" 403 " in head
                assert WITHHELD not in body
            head, body = await ask(at, path, b"Cookie: " + cookie("gold"))
            assert body == whole


BY_PATH = (
    RULES
    + """
rules:
  - { name: dossiers, path: /dossiers/**, access: paid }
"""
)
JSON_FEED = b'{"items": [{"url": "/dossiers/a", "content_html": "<p>Un.</p><p>Deux.</p><p>mot-secret</p>"}]}'
OLD_ATOM = (
    b'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>item</title>'
    b'<link rel="alternate" href="/dossiers/a"/><content mode="escaped" type="text/html">'
    b"&lt;p>Un.&lt;/p>&lt;p>Deux.&lt;/p>&lt;p>mot-secret&lt;/p></content></entry></feed>"
)
COMMON = (("ETag", '"1"'), ("Cache-Control", "max-age=60"))
OPEN_FEEDS: dict[str, Answer] = {
    **{path: feed for path, feed in FEEDS.items() if path != "/utf-16.xml"},
    "/declared": Page(rss(PAID), "application/rss+xml"),
    "/named.json": Page(JSON_FEED, "application/feed+json"),
    "/plain.json": Page(JSON_FEED, "text/plain"),
    "/no-type": Page(rss(PAID), ""),
    "/old-atom": Page(OLD_ATOM, "application/atom+xml"),
    "/kept": Page(rss(PAID), "application/rss+xml", headers=COMMON),
    "/missing": Page(rss(PAID), "text/xml", status=404),
}


@pytest.mark.parametrize("path", OPEN_FEEDS)
async def test_a_feed_on_an_open_path_tells_no_more_than_its_pages(
    tmp_path: Path, path: str
) -> None:
    async with house(tmp_path, policy=BY_PATH, pages=dict(OPEN_FEEDS)) as at:
        for more in ((), (b"Range: bytes=0-",), (b"Sec-Fetch-Dest: empty",), (b"Cookie: a=1",)):
            head, body = await ask(at, path, *more)
            assert b" 404 " in head if path == "/missing" else b" 200 " in head
            assert WITHHELD not in body
            assert b"item" in body
        head, body = await ask(at, path, method=b"POST", body=b"feed=rss2")
        assert WITHHELD not in body
        head, body = await ask(at, path, b"Cookie: " + cookie("gold"))
        assert WITHHELD in body


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<feed><title>t</title><article>mot-secret</article></feed>", "text/xml"),
        (b'{"items": [], "content_html": "<p>mot-secret</p>"}', "application/json"),
    ],
)
async def test_what_calls_itself_a_feed_opens_no_gated_path(
    tmp_path: Path, body: bytes, content_type: str
) -> None:
    pages: dict[str, Answer] = {"/dossiers/export": Page(body, content_type)}
    async with house(tmp_path, policy=BY_PATH, pages=pages) as at:
        for _ in range(2):
            _, answered = await ask(at, "/dossiers/export")
            assert WITHHELD not in answered
        _, answered = await ask(at, "/dossiers/export", b"Cookie: " + cookie("gold"))
        assert answered == body


async def test_a_feed_s_length_is_that_of_what_is_sent(tmp_path: Path) -> None:
    async with house(tmp_path, policy=BY_PATH, pages=dict(OPEN_FEEDS)) as at:
        for path in ("/declared", "/comment.xml"):
            whole, body = await ask(at, path)
            head, nothing = await ask(at, path, method=b"HEAD")
            assert nothing == b""
            assert b"content-length: %d\r\n" % len(body) in head
            assert b"etag" not in whole or head.split(b"etag")[1] == whole.split(b"etag")[1]


async def test_an_open_feed_is_kept_once_it_is_known(tmp_path: Path) -> None:
    async with house(tmp_path, policy=BY_PATH, pages=dict(OPEN_FEEDS)) as at:
        first, _ = await ask(at, "/kept", b"Cookie: a=1")
        assert b"cache-control: private, no-store" in first
        while at.lychgate.pages.renewing:
            await asyncio.sleep(0)
        known = len(at.origin.seen)
        assert at.origin.seen[-1].header(b"cookie") is None
        for _ in range(2):
            head, body = await ask(at, "/kept")
            assert b"s-maxage=" in head
            assert WITHHELD not in body
        assert len(at.origin.seen) == known


@pytest.mark.parametrize(
    "headers",
    [
        (("ETag", '"1"'), ("Cache-Control", "private")),
        (("ETag", '"1"'), ("Vary", "Accept, Cookie")),
        (),
    ],
)
async def test_a_feed_of_one_reader_isn_t_kept(
    tmp_path: Path, headers: tuple[tuple[str, str], ...]
) -> None:
    def personal(asked: Asked) -> Page:
        mine = asked.header(b"cookie") or b"nobody"
        return Page(
            rss("<link>/a</link>").replace(b">G<", b">%b<" % mine), "text/xml", 200, headers
        )

    async with house(tmp_path, policy=BY_PATH, pages={"/mine": personal}) as at:
        for name in (b"a=1", b"b=2"):
            head, body = await ask(at, "/mine", b"Cookie: " + name)
            assert name in body
            assert b"cache-control: private, no-store" in head


async def test_a_path_that_is_a_feed_to_some_is_kept_for_nobody(tmp_path: Path) -> None:
    """Or whoever asks for the feed would choose what everyone gets."""

    def negotiated(asked: Asked) -> Page:
        if asked.header(b"accept") == b"application/rss+xml":
            return Page(rss(PAID), "application/rss+xml", headers=COMMON)
        return Page(b"<!doctype html>" + (asked.header(b"cookie") or b""), headers=COMMON)

    async with house(tmp_path, policy=BY_PATH, pages={"/": negotiated}) as at:
        _, body = await ask(at, "/", b"Accept: application/rss+xml")
        assert WITHHELD not in body
        while at.lychgate.pages.renewing:
            await asyncio.sleep(0)
        _, body = await ask(at, "/", b"Cookie: a=1")
        assert body == b"<!doctype html>a=1"


UNTOUCHED: dict[str, Answer] = {
    **HARMLESS,
    "/page": Page(ARTICLE),
    "/page.gz": Page(gzip.compress(ARTICLE), headers=(("Content-Encoding", "gzip"),)),
    "/unknown.xml": Page(b"<nitf/>", "text/xml"),
    "/data.json": Page(b'{"a": [1, 2]}', "application/json"),
    "/ontology": Page(b'<!DOCTYPE r [<!ENTITY a "b">]><rdf:RDF/>', "application/rdf+xml"),
    "/none": Page(b"", "text/xml"),
    "/short": Page(b"<", "text/xml"),
}


@pytest.mark.parametrize("path", UNTOUCHED)
async def test_all_else_passes_byte_for_byte_on_an_open_path(tmp_path: Path, path: str) -> None:
    found = UNTOUCHED[path]
    page = in_part(found)
    async with house(tmp_path, policy=BY_PATH, pages={path: found}) as at:
        for _ in range(2):
            head, body = await ask(at, path, b"Range: bytes=0-")
            assert b" %d " % page.status in head
            assert body == page.body
            head, _ = await ask(at, path, method=b"HEAD")
            assert b"content-length: %d\r\n" % len(page.body) in head


async def test_where_nothing_is_gated_feeds_pass_too(tmp_path: Path) -> None:
    async with house(tmp_path, policy="version: 1\ndefault: public\n", pages=dict(FEEDS)) as at:
        _, body = await ask(at, "/doctype.xml")
        assert body == rss(PAID, before=DOCTYPE)


async def test_a_part_is_asked_after_once(tmp_path: Path) -> None:
    """Who fetches a film in parts isn't kept waiting for each."""
    pages: dict[str, Answer] = {"/film": ranged(b"\x00\x01" * 99, "application/octet-stream")}
    async with house(tmp_path, policy=BY_PATH, pages=pages) as at:
        for _ in range(3):
            head, _ = await ask(at, "/film", b"Range: bytes=0-")
            assert b" 206 " in head
        assert len(at.origin.seen) == 4


async def test_what_one_request_opens_is_nobody_else_s(tmp_path: Path) -> None:
    friend = "  - { name: friends, path: /dossiers/**, referrer: friend.example, access: public }\n"
    rules = LABELLED.replace("rules:\n", "rules:\n" + friend)
    pages: dict[str, Answer] = {"/f": Page(rss(PAID), "application/rss+xml", headers=COMMON)}
    came = b"Referer: http://friend.example/"
    async with house(tmp_path, policy=rules, pages=pages) as at:
        answers = await asyncio.gather(
            *(ask(at, "/f", *more) for more in ((came,), (), (came,), ()))
        )
        answers += [await ask(at, "/f", *more) for more in ((came,), (), (came,), ())]
        for number, (head, body) in enumerate(answers):
            assert (WITHHELD in body) is (number % 2 == 0)
            assert b"cache-control: private, no-store" in head
        assert len(at.origin.seen) == 1


def chosen_by_accept(asked: Asked) -> Page:
    if asked.header(b"accept") == b"application/json":
        return Page(b'{"posts": []}', "application/json")
    whole, part = rss(PAID), asked.header(b"range")
    if part is None:
        return Page(whole, "text/xml")
    start = int(part.removeprefix(b"bytes=").partition(b"-")[0])
    told = (("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}"),)
    return Page(whole[start:], "text/xml", status=206, headers=told)


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_nobody_makes_a_feed_forgotten_by_asking_for_another_face_of_it(
    tmp_path: Path, method: bytes
) -> None:
    async with house(tmp_path, policy=BY_PATH, pages={"/feed": chosen_by_accept}) as at:
        await ask(at, "/feed", b"Accept: application/json", method=b"HEAD")
        part = b"Range: bytes=%d-" % (rss(PAID).find(WITHHELD) - 5)
        for accept in (b"application/json", b"*/*"):
            _, body = await ask(at, "/feed", b"Accept: " + accept, part, method=method)
            _, body = await ask(at, "/feed", b"Accept: " + accept, part)
            assert WITHHELD not in body


async def test_nobody_closes_what_a_path_opens_by_asking_for_a_part_of_another_face(
    tmp_path: Path,
) -> None:
    def page(asked: Asked) -> Page:
        if asked.header(b"accept") == b"text/markdown":
            return Page(b"# A", "text/markdown")
        return Page(b"<!doctype html><p>" + (b"all" if asked.header(b"x-me") else b"gate"))

    policy = BY_PATH + "  - { name: open, path: /open/**, access: public }\n"
    own = '[origin]\nheaders = { X-Me = "1" }\n'
    async with house(tmp_path, policy=policy, pages={"/open/a": page}, settings=own) as at:
        for method, more in ((b"HEAD", b"Sec-Fetch-Dest: empty"), (b"GET", b"Range: bytes=0-")):
            await ask(at, "/open/a", b"Accept: text/markdown", more, method=method)
            assert b"all" in (await ask(at, "/open/a"))[1]
