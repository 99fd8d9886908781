"""What names a site's pages: sitemaps, feeds, links; walked within bounds and within the site."""

from __future__ import annotations

import gzip

import anyio
from pytest_httpserver import HTTPServer
from werkzeug import Response

from gateway.console.surfaces import (
    feed_items,
    feeds_named,
    ghost_faces,
    locations,
    sitemap_pages,
    spread,
    twins,
)
from gateway.console.visitor import Visitor

RSS = """<rss><channel><link>https://s.example/</link>
<item><title>A</title><link>https://s.example/a?x=1&amp;y=2</link></item>
<item><link><![CDATA[https://s.example/b]]></link></item></channel></rss>"""
ATOM = '<feed><entry><link rel="alternate" href="https://s.example/c"/></entry></feed>'
JSON_FEED = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/d"}, {}, 3]}'


def test_items_of_feeds() -> None:
    assert feed_items(RSS) == ["https://s.example/a?x=1&y=2", "https://s.example/b"]
    assert feed_items(ATOM) == ["https://s.example/c"]
    assert feed_items(JSON_FEED) == ["/d"]
    assert feed_items("{") == []
    assert feed_items("[1]") == []
    assert feed_items('{"items": 3}') == []


def test_locations_of_sitemaps() -> None:
    assert locations("<urlset><url><loc> /a&amp;b </loc></url></urlset>") == ["/a&b"]
    assert locations("<s:urlset><s:url><s:loc>/x</s:loc></s:url></s:urlset>") == ["/x"]


def test_feeds_and_twins_that_a_page_names() -> None:
    page = """<link rel=alternate type="application/rss&#43;xml" href=/index.xml>
    <link rel="amphtml" href="/a/amp"><link rel=stylesheet href=/s.css>
    <link rel="alternate" hreflang="en" href="/en">"""
    assert feeds_named(page) == ["/index.xml", "/a/amp"]


def test_twins_of_an_article() -> None:
    made = twins("/2025/a/", "https://s.example/2025/a/")
    assert {"/2025/a/amp", "/2025/a.md", "/2025/a?print=1"} <= set(made)
    assert "/wp-json/wp/v2/posts?slug=a" in made
    assert twins("/", "https://s.example/") == []


def test_ghosts_key_stands_on_its_pages() -> None:
    made = ghost_faces('<script data-key="0123456789abcdef0123456789"></script>')
    assert all("key=0123456789abcdef0123456789" in target for target in made)
    assert len(made) == 4


def test_a_spread_takes_from_all_over() -> None:
    assert spread([str(n) for n in range(100)], 4) == ["0", "25", "50", "75"]
    assert spread(["a"], 4) == ["a"]


def test_sitemaps_are_walked_from_robots_through_indexes(httpserver: HTTPServer) -> None:
    here = httpserver.url_for("").rstrip("/")
    robots = f"User-agent: *\nSitemap: {here}/index.xml\nSitemap: https://other.example/s.xml\n"
    index = f"<sitemapindex><sitemap><loc>{here}/one.xml</loc></sitemap><sitemap><loc>/two.xml.gz</loc></sitemap><sitemap><loc>/index.xml</loc></sitemap></sitemapindex>"
    one = f"<urlset><url><loc>{here}/été</loc></url><url><loc>https://evil.example/x</loc></url></urlset>"
    two = gzip.compress(b"<urlset><url><loc>/b?x=1</loc></url></urlset>")
    httpserver.expect_request("/robots.txt").respond_with_data(robots)
    httpserver.expect_request("/index.xml").respond_with_data(index)
    httpserver.expect_request("/one.xml").respond_with_data(one)
    httpserver.expect_request("/two.xml.gz").respond_with_data(two)

    async def walk() -> list[str]:
        async with Visitor(here) as visitor:
            pages, read = await sitemap_pages(visitor)
            assert len(read) == 3
            return pages

    assert anyio.run(walk) == ["/%C3%A9t%C3%A9", "/b?x=1"]


def test_a_visitor_follows_redirects_within_the_site_only(httpserver: HTTPServer) -> None:
    here = httpserver.url_for("").rstrip("/")
    away = Response(status=302, headers={"Location": "https://evil.example/"})
    httpserver.expect_request("/away").respond_with_response(away)
    httpserver.expect_request("/old").respond_with_response(
        Response(status=301, headers={"Location": "/new"})
    )
    httpserver.expect_request("/loop").respond_with_response(
        Response(status=301, headers={"Location": "/loop"})
    )
    httpserver.expect_request("/new").respond_with_data("new")

    async def visit() -> None:
        async with Visitor(here) as visitor:
            assert (await visitor.see("/old")).target == "/new"
            assert (await visitor.see("/away")).status == 302
            assert (await visitor.see("/loop")).status == 301
            assert visitor.within("https://evil.example/x") is None
            assert visitor.within("javascript:alert(1)") is None
            assert visitor.within("http://[bad/") is None
            assert visitor.within("../b#f", "/a/c") == "/b"
            assert await visitor.glance("/missing") is not None
        async with Visitor("http://127.0.0.1:9") as nobody:
            assert await nobody.glance("/") is None

    anyio.run(visit)
