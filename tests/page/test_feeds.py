"""Feeds, item by item: a gated item keeps its head and a teaser, an open one everything."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC
from xml.etree import ElementTree

import pytest

from gateway.errors import PageUnreadable
from gateway.model.decision import Decision, Full, Reason, Refuse, Teaser, Wall
from gateway.model.rule import DEFAULT_KEEP, Keep
from gateway.page.facts import instant
from gateway.page.feeds import FeedItem, rewrite_feed
from tests.page import prose

OPEN = Full(Reason.PUBLIC_PAGE)
CLOSED = Teaser(Wall.SUBSCRIBE, Reason.SUBSCRIPTION_NEEDED)
TYPES = {
    "rss": b"application/rss+xml; charset=utf-8",
    "atom": b"application/atom+xml",
    "json-feed": b"application/feed+json",
}


def body_of(first: int) -> str:
    kinds = ["may", "may", "gone", "gone", "gone"]
    return "".join(
        f"<p>{prose.sentence(kind, number)}</p>" for number, kind in enumerate(kinds, first)
    )


def rss(body: str, *, extra: str = "", description: str = "", first: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
        f"<channel>{first}<title>La Gazette</title><link>https://news.example/</link>"
        f"<item><title>Gardé</title><link>https://news.example/paid</link><guid>g1</guid>"
        "<category>locked</category><dc:creator>A. B.</dc:creator>"
        "<pubDate>Sun, 01 Nov 2026 08:00:00 +0100</pubDate>"
        f"<description>{description}</description>{extra}"
        f"<content:encoded><![CDATA[{body}]]></content:encoded></item>"
        "<item><title>Ouvert</title><link>https://news.example/free</link>"
        f"<content:encoded><![CDATA[<p>{prose.sentence('site', 1)}</p>"
        f"<p>{prose.sentence('site', 2)}</p><p>{prose.sentence('site', 3)}</p>]]></content:encoded>"
        "</item></channel></rss>"
    ).encode()


def atom(body: str, *, kind: str = "html", summary: str = "") -> bytes:
    if kind == "xhtml":
        content = f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{body}</div></content>'
    else:
        content = f'<content type="html"><![CDATA[{body}]]></content>'
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<title>La Gazette</title><entry><title>Gardé</title><id>urn:1</id>"
        '<link rel="alternate" href="https://news.example/paid"/><link rel="enclosure"'
        ' href="https://news.example/gated.mp3"/><category term="locked"/>'
        f"<published>2026-11-01T07:00:00Z</published><summary>{summary}</summary>{content}</entry>"
        '<entry><title>Ouvert</title><link href="https://news.example/free"/><content type="html">'
        f"&lt;p&gt;{prose.sentence('site', 1)}&lt;/p&gt;</content></entry></feed>"
    ).encode()


def json_feed(body: str, **extra: object) -> bytes:
    gated = {
        "id": "1",
        "url": "https://news.example/paid",
        "title": "Gardé",
        "tags": ["locked"],
        "date_published": "2026-11-01T07:00:00Z",
        "content_html": body,
        **extra,
    }
    free = {
        "id": "2",
        "url": "https://news.example/free",
        "content_text": prose.sentence("site", 1),
    }
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "G", "items": [gated, free]}
    ).encode()


def judge(item: FeedItem) -> Decision | None:
    return OPEN if item.links[0].endswith("/free") else CLOSED


def rewritten(
    feed: bytes,
    kind: str,
    judge_item: Callable[[FeedItem], Decision | None] = judge,
    keep: Keep = DEFAULT_KEEP,
) -> str:
    rendered = rewrite_feed(feed, TYPES[kind], judge_item=judge_item, keep=keep)
    return rendered.body.decode("utf-8")


FEEDS = {
    "rss": rss(body_of(1)),
    "atom": atom(body_of(1)),
    "json-feed": json_feed(body_of(1)),
}


@pytest.mark.parametrize("kind", FEEDS)
def test_a_gated_item_keeps_its_head_and_its_teaser(kind: str) -> None:
    text = rewritten(FEEDS[kind], kind)
    assert prose.markers(text, "gone") == set()
    assert prose.markers(text, "may") == {1, 2}
    assert prose.markers(text, "site") >= {1}
    assert "Gard" in text
    assert "https://news.example/paid" in text
    if kind == "json-feed":
        assert len(json.loads(text)["items"]) == 2
    else:
        ElementTree.fromstring(text)


@pytest.mark.parametrize("kind", FEEDS)
def test_items_are_judged_with_what_they_say(kind: str) -> None:
    seen: list[FeedItem] = []

    def watching(item: FeedItem) -> Decision | None:
        seen.append(item)
        return OPEN

    rewritten(FEEDS[kind], kind, watching)
    assert [item.links[0] for item in seen] == [
        "https://news.example/paid",
        "https://news.example/free",
    ]
    assert seen[0].categories == ("locked",)
    published_at = instant(seen[0].dates, UTC)
    assert published_at is not None
    assert published_at % 86_400 == 7 * 3_600
    assert instant(seen[1].dates, UTC) is None


@pytest.mark.parametrize("kind", FEEDS)
def test_an_open_feed_stays_byte_for_byte(kind: str) -> None:
    rendered = rewrite_feed(
        FEEDS[kind], TYPES[kind], judge_item=lambda item: OPEN, keep=Keep(paragraphs=2)
    )
    assert rendered.body == FEEDS[kind]


@pytest.mark.parametrize("kind", FEEDS)
def test_an_undecided_item_is_a_teaser(kind: str) -> None:
    text = rewritten(FEEDS[kind], kind, lambda item: None)
    assert prose.markers(text, "gone") == set()
    assert prose.markers(text, "may") == {1, 2}


@pytest.mark.parametrize("kind", FEEDS)
def test_a_refused_item_is_not_there(kind: str) -> None:
    text = rewritten(
        FEEDS[kind],
        kind,
        lambda item: OPEN if "free" in item.links[0] else Refuse(Reason.REFUSED_BY_RULE),
    )
    assert prose.markers(text, "gone") == set()
    assert prose.markers(text, "may") == set()
    assert "Ouvert" in text or kind == "json-feed"


GONE = prose.sentence("gone", 3)
OTHER_FIELDS = {
    "description": rss(body_of(1), description=GONE),
    "description as html": rss(body_of(1), description=f"&lt;p&gt;{GONE}&lt;/p&gt;"),
    "media": rss(body_of(1), extra=f"<media:description>{GONE}</media:description>"),
    "media attribute": rss(body_of(1), extra=f'<media:content url="/x.jpg" alt="{GONE}"/>'),
    "itunes": rss(body_of(1), extra=f"<itunes:summary>{GONE}</itunes:summary>"),
    "second body": rss(
        body_of(1), extra=f"<content:encoded><![CDATA[<p>{GONE}</p>]]></content:encoded>"
    ),
    "unknown": rss(body_of(1), extra=f'<x:full xmlns:x="urn:x">{GONE}</x:full>'),
    "unknown without namespace": rss(body_of(1), extra=f"<fulltext>{GONE}</fulltext>"),
    "enclosure": rss(body_of(1), extra='<enclosure url="https://news.example/gone03a.mp3"/>'),
    "comment": rss(body_of(1), extra=f"<!-- {GONE} -->"),
    "processing": rss(body_of(1), extra=f"<?php {GONE} ?>"),
    "description alone": rss(
        "",
        description="".join(
            f"&lt;p&gt;{prose.sentence(k, n)}&lt;/p&gt;"
            for n, k in enumerate(["may", "may", "gone", "gone"], 1)
        ),
    ),
    "channel": rss(body_of(1), first=f"<!-- {GONE} --><description>{GONE}</description>"),
    "comments in the html": rss(body_of(1).replace("</p>", f"<!-- {GONE} --></p>", 1)),
    "split cdata": rss(body_of(1).replace("gone04a", "gone04a]]><![CDATA[")),
}


@pytest.mark.parametrize("feed", OTHER_FIELDS.values(), ids=OTHER_FIELDS)
def test_other_fields_of_an_rss_item_hide_nothing(feed: bytes) -> None:
    assert prose.markers(rewritten(feed, "rss"), "gone") == set()


@pytest.mark.parametrize(
    "feed",
    [
        atom(body_of(1), kind="xhtml"),
        atom(body_of(1), summary=GONE),
        atom(body_of(1)).replace(b"<content ", b"<content xml:lang='fr' "),
        atom(body_of(1)).replace(
            b"<published>", b"<rights>" + GONE.encode() + b"</rights><published>"
        ),
        atom(body_of(1))
        .replace(b"<feed ", b"<a:feed xmlns:a='http://www.w3.org/2005/Atom' ")
        .replace(b"</feed>", b"</a:feed>"),
    ],
)
def test_atom_in_its_other_shapes(feed: bytes) -> None:
    try:
        text = rewritten(feed, "atom")
    except PageUnreadable:
        return
    assert prose.markers(text, "gone") == set()


def test_an_atom_enclosure_of_a_gated_entry_goes() -> None:
    assert "gated.mp3" not in rewritten(FEEDS["atom"], "atom")


def test_prefixed_atom_is_read() -> None:
    feed = (
        '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:link href="https://news.example/p"/>'
        f'<a:content type="html"><![CDATA[{body_of(1)}]]></a:content></a:entry></a:feed>'
    ).encode()
    assert prose.markers(rewritten(feed, "atom"), "gone") == set()


@pytest.mark.parametrize(
    "extra",
    [
        {"content_text": prose.sentence("gone", 3)},
        {"summary": prose.sentence("gone", 3)},
        {"_ghost": {"plaintext": prose.sentence("gone", 3)}},
        {"attachments": [{"url": "https://news.example/gone03a.mp3"}]},
        {"image": "/ok.jpg", "title": prose.sentence("gone", 3)},
    ],
)
def test_other_fields_of_a_json_item_hide_nothing(extra: dict[str, object]) -> None:
    assert prose.markers(rewritten(json_feed(body_of(1), **extra), "json-feed"), "gone") == set()


BROKEN = {
    "doctype": b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel/></rss>',
    "laughs": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss><channel>&b;</channel></rss>',
    "external": b'<!DOCTYPE x SYSTEM "file:///etc/passwd" [<!ENTITY % a "">]><rss><channel/></rss>',
    "not closed": rss(body_of(1))[:-40],
    "not xml": b"<rss><channel><item>",
    "empty": b"",
    "deep": b"<rss>" + b"<a>" * 100_000,
    "attributes": b"<rss " + b" ".join(b"a%d='1'" % n for n in range(60_000)) + b"/>",
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?><rss><channel/></rss>',
}


@pytest.mark.parametrize("feed", BROKEN.values(), ids=BROKEN)
def test_what_can_t_be_read_is_refused_in_time(feed: bytes) -> None:
    started = time.process_time()
    with pytest.raises(PageUnreadable):
        rewritten(feed, "rss")
    assert time.process_time() - started < 0.5


NETSCAPE = "http://my.netscape.com/publish/formats/rss-0.91.dtd"


@pytest.mark.parametrize("dtd", [NETSCAPE, "file:///etc/passwd"])
def test_a_doctype_that_declares_nothing_is_read_past(dtd: str) -> None:
    body = body_of(1).replace("</p>", " &eacute;t&eacute;</p>", 1).replace("<", "&lt;")
    whole = rss("", description=body).replace(
        b"<rss ", f'<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "{dtd}"><rss '.encode(), 1
    )
    text = rewritten(whole, "rss")
    assert prose.markers(text, "gone") == set()
    assert "été" in text
    assert rewritten(whole, "rss", lambda item: OPEN).encode() == whole


def test_items_in_capitals_are_items() -> None:
    feed = rss(body_of(1)).replace(b"item>", b"ITEM>")
    assert prose.markers(rewritten(feed, "rss"), "gone") == set()


def test_spaces_before_a_feed_are_no_fault() -> None:
    """Templates and plugins leave them there."""
    text = rewritten(b"\n " + rss(body_of(1)), "rss")
    assert prose.markers(text, "gone") == set()
    assert text.startswith("<?xml")


@pytest.mark.parametrize(
    ("how", "kept"),
    [
        ('type="text/html" mode="escaped"', {1, 2}),
        ('type="application/xhtml+xml" mode="xml"', {1, 2}),
        ('type="text/html" mode="base64"', set()),
    ],
)
def test_atom_from_before_its_standard_is_read(how: str, kept: set[int]) -> None:
    body = body_of(1)
    if "base64" in how:
        body = base64.b64encode(body.encode()).decode()
    elif "escaped" in how:
        body = f"<![CDATA[{body}]]>"
    feed = (
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>La Gazette</title><entry>'
        '<title>Gardé</title><link rel="alternate" href="https://news.example/p"/>'
        f"<content {how}>{body}</content></entry></feed>"
    ).encode()
    text = rewritten(feed, "atom")
    assert prose.markers(text, "gone") == set()
    assert prose.markers(text, "may") == kept
    assert "Gardé" in text
    assert rewritten(feed, "atom", lambda item: OPEN).encode() == feed


SENTENCES = " ".join(prose.sentence("gone", number) for number in range(20))


@pytest.mark.parametrize(
    "feed",
    [
        f"<feed><title>La Gazette</title><article><body>{SENTENCES}</body></article></feed>",
        f"<channel><title>La Gazette</title><description>{SENTENCES}</description></channel>",
        f"<rss><channel><title>La Gazette</title>{SENTENCES}<!--{SENTENCES}--></channel></rss>",
        json.dumps({"title": "La Gazette", "items": [], "content_html": f"<p>{SENTENCES}</p>"}),
        json.dumps({"title": "La Gazette", "items": [], "_own": {"text": SENTENCES}}),
    ],
)
def test_a_gated_feed_holds_nothing_beside_its_items(feed: str) -> None:
    rendered = rewrite_feed(
        feed.encode(), b"text/xml", judge_item=lambda item: CLOSED, gated=True
    ).body.decode()
    assert prose.markers(rendered, "gone") == set()
    assert "La Gazette" in rendered


@pytest.mark.parametrize("kind", TYPES)
def test_a_gated_feed_says_what_it_is(kind: str) -> None:
    body = body_of(1)
    feed = {"rss": rss(body), "atom": atom(body), "json-feed": json_feed(body)}[kind]
    rendered = rewrite_feed(feed, TYPES[kind], judge_item=lambda item: CLOSED, gated=True)
    assert rendered.body == rewrite_feed(feed, TYPES[kind], judge_item=lambda item: CLOSED).body


def test_an_atom_entry_may_stand_alone() -> None:
    feed = (
        '<entry xmlns="http://www.w3.org/2005/Atom"><link href="https://news.example/p"/>'
        f'<content type="html"><![CDATA[{body_of(1)}]]></content></entry>'
    ).encode()
    text = rewritten(feed, "atom")
    assert prose.markers(text, "gone") == set()
    assert prose.markers(text, "may") == {1, 2}


@pytest.mark.parametrize(
    "feed",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"items": 1}',
        b'{"items": [1]}',
        b"[" * 100_000,
        b'{"items":' * 50_000,
    ],
)
def test_broken_json_is_refused_or_holds_nothing(feed: bytes) -> None:
    try:
        text = rewritten(feed, "json-feed")
    except PageUnreadable:
        return
    assert prose.markers(text, "gone") == set()


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-8-sig"])
def test_other_encodings_are_read(encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    source = rss(body_of(1)).decode().replace('encoding="utf-8"', f'encoding="{declared}"', 1)
    feed = source.encode(encoding, "xmlcharrefreplace")
    rendered = rewrite_feed(
        feed, b"application/rss+xml", judge_item=judge, keep=Keep(paragraphs=2, words_max=120)
    )
    faces = [rendered.body.decode(name, "ignore") for name in ("utf-8", encoding)]
    assert all(prose.markers(text, "gone") == set() for text in faces)
    assert ElementTree.fromstring(rendered.body) is not None


def links(feed: bytes) -> list[tuple[str, ...]]:
    seen: list[tuple[str, ...]] = []

    def watching(item: FeedItem) -> Decision:
        seen.append(item.links)
        return OPEN

    rewrite_feed(feed, b"text/xml", judge_item=watching)
    return seen


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("<link>\n https://n.example/a </link>", ("https://n.example/a",)),
        ("<link>/a</link><guid>https://n.example/b</guid>", ("/a", "https://n.example/b")),
        ("<guid isPermaLink='false'>https://n.example/?p=1</guid>", ()),
        ("<guid>https://n.example/a</guid>", ("https://n.example/a",)),
        ("<link xml:base='https://n.example/x/'>a</link>", ("https://n.example/x/a",)),
        ("<link xml:base='https://['>a</link>", ()),
        ("<link/><link>/a</link>", ("/a",)),
        ("<x:link xmlns:x='http://www.w3.org/2005/Atom' rel='self' href='/s'/>", ()),
        ("<x:link xmlns:x='http://www.w3.org/2005/Atom' href='/a'/>", ("/a",)),
    ],
)
def test_where_an_item_leads(entry: str, found: tuple[str, ...]) -> None:
    assert links(f"<rss><channel><item>{entry}</item></channel></rss>".encode()) == [found]


def test_links_are_against_the_base_that_a_feed_names() -> None:
    feed = (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://n.example/blog/">'
        b'<entry xml:base="2026/"><link href="a"/></entry><entry><link href="/b"/></entry></feed>'
    )
    assert links(feed) == [("https://n.example/blog/2026/a",), ("https://n.example/b",)]


FILES = {
    "rss": rss(
        body_of(1),
        extra='<enclosure url="/sound/open.mp3" length="1" type="audio/mpeg"/>'
        '<enclosure url="/sound/paid.mp3" length="1" type="audio/mpeg"/>',
    ),
    "atom": atom(body_of(1)).replace(b"/gated.mp3", b"/open.mp3"),
    "json-feed": json_feed(
        body_of(1),
        attachments=[
            {"url": "/sound/open.mp3", "mime_type": "audio/mpeg", "title": GONE},
            {"url": "/sound/paid.mp3"},
            {"mime_type": "audio/mpeg"},
            3,
        ],
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_gated_item_keeps_the_files_that_are_open_themselves(kind: str) -> None:
    rendered = rewrite_feed(
        FILES[kind], TYPES[kind], judge_item=judge, opens=lambda url: url.endswith("/open.mp3")
    )
    text = rendered.body.decode()
    assert "open.mp3" in text
    assert "paid.mp3" not in text
    assert prose.markers(text, "gone") == set()
