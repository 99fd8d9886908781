"""Where a site shows its articles: sitemaps, feeds, and the other faces of a page that systems have.

Pure but for ``sitemap_pages``, which walks sitemaps through a ``Visitor``. XML is read with regular
expressions for the few elements that count: no entity is ever expanded.
"""

from __future__ import annotations

import html
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

from gateway.console.visitor import Seen, Visitor

SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap-index.xml")
SITEMAPS_MAX = 50
PAGES_MAX = 20_000
SITEMAP_BYTES_MAX = 50 << 20  # sitemaps.org: 50 MB uncompressed
FEEDS = (
    "/feed/ /feed /rss/ /rss /rss.xml /feed.xml /atom.xml /index.xml /index.json /feed.json"
    " /feed/atom/ /comments/feed/ /?feed=rss2 /?feed=atom"
).split()
# Files in which whole sites stand, whatever made them.
WHOLE_SITES = (
    "/llms.txt /llms-full.txt /search.json /search-index.json /searchindex.json /search_index.json"
    " /index.json /lunr.json /lunr-index.json /content.json /data.json /posts.json /articles.json"
    " /api/posts /api/articles /api/content"
    " /wp-json/wp/v2/posts?per_page=100 /wp-json/wp/v2/pages?per_page=100"
    " /?rest_route=/wp/v2/posts&per_page=100"
    " /.ghost/activitypub/outbox/index"
).split()
# What is put behind an article's path; `{path}` has no slash at its end.
_TWINS = (
    "{path}/amp {path}/amp/ {path}?amp=1 {path}.amp.html {path}/index.amp.html {path}.md"
    " {path}/index.md {path}.txt {path}/index.txt {path}.json {path}/index.json {path}/feed/"
    " {path}/feed/?withoutcomments=1 {path}/embed/ {path}/print {path}?print=1 {path}?format=text"
    " {path}?output=amp {path}.pdf /page-data{path}/page-data.json {path}/__data.json"
    " {path}/_payload.json {path}/index.html"
).split()
_SLUG_TWINS = (
    "/wp-json/wp/v2/posts?slug={slug}",
    "/?rest_route=/wp/v2/posts&slug={slug}",
    "/wp-json/oembed/1.0/embed?url={url}",
)
_GHOST = (
    "/ghost/api/content/posts/?key={key}&limit=all&formats=html,plaintext",
    "/ghost/api/content/pages/?key={key}&limit=all&formats=html,plaintext",
    "/ghost/api/v4/content/posts/?key={key}&limit=all",
    "/ghost/api/content/posts/?key={key}&fields=html,plaintext,excerpt&limit=all",
)
_LOC = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</(?:\w+:)?loc>", re.S)
_LINK = re.compile(r"<link\b[^>]*>", re.I)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
_FEED_TYPES = re.compile(r"application/(rss\+xml|atom\+xml|feed\+json|json)")
_GHOST_KEY = re.compile(r"""data-key=["']([0-9a-f]{16,64})["']""")
_ITEM = re.compile(r"<(item|entry)\b.*?</\1>", re.S)
_ITEM_LINK = re.compile(
    r"""<link>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</link>|<link\b[^>]*\bhref=["']([^"']+)""", re.S
)


def locations(xml: str) -> list[str]:
    """Every ``<loc>`` of a sitemap or an index of sitemaps."""
    return [html.unescape(found).strip() for found in _LOC.findall(xml)]


def links(page: str) -> list[dict[str, str]]:
    """The attributes of every ``<link>`` element of a page."""
    return [
        {
            name.lower(): html.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(element)
        }
        for element in _LINK.findall(page)
    ]


def called(front: str) -> str:
    """What a site's front page calls itself, where that is a URL; the address that it was asked at may
    be another."""
    named = next(
        (
            link.get("href", "")
            for link in links(front)
            if "canonical" in link.get("rel", "").lower().split()
        ),
        "",
    )
    try:
        urlsplit(named)
    except ValueError:
        return ""
    return named


def feeds_named(page: str) -> list[str]:
    """The feeds, twins and JSON faces that a page itself names."""
    named = []
    for link in links(page):
        kinds = link.get("rel", "").lower().split()
        other_face = "amphtml" in kinds or (
            "alternate" in kinds and _FEED_TYPES.match(link.get("type", ""))
        )
        if other_face and link.get("href"):
            named.append(link["href"])
    return named


def feed_items(feed: str) -> list[str]:
    """The links of a feed's items: RSS, Atom, or JSON Feed."""
    if feed.lstrip()[:1] == "{":
        try:
            items = json.loads(feed).get("items", [])
            return [str(item["url"]) for item in items if isinstance(item, dict) and "url" in item]
        except (ValueError, AttributeError, TypeError):
            return []
    found = []
    for item in _ITEM.finditer(feed):
        link = _ITEM_LINK.search(item[0])
        if link:
            found.append(html.unescape(link[1] or link[2] or "").strip())
    return found


def twins(path: str, url: str) -> list[str]:
    """Other targets under which systems show the article of a canonical path."""
    bare = path.partition("?")[0].rstrip("/")
    if not bare:
        return []
    slug = quote(bare.rpartition("/")[2].removesuffix(".html"), safe="%-._~")
    made = [pattern.format(path=bare) for pattern in _TWINS]
    made += [pattern.format(slug=slug, url=quote(url, safe="")) for pattern in _SLUG_TWINS]
    return [target for target in made if target != path]


def ghost_faces(page: str) -> list[str]:
    """Ghost's Content API with the key that stands on its pages."""
    key = _GHOST_KEY.search(page)
    return [pattern.format(key=key[1]) for pattern in _GHOST] if key else []


async def sitemap_pages(visitor: Visitor, sitemap: str = "") -> tuple[list[str], list[Seen]]:
    """The targets that a site's sitemaps name, in their order, and the sitemaps themselves.

    ``sitemap`` is where to begin; empty asks robots.txt and the usual places.
    """
    pages: dict[str, None] = {}
    read: dict[str, Seen] = {}
    for group in [[sitemap]] if sitemap else await _usual_sitemaps(visitor):
        waiting = list(group)
        while waiting and len(read) < SITEMAPS_MAX and len(pages) < PAGES_MAX:
            target = waiting.pop(0)
            seen = None if target in read else await visitor.glance(target)
            if seen is None or seen.status != 200:
                continue
            text = _unpacked(seen)
            if not _LOC.search(text):
                continue
            read[target] = seen
            found = unique(visitor.within(url) for url in locations(text))
            if "<sitemapindex" in text:
                waiting.extend(found)
            else:
                pages.update(dict.fromkeys(found))
        if pages:
            break
    return list(pages)[:PAGES_MAX], list(read.values())


async def _usual_sitemaps(visitor: Visitor) -> list[list[str]]:
    """What robots.txt names, all of it; then the usual places one by one."""
    robots = await visitor.glance("/robots.txt")
    named: list[str | None] = []
    if robots is not None and robots.status == 200:
        for line in robots.text.splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() == "sitemap":
                named.append(visitor.within(value))
    return [unique(named), *([place] for place in SITEMAPS)]


def _unpacked(seen: Seen) -> str:
    if seen.body[:2] != b"\x1f\x8b":
        return seen.text
    try:
        unpacking = zlib.decompressobj(wbits=31)
        return unpacking.decompress(seen.body, SITEMAP_BYTES_MAX).decode("utf-8", "replace")
    except zlib.error:
        return ""


def spread(targets: Sequence[str], count: int) -> list[str]:
    """``count`` of them, evenly from first to last."""
    if len(targets) <= count:
        return list(targets)
    step = len(targets) / count
    return [targets[int(number * step)] for number in range(count)]


def unique(targets: Iterable[str | None]) -> list[str]:
    return [target for target in dict.fromkeys(targets) if target]
