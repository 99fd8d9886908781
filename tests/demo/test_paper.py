"""Le Fanal as an origin: what it holds, how it labels it, and that it behaves as a sane site."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

import anyio
import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.demo.articles import Article, Tier
from gateway.demo.edition import SECTIONS, Edition, clock_time, day
from gateway.demo.site import App, app_factory

URL = "http://fanal.example"
NOW = 1_790_000_000.0
EDITION = Edition(url=URL, now=NOW)
SITE = app_factory(url=URL, now=NOW)
ARTICLES = EDITION.articles


def asked(
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    site: App = SITE,
) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "headers": raw}
    anyio.run(site, scope, receive, send)
    head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], head, b"".join(message["body"] for message in sent[1:])


def page(path: str) -> LexborHTMLParser:
    status, head, body = asked(path)
    assert status == 200
    assert head["content-type"] == "text/html; charset=utf-8"
    return LexborHTMLParser(body.decode())


def test_french_pages_keep_signs_hours_and_days_beside_their_words() -> None:
    for path in ("/", *(article.path for article in ARTICLES if article.language == "fr")):
        drawn = page(path)
        for node in drawn.css("script, style"):
            node.decompose()
        (body,) = drawn.css("body")
        said = body.text(separator="\n")
        loose = re.findall(r".{0,20}(?:\S [:;!?»%€]|« |\d h\b|\d\d? novembre à).{0,20}", said)
        assert loose == [], path


def test_there_is_enough_to_read() -> None:
    languages = [article.language for article in ARTICLES]
    assert languages.count("fr") >= 8
    assert languages.count("en") >= 4
    assert {article.tier for article in ARTICLES} == set(Tier)
    assert {article.labelled for article in ARTICLES} == {"badge", "meta", "both"}
    for article in ARTICLES:
        assert 500 <= article.words <= 900, article.path
        assert len(article.comments) >= 1


def test_every_language_has_a_story_of_each_tier() -> None:
    for language in ("fr", "en"):
        tiers = {article.tier for article in EDITION.in_language(language)}
        assert tiers == set(Tier)


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.path)
def test_an_article_page(article: Article) -> None:
    tree = page(article.path)
    assert len(tree.css("h1")) == 1
    assert len(tree.css("article.article .article-body")) == 1
    assert tree.css_first("figure.hero img[alt][width][height] + figcaption") is not None
    assert tree.css_first(".standfirst") is not None
    assert tree.css_first(".byline time[datetime]") is not None
    assert tree.css_first(".pull blockquote") is not None
    assert len(tree.css(".comments li")) == len(article.comments)
    html = tree.css_first("html")
    assert html is not None
    assert html.attributes["lang"] == article.language
    # Its own label stands where it says; related cards bear labels of their own.
    tiers = [node.attributes["content"] for node in tree.css('meta[name="article:content_tier"]')]
    assert tiers == ([article.tier] if article.labelled != "badge" else [])
    badges = [node.text() for node in tree.css("article.article .post-access")]
    assert badges == ([article.badge] if article.labelled != "meta" else [])
    cards = [node.text() for node in tree.css(".related article.card .post-access")]
    assert len(cards) == 3
    assert cards != [article.badge] * 3


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.path)
def test_structured_data(article: Article) -> None:
    script = page(article.path).css_first('script[type="application/ld+json"]')
    assert script is not None
    facts = json.loads(script.text())
    assert facts["@type"] == "NewsArticle"
    assert facts["headline"] == article.title
    assert "articleBody" not in facts
    free = facts.get("isAccessibleForFree")
    assert free == (None if article.labelled == "badge" else article.tier is Tier.FREE)


@pytest.mark.parametrize(("home", "words"), [("/", "Membres Publique"), ("/en", "Members Public")])
def test_a_front_page_bears_every_label_and_every_story(home: str, words: str) -> None:
    tree = page(home)
    badges = {node.text() for node in tree.css("article.card .post-access")}
    assert set(words.split()) <= badges
    language = "fr" if home == "/" else "en"
    links = {node.attributes["href"] for node in tree.css("article.card .card-title a")}
    assert {article.path for article in EDITION.in_language(language)} <= links
    assert tree.css_first('article.article, meta[name="article:content_tier"]') is None


def test_every_link_within_the_site_leads_somewhere() -> None:
    todo, seen = ["/", "/en", "/sitemap.xml"], set[str]()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        status, head, body = asked(path)
        assert status == 200, path
        if head["content-type"].startswith("text/html"):
            found = re.findall(r'(?:href|src)="(/[^"#?]*)', body.decode())
            todo += [each for each in found if not each.startswith("/-/")]
        elif path == "/sitemap.xml":
            todo += re.findall(rf"<loc>{re.escape(URL)}([^<]+)</loc>", body.decode())
    assert {article.path for article in ARTICLES} <= seen
    assert {path for sections in SECTIONS.values() for path, _ in sections.values()} <= seen


@pytest.mark.parametrize(("home", "language"), [("/", "fr"), ("/en", "en")])
def test_the_masthead_leads_to_pages_of_ours_in_its_own_language(home: str, language: str) -> None:
    links = page(home).css('.account a[href^="/-/"]')
    assert len(links) == 5
    assert {str(each.attributes["href"])[-8:] for each in links} <= {
        f"&lang={language}",
        f"?lang={language}",
    }


def test_translations_name_one_another() -> None:
    twins = [article for article in ARTICLES if article.twin]
    assert len(twins) == 2
    for article in twins:
        assert EDITION.by_path[article.twin].twin == article.path
        alternates = page(article.path).css("link[rel=alternate][hreflang]")
        hrefs = {node.attributes["href"] for node in alternates}
        assert hrefs == {URL + article.path, URL + article.twin}


@pytest.mark.parametrize(
    ("rss", "feed", "language"),
    [
        ("/flux.xml", "/flux.json", "fr"),
        ("/en/feed.xml", "/en/feed.json", "en"),
    ],
)
def test_the_feeds_hold_whole_articles_with_their_label(rss: str, feed: str, language: str) -> None:
    expected = EDITION.in_language(language)
    items = ElementTree.fromstring(asked(rss)[2]).findall("./channel/item")
    written = json.loads(asked(feed)[2])["items"]
    assert len(items) == len(written) == len(expected)
    space = "{http://purl.org/rss/1.0/modules/content/}encoded"
    for article, item, entry in zip(expected, items, written, strict=True):
        assert item.findtext("link") == entry["url"] == URL + article.path
        assert item.findtext(space) == entry["content_html"] == article.body
        assert article.badge in [each.text for each in item.findall("category")]
        assert article.badge in entry["tags"]


def test_validators_and_methods() -> None:
    status, head, body = asked("/")
    assert head["cache-control"].startswith("public, max-age=")
    assert asked("/", headers={"if-none-match": f'"x", W/{head["etag"]}'})[0] == 304
    assert asked("/", headers={"if-none-match": '"x"'})[0] == 200
    status, head, empty = asked("/", method="HEAD")
    assert (status, head["content-length"], empty) == (200, str(len(body)), b"")
    assert asked("/", method="POST")[0] == 405
    status, head, _ = asked("/pays/")
    assert (status, head["location"]) == (301, "/pays")
    status, head, body = asked("/en/nowhere")
    assert status == 404
    assert b"Page not found" in body


def test_documents_are_of_their_type() -> None:
    _, head, body = asked("/dossiers/digue-du-ponant-comptes.pdf")
    assert head["content-type"] == "application/pdf"
    assert body.startswith(b"%PDF-1.4")
    table = int(body.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert body[table:].startswith(b"xref")
    _, head, body = asked("/en/longreads/foghorn.wav")
    assert head["content-type"] == "audio/wav"
    assert body[:4] == b"RIFF"
    assert int.from_bytes(body[4:8], "little") + 8 == len(body)


def test_pictures_are_drawn_and_ask_for_nothing() -> None:
    for article in ARTICLES:
        status, head, body = asked(f"/images/{article.image}.svg")
        assert (status, head["content-type"]) == (200, "image/svg+xml")
        root = ElementTree.fromstring(body)
        assert root.attrib["viewBox"] == "0 0 1200 800"
        assert b"href" not in body
        assert b"<script" not in body


def test_two_workers_print_the_same_paper() -> None:
    other = app_factory(url=URL + "/", now=NOW + 0.5)
    for path in ("/", ARTICLES[0].path, "/flux.xml"):
        assert asked(path, site=other) == asked(path)


def test_it_starts_without_the_slow_libraries() -> None:
    """The demo's first page counts in seconds: pydantic, SQLAlchemy and the like stay out of it."""
    code = (
        "import sys; from gateway.demo.site import app_factory; app_factory();"
        "print(sorted({n.split('.')[0] for n in sys.modules}"
        " & {'pydantic', 'sqlalchemy', 'starlette', 'aiohttp', 'typer', 'stripe'}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    )
    assert run.stdout == "[]\n"


def test_the_first_of_a_month_is_an_ordinal_in_french() -> None:
    first = 1_796_112_000.0
    assert day(first, "fr") == "mardi 1er\u00a0décembre 2026"
    assert clock_time(first, "fr") == "1er\u00a0décembre à 9\u00a0h\u00a000"
    assert clock_time(first + 86_400, "fr") == "2\u00a0décembre à 9\u00a0h\u00a000"
    assert clock_time(first, "en") == "1\u00a0December, 9.00\u00a0am"
