"""What a body is, by its type and its beginning: no prolog hides a feed or a page."""

from __future__ import annotations

import time

import pytest

from gateway.page import sniffing
from gateway.page.sniffing import Family

XML = b'<?xml version="1.0"?>'
LONG = b"<!-- " + b"licence " * 4000 + b"-->"
SUBSET = b"""<!DOCTYPE x [ <!ENTITY a "]>"> <!-- it's ]> --> <?p ' ?> ]>"""
NETSCAPE = (
    b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
    b' "http://my.netscape.com/publish/formats/rss-0.91.dtd">'
)
RDF = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="%s">'


@pytest.mark.parametrize(
    ("content_type", "body", "kind"),
    [
        (b"text/html", b"", "html"),
        (b"text/html; charset=utf-8", b"<p>", "html"),
        (b"TEXT/HTML", b"Bonjour", "html"),
        (b"text/html, text/html; charset=utf-8", b"<title>", "html"),
        (b"text/html,charset=utf-8", b"<title>", "html"),
        (b"text/html charset=utf-8", b"<title>", "html"),
        (b"image/png, text/html", b"<title>", "html"),
        (b"application/xhtml+xml", b"", "html"),
        (b"text/html", b"%PDF-1.7", "html"),
        (b"text/html", XML + b'<rss version="2.0">', "rss"),
        (b"text/html", b'<feed xmlns="http://www.w3.org/2005/Atom">', "atom"),
        (b"application/rss+xml", b"", "rss"),
        (b"application/atom+xml", b"", "atom"),
        (b"application/feed+json", b"", "json-feed"),
        (b"text/xml", XML + b'\n<rss version="2.0">', "rss"),
        (b"text/xml", XML + NETSCAPE + b"<rss>", "rss"),
        (b"text/xml", XML + SUBSET + b"<rss>", "rss"),
        (b"text/xml", XML + LONG + b"<rss>", "rss"),
        (b"text/xml", XML + b'<?access-control allow="*>"?><rss>', "rss"),
        (b"text/xml", b"<!--><rss>-->", "rss"),
        (b"text/xml", b"<!-- a --!><rss>", "rss"),
        (b"text/xml", b"<x:rss>", "rss"),
        (b"text/xml", b"\xff\xfe" + "<?xml version='1.0'?><rss>".encode("utf-16-le"), "rss"),
        (b"text/xml", b"\xfe\xff" + "<rss>".encode("utf-16-be"), "rss"),
        (b"text/xml", "<?xml version='1.0'?><rss>".encode("utf-16-le"), "rss"),
        (b"text/xml; charset=utf-16be", "<rss>".encode("utf-16-be"), "rss"),
        (b"application/xml", b"\xef\xbb\xbf<!-- c -->\n<feed xmlns='x'>", "atom"),
        (b"application/xml", b"<entry xmlns='http://www.w3.org/2005/Atom'>", "atom"),
        (b"application/rdf+xml", RDF % b"http://purl.org/rss/1.0/", "rss"),
        (b"application/rdf+xml", RDF % b"http://channel.netscape.com/rdf/simple/0.9/", "rss"),
        (b"application/rdf+xml", RDF % b"http://example.org/terms", "other"),
        (b"application/octet-stream", b"<rss>", "rss"),
        (b"text/plain", b"<rss>", "rss"),
        (None, b"<rss>", "rss"),
        (b"text/xml", b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', "other"),
        (b"application/xml", b"<sitemapindex>", "other"),
        (b"image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'>", "other"),
        (b"image/svg+xml", SUBSET + b"<svg:svg>", "other"),
        (b"text/xml", b"<OpenSearchDescription>", "other"),
        (b"text/xml", b"<xsl:stylesheet>", "other"),
        (b"text/xml", b"<opml version='2.0'>", "other"),
        (b"text/xml", b"", "other"),
        (b"text/xml", b"<nitf><body>", "xml"),
        (b"application/xml", b"<response>", "xml"),
        (b"text/xml", b"Bonjour", "xml"),
        (b"text/xml", b"<!-- never ended", "xml"),
        (b"application/tei+xml", b"<TEI>", "other"),
        (b"application/vnd.wap.xhtml+xml", XML + b"<html>", "html"),
        (b"application/xml", b"<html xmlns='http://www.w3.org/1999/xhtml'>", "html"),
        (
            b"application/json",
            b'{"version": "https://jsonfeed.org/version/1.1", "items": []}',
            "json-feed",
        ),
        (b"application/json", b'{"items": [{"content_html": "<p>"}]}', "json-feed"),
        (b"application/json", b'{"items": [{"content_html": "<p>', "json-feed"),
        (b"application/json", b'{"posts": [{"content_html": "<p>"}]}', "other"),
        (b"application/json", b'{"a": 1}', "other"),
        (b"text/html", b'{"a": 1}', "html"),
        (b"text/html", b'{"items": [{"content_text": "a"}]}', "json-feed"),
        (b"image/png", b"\x89PNG\r\n\x1a\n", "other"),
        (b"image/png", b"<!doctype html><html>", "html"),
        (b"text/plain", b"  <!DOCTYPE HTML>", "html"),
        (b"text/plain", b"<b>bold</b>", "other"),
        (b"application/octet-stream", b"<html lang=fr>", "html"),
        (b"text/event-stream", b"<rss>", "other"),
        (b"application/pdf", b"<html>", "other"),
        (None, b"<!doctype html>", "html"),
        (None, LONG + b"<title>", "html"),
        (b"unknown/unknown", b"<p>a", "html"),
        (b"*/*", b"<title>", "html"),
        (b"html", b"<title>", "html"),
        (None, b"<svg>", "other"),
        (None, XML + b"<nitf>", "xml"),
        (None, b"Bonjour", "other"),
        (None, b"\x00\x01", "other"),
    ],
)
def test_kinds(content_type: bytes | None, body: bytes, kind: str) -> None:
    assert sniffing.sniff(content_type, body, whole=True) == kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        XML[:9],
        LONG[:-1],
        NETSCAPE[:-1],
        SUBSET[:-1],
        XML + b"<rs",
        XML + b"<rdf:RDF xmlns='http://purl.org/rss/1.0/'",
        XML + b"<!doc",
        b'{"title": "a", ',
    ],
)
def test_a_beginning_that_tells_nothing_yet_is_read_on(body: bytes) -> None:
    assert sniffing.sniff(b"text/xml", body, whole=False) is None


def test_json_that_says_nothing_at_first_isn_t_waited_for_in_passing() -> None:
    plain, feed = b'{"title": "a", ', b'{"version": "https:\\/\\/jsonfeed.org\\/version\\/1.1", '
    assert sniffing.sniff(b"application/json", plain, whole=False, patient=False) == "other"
    assert sniffing.sniff(b"application/json", feed, whole=False, patient=False) is None


@pytest.mark.parametrize(
    "body",
    [
        b"<!---->" * 20_000,
        b"<!---->\n" * 20_000 + b"<svg ",
        b"<?a?>" * 30_000,
        b"<!a>" * 30_000,
        b"<!--" * 40_000,
        b"<!DOCTYPE x [" + b"<!--" * 40_000,
        b"<!DOCTYPE x [" + b"<?" * 60_000,
        b"<!DOCTYPE x [" + b"'" * 150_001,
        b"<!DOCTYPE x " + b'"a" ' * 30_000,
        b"<" * 150_000,
    ],
)
def test_no_beginning_takes_long(body: bytes) -> None:
    """Whoever may upload a file could else keep a worker busy for hours."""
    started = time.process_time()
    for whole in (False, True):
        sniffing.sniff(b"text/xml", body, whole=whole)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("content_type", "family"),
    [
        (b"text/html, image/png", Family.PAGE),
        (b"application/feed+json; charset=utf-8", Family.FEED),
        (b"text/xml", Family.XML),
        (b"image/svg+xml", Family.NAMED_XML),
        (b"application/ld+json", Family.JSON),
        (b"", Family.UNSAID),
        (b"application/unknown", Family.UNSAID),
        (b"text/markdown", Family.ANYTHING),
        (b"text/css", Family.ITSELF),
        (b"video/mp4", Family.ITSELF),
    ],
)
def test_families(content_type: bytes, family: Family) -> None:
    assert sniffing.family(content_type) is family
