"""A small news site for the command line to look at: labels, a feed, a sitemap, and two readers.

Whoever sends the gateway's header gets whole pages; ``gated`` says whether others get beginnings
only, as from a site whose gateway does its work.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

IDENTITY = ("X-Whole", "hunter2hunter2hunter2")
_SENTENCES = (
    "The harbour board of {name} met behind closed doors on the night of the storm.",
    "Nobody who lived on the quay of {name} was told that the sluice would stay open.",
    "By the morning the cellars of {name} stood under a metre and a half of brackish water.",
    "The engineer of {name} had written four letters, and none of them was ever answered.",
    "What the insurers of {name} paid out that winter has never been published in full.",
    "Her last letter to the board of {name} lies in a drawer, unopened, with the others.",
)
ARTICLES = {
    "/a/quay-notes": ("free", "Aldmouth"),
    "/a/storm-inquiry": ("metered", "Brinehaven"),
    "/a/open-letters": ("locked", "Cawderpool"),
    "/a/late-tides": ("locked", "Dunmorrow"),
}


def paragraphs(name: str) -> list[str]:
    return [sentence.format(name=name) for sentence in _SENTENCES]


@dataclass
class NewsSite:
    """``badges``: what the front page says of each article, where not its label's own word. ``marked``:
    what stands in an article's header."""

    server: HTTPServer
    gated: bool = False
    leaking: str = ""
    badge: str = "Public"
    marked: str = ""

    @property
    def url(self) -> str:
        return self.server.url_for("").rstrip("/")

    def serve(self) -> None:
        self.server.expect_request("/").respond_with_handler(self.front)
        self.server.expect_request("/index.xml").respond_with_handler(self.feed)
        self.server.expect_request("/sitemap.xml").respond_with_handler(self.sitemap)
        self.server.expect_request("/posts.json").respond_with_handler(self.posts)
        for path in ARTICLES:
            self.server.expect_request(path).respond_with_handler(self.article)

    def front(self, request: Request) -> Response:
        cards = "".join(
            f'<div class="card"><a href="{path}">{name}</a>'
            f'<span class="post-access">{self.badge}</span></div>'
            for path, (_, name) in ARTICLES.items()
        )
        return _html(
            '<html lang="en"><head><meta name="generator" content="Hugo 0.111.3">'
            "<title>The Tidewater Post | home</title>"
            '<link rel="alternate" type="application/rss+xml" href="/index.xml"></head>'
            f"<body><main>{cards}</main></body></html>"
        )

    def article(self, request: Request) -> Response:
        tier, name = ARTICLES[request.path]
        told = paragraphs(name)
        if self.gated and tier != "free" and request.headers.get(IDENTITY[0]) != IDENTITY[1]:
            told = told[:2]
        body = "".join(f"<p>{each}</p>" for each in told)
        return _html(
            f'<html lang="en"><head><title>{name}</title>'
            f'<meta property="og:type" content="article">'
            f'<meta name="article:content_tier" content="{tier}"></head><body>{self.marked}<article>'
            f'<h1>{name}</h1><div class="story-text">{body}</div></article></body></html>',
            cookie=True,
        )

    def feed(self, request: Request) -> Response:
        items = "".join(
            f"<item><title>{name}</title><link>{self.url}{path}</link>"
            f"<description>{paragraphs(name)[0]}</description></item>"
            for path, (_, name) in ARTICLES.items()
        )
        return Response(
            f'<rss version="2.0"><channel><title>The Tidewater Post</title>{items}</channel></rss>',
            content_type="application/rss+xml",
        )

    def sitemap(self, request: Request) -> Response:
        urls = "".join(f"<url><loc>{self.url}{path}</loc></url>" for path in ARTICLES)
        return Response(f"<urlset>{urls}</urlset>", content_type="application/xml")

    def posts(self, request: Request) -> Response:
        """A forgotten face: JSON with whole texts, for whoever knows of it."""
        if not self.leaking:
            return Response(status=404)
        return Response(
            json.dumps([{"html": "<p>" + "</p><p>".join(paragraphs(self.leaking)) + "</p>"}]),
            content_type="application/json",
        )


def _html(text: str, *, cookie: bool = False) -> Response:
    response = Response(f"<!doctype html>\n{text}", content_type="text/html; charset=utf-8")
    if cookie:
        response.headers["Set-Cookie"] = "visit=1; Path=/"
    return response
