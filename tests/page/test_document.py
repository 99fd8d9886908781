"""From the origin's bytes to a page within bounds: codings, charsets, bombs, depth."""

from __future__ import annotations

import contextlib
import gzip
import time
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from gateway.errors import PageUnreadable
from gateway.page import bounds, document
from tests.page.showing import HTML, full, known

PAGE = "<!doctype html><html lang=fr><title>Été</title><p>Événement à Noël, œuvre, 10 €</p>"
BOMB_SECONDS = 0.5  # of CPU; threats.md asks for 0.1 on a quiet machine


def encoded(body: bytes, coding: str) -> bytes:
    made: dict[str, Callable[[], bytes]] = {
        "gzip": lambda: gzip.compress(body),
        "x-gzip": lambda: gzip.compress(body),
        "deflate": lambda: zlib.compress(body),
        "br": lambda: bytes(brotli.compress(body, quality=4)),
        "zstd": lambda: zstandard.compress(body),
        "identity": lambda: body,
    }
    return made[coding]()


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "identity"])
def test_each_coding_is_read(coding: str) -> None:
    body = PAGE.encode() * 500
    assert document.decode_body(encoded(body, coding), coding.encode()) == body
    assert document.decode_body(encoded(body, coding), coding.upper().encode()) == body


def test_no_coding_is_the_body_itself() -> None:
    assert document.decode_body(b"abc", None) == b"abc"
    assert document.decode_body(b"abc", b"") == b"abc"


def test_deflate_without_its_wrapper_is_read_too() -> None:
    """Many servers send raw deflate (RFC 1951) under this name, as RFC 9110 section 8.4.1.2 notes."""
    maker = zlib.compressobj(wbits=-15)
    body = PAGE.encode() * 50
    assert document.decode_body(maker.compress(body) + maker.flush(), b"deflate") == body


@pytest.mark.parametrize(
    "coding",
    [b"gzip, br", b"gzip,gzip", b"compress", b"gzip;q=1", b"rot13", b"\xff", b"identity, gzip"],
)
def test_unknown_and_double_codings_are_refused(coding: bytes) -> None:
    with pytest.raises(PageUnreadable):
        document.decode_body(gzip.compress(PAGE.encode()), coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_body_is_refused(coding: str, share: float) -> None:
    raw = encoded(PAGE.encode() * 500, coding)
    with pytest.raises(PageUnreadable):
        document.decode_body(raw[: int(len(raw) * share)], coding.encode())


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_garbage_is_refused(coding: str) -> None:
    for raw in (b"", b"<html>", b"\x00" * 100):
        with pytest.raises(PageUnreadable):
            document.decode_body(raw, coding.encode())


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_bytes_after_the_end_are_refused(coding: str) -> None:
    with pytest.raises(PageUnreadable):
        document.decode_body(encoded(PAGE.encode(), coding) + b"<p>more", coding.encode())


def test_gzip_of_two_members_is_one_body() -> None:
    """RFC 1952 section 2.2: a gzip file is a series of members."""
    raw = gzip.compress(b"<p>a") + gzip.compress(b"<p>b")
    with contextlib.suppress(PageUnreadable):
        assert document.decode_body(raw, b"gzip") == b"<p>a<p>b"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_are_refused_in_time(coding: str) -> None:
    raw = encoded(bytes(256 << 20), coding)
    started = time.process_time()
    with pytest.raises(PageUnreadable):
        document.decode_body(raw, coding.encode())
    assert time.process_time() - started < BOMB_SECONDS


def test_a_zstd_frame_that_asks_for_a_huge_window_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    raw = zstandard.ZstdCompressor(compression_params=parameters).compress(b"a" * (1 << 20))
    with contextlib.suppress(PageUnreadable):
        assert len(document.decode_body(raw, b"zstd")) == 1 << 20


def test_the_limit_counts_decoded_bytes() -> None:
    body = b"a" * 10_000
    assert document.decode_body(gzip.compress(body), b"gzip", bytes_max=10_000) == body
    for raw, coding in ((gzip.compress(body + b"a"), b"gzip"), (body + b"a", None)):
        with pytest.raises(PageUnreadable):
            document.decode_body(raw, coding, bytes_max=10_000)


CHARSETS = [
    ("header", PAGE.encode("windows-1252"), b"text/html; charset=windows-1252"),
    ("latin-1 is windows-1252", PAGE.encode("windows-1252"), b"text/html; charset=ISO-8859-1"),
    ("quoted", PAGE.encode("windows-1252"), b'text/html; CHARSET="cp1252"'),
    ("utf-8 by default", PAGE.encode(), b"text/html"),
    ("no type", PAGE.encode(), None),
    ("utf-8 mark wins", b"\xef\xbb\xbf" + PAGE.encode(), b"text/html; charset=iso-8859-1"),
    ("utf-16 little", b"\xff\xfe" + PAGE.encode("utf-16-le"), b"text/html"),
    ("utf-16 big", b"\xfe\xff" + PAGE.encode("utf-16-be"), b"text/html"),
    ("utf-16 by header", PAGE.encode("utf-16-le"), b"text/html; charset=utf-16le"),
    (
        "meta",
        PAGE.replace("<title>", "<meta charset=windows-1252><title>").encode("windows-1252"),
        b"text/html",
    ),
    (
        "meta http-equiv",
        PAGE.replace(
            "<title>",
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1252"><title>',
        ).encode("windows-1252"),
        b"text/html",
    ),
    (
        "late meta",
        PAGE.replace(
            "<title>", "<style>" + "/* x */" * 800 + "</style><meta charset=windows-1252><title>"
        ).encode("windows-1252"),
        b"text/html",
    ),
    (
        "xml declaration",
        ('<?xml version="1.0" encoding="windows-1252"?>' + PAGE).encode("windows-1252"),
        b"application/xhtml+xml",
    ),
]


@pytest.mark.parametrize(
    ("page", "content_type"), [case[1:] for case in CHARSETS], ids=[case[0] for case in CHARSETS]
)
def test_charsets(page: bytes, content_type: bytes | None) -> None:
    assert "Événement à Noël, œuvre, 10 €" in document.read(page, content_type).text
    assert known(page, content_type=content_type).title == "Été"


def test_the_answer_says_utf_8_and_nothing_else() -> None:
    page = (
        '<!doctype html><html><head><meta charset="iso-8859-1"><meta http-equiv="content-type"'
        ' content="text/html; charset=iso-8859-1"><title>é</title></head><body>é</body></html>'
    ).encode("iso-8859-1")
    text = full(page, content_type=b"text/html").body.decode("utf-8").lower()
    assert "iso-8859-1" not in text
    assert text.index('charset="utf-8"') < text.index("<title>")


def test_a_meta_in_a_comment_or_script_names_no_charset() -> None:
    page = "<!doctype html><!-- <meta charset=utf-16le> --><script>'<meta charset=koi8-r>'</script>"
    text = full((page + "<p>Événement</p>").encode(), content_type=b"text/html").body.decode()
    assert "Événement" in text


@pytest.mark.parametrize(
    "charset", [b"nonesuch", b"rot13", b"hex", b"base64", b"idna", b"zlib", b"utf-7"]
)
def test_charsets_that_no_browser_knows_never_decode(charset: bytes) -> None:
    """Python's codecs know more than a browser: rot13 or utf-7 would hide text from the search."""
    text = full(PAGE.encode(), content_type=b"text/html; charset=" + charset).body.decode("utf-8")
    assert "Événement" in text


def test_bytes_that_are_not_utf_8_are_replaced_and_never_raise() -> None:
    text = full(b"<!doctype html><p>caf\xe9 \xff\xfe ok</p>").body.decode("utf-8")
    assert "ok" in text


DEEP = {
    "divs": "<div>" * 100_000,
    "bold": "<b>" * 50_000 + "<p>x",
    "tables": "<table><tr><td>" * 20_000,
    "lists": "<ul><li>" * 50_000,
    "unclosed paragraphs in divs": "<div><p>" * 50_000,
    "svg": "<svg><g>" * 50_000,
    "upper case": "<DIV>" * 100_000,
    "with attributes": '<div class="a">' * 100_000,
    "templates": "<template>" * 50_000,
    "fonts misnested": "<font><p>" * 30_000,
    "formatting": "<a><b><i><u><s>" * 5_000 + "<p>" * 2_000,
    "close and open": ("<b></p>" * 20_000),
    "selects": "<select><option>" * 30_000,
    "custom elements": "<x-y>" * 100_000,
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(50_000)) + ">",
    "attributes over tags": ("<p " + " ".join(f"a{n}=1" for n in range(2_000)) + ">") * 30,
    "attributes on html again": "".join(f"<html a{number}=1>" for number in range(50_000)),
    "attributes on body again": "<body>" + "".join(f"<body a{n}=1>" for n in range(50_000)),
    "unclosed quotes": '<p a="' * 100_000,
    "lone angles": "<" * 1_000_000,
    "comments": "<!--" * 300_000,
    "comment ends": "<!-- " + "--!" * 300_000,
    "entities": "<p>" + "&notit;" * 200_000,
    "end tags": "</div>" * 200_000,
    "end tags that close nothing": "<div>" * 400 + "</section>" * 150_000,
    "end tags behind a table": "<div><table><td>" + "<i>" * 400 + "</div>" * 150_000,
    "backslashes": "<script>'" + "\\" * 2_000_000,
    "end p": "</p>" * 100_000,
    "p and lone angles": "<p>< " * 90_000,
    "ends of nothing": "</" * 500_000,
    "cdata": "<svg><![CDATA[" * 50_000,
    "scripts": "<script><!--<script>" * 30_000,
    "foster": "<table>" + "<b>x" * 20_000,
    "adoption": "<b><p>" * 10_000 + "</b>" * 10_000,
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_costly_pages_end_in_time(source: str) -> None:
    """lexbor alone takes 12 s for 100,000 nested divs and 3.6 s for 50,000 attributes."""
    page = f"<!doctype html><html><body><article><div class=body>{source}".encode()
    started = time.process_time()
    with contextlib.suppress(PageUnreadable):
        document.read(page, HTML)
    assert time.process_time() - started < BOMB_SECONDS


@pytest.mark.parametrize("pair", ["<p></p>", "<p>x<br>", "<hr><i></i>", "<p class=x></p>"])
def test_tags_are_counted_to_the_last(pair: str) -> None:
    source = pair * (bounds.TAGS_MAX // pair.count("<")) + "x" * bounds.TAGS_MAX
    bounds.scan(source)
    with pytest.raises(PageUnreadable, match="too-many-tags"):
        bounds.scan(f"{source}<p><u></u>")


def test_what_only_looks_like_a_tag_counts_as_none() -> None:
    bounds.scan("a < b <3 </ " * bounds.TAGS_MAX)


@pytest.mark.parametrize("name", ["script<p", "textarea<br", "p<div"])
def test_a_bracket_in_a_tags_name_begins_no_tag(name: str) -> None:
    """WHATWG HTML, "tag name state"."""
    assert bounds.scan(f"<{name}><section></section>").starts == {name: 1, "section": 1}


def test_a_page_over_its_bytes_is_refused() -> None:
    started = time.process_time()
    with pytest.raises(PageUnreadable):
        document.read(b"<p>word " * (50 << 17), HTML)
    assert time.process_time() - started < BOMB_SECONDS


@pytest.mark.parametrize("depth", [30, 100, 200])
def test_ordinary_depth_is_read(depth: int) -> None:
    page = "<!doctype html><title>T</title>" + "<div>" * depth + "mot" + "</div>" * depth
    assert known(page).title == "T"


def test_a_long_flat_page_is_read() -> None:
    page = "<!doctype html><title>T</title><p>" + "<br>".join("mot" for _ in range(20_000))
    assert known(page).title == "T"
    page = "<!doctype html><title>T</title>" + "<p>mot" * 20_000
    assert known(page).title == "T"
    page = "<!doctype html><title>T</title><ul>" + "<li>mot" * 20_000
    assert known(page).title == "T"
