"""Feeds and what looks like none: whatever its type, prolog, range or path, no item tells more than
the page that it leads to."""

from __future__ import annotations

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


@pytest.mark.parametrize("path", HARMLESS)
async def test_files_beside_articles_pass_as_they_are(tmp_path: Path, path: str) -> None:
    found = HARMLESS[path]
    page = found if isinstance(found, Page) else found(Asked("GET", b"", ((b"range", b""),)))
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
