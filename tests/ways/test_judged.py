"""What an ordinary site does beside its articles goes on behind the gateway: its own log-in, other
faces of a page, an origin that is busy."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ways.asking import WITHHELD, article, ask
from tests.ways.house import Asked, Page, StoppedClock, cookie, house

pytestmark = pytest.mark.anyio

POLICY = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"], keep: { paragraphs: 1, words_max: 120 } }
labels: [{ meta: tier }]
rules:
  - { name: dossiers, path: /dossiers/**, access: paid }
  - { name: labelled, label: any, access: as-labelled }
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("method", "more"), [(b"POST", b"Accept: text/html"), (b"GET", b"Sec-Fetch-Dest: empty")]
)
async def test_a_site_logs_its_reader_in_with_a_redirect(
    tmp_path: Path, method: bytes, more: bytes
) -> None:
    headers = (
        ("Location", "/"),
        ("Cache-Control", "max-age=60"),
        ("Set-Cookie", "SESSION=abc; Path=/; HttpOnly"),
        ("Set-Cookie", "lychgate=evil"),
    )
    pages = {"/login": Page(b"", status=303, headers=headers)}
    async with house(tmp_path, policy=POLICY, pages=dict(pages)) as at:
        head, _ = await ask(at, "/login", more, method=method, body=b"u=1")
        assert b" 303 " in head
        assert b"\r\nset-cookie: session=abc; path=/; httponly" in head
        assert b"lychgate=evil" not in head
        # Whoever stored it would log others in.
        assert b"\r\ncache-control: private, no-store" in head


async def test_a_redirect_that_is_asked_for_as_the_gateway_sets_nobodys_cookie(
    tmp_path: Path,
) -> None:
    page = Page(b"", status=302, headers=(("Location", "/"), ("Set-Cookie", "SESSION=abc")))
    async with house(tmp_path, policy=POLICY, pages={"/ici": page, "/dossiers/a": page}) as at:
        for path in ("/ici", "/dossiers/a"):
            head, _ = await ask(at, path)
            assert b" 302 " in head
            assert b"set-cookie" not in head


def many_faces(asked: Asked) -> Page:
    if b"format=pdf" in asked.target:
        return Page(b"%PDF-1.4", "application/pdf")
    return Page(article("paid"), headers=(("Cache-Control", "max-age=50"),))


@pytest.mark.parametrize("path", ["/dossiers/a", "/ici"])
async def test_nobody_closes_a_page_by_asking_for_another_face_of_it(
    tmp_path: Path, path: str
) -> None:
    clock = StoppedClock()
    async with house(tmp_path, policy=POLICY, pages={path: many_faces}, clock=clock) as at:
        before = await ask(at, path)
        await ask(at, path + "?format=pdf")
        clock.instant += 60
        head, body = await ask(at, path)
        assert b" 200 " in head
        assert body == before[1]
        _, whole = await ask(at, path, b"Cookie: " + cookie("gold"))
        assert WITHHELD in whole
        assert b"data-lg-access" in whole


async def test_an_error_of_another_type_closes_no_page(tmp_path: Path) -> None:
    busy = False

    def now_and_then(asked: Asked) -> Page:
        if busy:
            return Page(b"upstream busy", "text/plain", status=503)
        return Page(article(), headers=(("Cache-Control", "max-age=50"),))

    clock = StoppedClock()
    pages = {"/dossiers/a": now_and_then, "/dossiers/b": now_and_then}
    async with house(tmp_path, policy=POLICY, pages=dict(pages), clock=clock) as at:
        before = await ask(at, "/dossiers/a")
        busy = True
        clock.instant += 60
        assert (await ask(at, "/dossiers/a"))[1] == before[1]
        await ask(at, "/dossiers/b")
        busy = False
        head, body = await ask(at, "/dossiers/b")
        assert b" 200 " in head
        assert b"premier" in body


@pytest.mark.parametrize("status", [429, 503])
async def test_a_kept_page_outlasts_an_origin_that_is_busy(tmp_path: Path, status: int) -> None:
    answers = [Page(article("paid"), headers=(("Cache-Control", "max-age=50"),))]

    clock = StoppedClock()
    async with house(
        tmp_path, policy=POLICY, pages={"/a": lambda asked: answers[-1]}, clock=clock
    ) as at:
        before = await ask(at, "/a")
        clock.instant += 60
        answers.append(Page(b"<p>Slow down.", status=status))
        for _ in range(3):
            assert (await ask(at, "/a"))[1] == before[1]


async def test_answers_to_a_sites_scripts_arrive_as_they_are(tmp_path: Path) -> None:
    said = (("HX-Trigger", "done"), ("ETag", '"1"'), ("Last-Modified", "x"), ("Set-Cookie", "a=b"))
    data = Page(b'{"ok":true}', headers=(*said, ("Content-Disposition", "inline")))
    rows = Page(b"<tr><td>1</td>", headers=said)
    moved = Page(b"", status=303, headers=(("Location", "/x"), *said))
    async with house(
        tmp_path, policy=POLICY, pages={"/ajax.php": data, "/rows": rows, "/moved": moved}
    ) as at:
        for path, method, body in (
            ("/ajax.php", b"POST", b'{"ok":true}'),
            ("/rows", b"GET", b"<tr><td>1</td>"),
            ("/moved", b"POST", b""),
        ):
            head, answered = await ask(at, path, b"Sec-Fetch-Dest: empty", method=method)
            assert answered == body
            assert b"\r\nhx-trigger: done\r\n" in head
            assert b"\r\nset-cookie: a=b\r\n" in head
            assert b"\r\ncache-control: private, no-store\r\n" in head
            assert head.count(b"\r\ncontent-length:") == 1
            assert b"last-modified" not in head


async def test_a_gated_answer_keeps_nothing_of_its_head_that_isnt_listed(tmp_path: Path) -> None:
    page = Page(article("paid"), headers=(("X-Words", "12"), ("Digest", "sha-256=x")))
    async with house(tmp_path, policy=POLICY, pages={"/a": page}) as at:
        for who in ((), (b"Cookie: " + cookie("gold"),)):
            head, _ = await ask(at, "/a", b"Sec-Fetch-Dest: empty", *who)
            assert b" 200 " in head
            assert b"x-words" not in head
            assert b"digest" not in head


async def test_a_page_that_asks_for_a_password_says_so(tmp_path: Path) -> None:
    page = Page(b"<p>Non", status=401, headers=(("WWW-Authenticate", "Basic realm=x"),))
    async with house(tmp_path, policy=POLICY, pages={"/a": page, "/dossiers/a": page}) as at:
        assert b"\r\nwww-authenticate: basic realm=x" in (await ask(at, "/a"))[0]
        assert b"mot-secret" not in (await ask(at, "/dossiers/a"))[1]


async def test_xhtml_is_sent_as_it_is_and_cut_as_html(tmp_path: Path) -> None:
    body = article("paid").replace(b"<html>", b'<html xmlns="http://www.w3.org/1999/xhtml">')
    open_body = body.replace(b'"paid"', b'"public"')
    pages = {
        "/paid": Page(body, "application/xhtml+xml"),
        "/open": Page(open_body, "application/xhtml+xml"),
    }
    async with house(tmp_path, policy=POLICY, pages=dict(pages)) as at:
        head, answered = await ask(at, "/open")
        assert answered == open_body
        assert b"\r\ncontent-type: application/xhtml+xml\r\n" in head
        head, answered = await ask(at, "/paid")
        assert WITHHELD not in answered
        assert b"\r\ncontent-type: text/html; charset=utf-8\r\n" in head


async def test_a_page_beyond_the_bounds_is_sent_in_the_coding_it_says(tmp_path: Path) -> None:
    deep = b"<!doctype html><title>t</title>" + b"<div>" * 600 + b"<p>bonjour"
    coded = (("Content-Encoding", "gzip"),)
    pages = {
        "/dossiers/a": Page(gzip.compress(deep), headers=coded),
        "/dossiers/b": Page(gzip.compress(deep)[:-30], headers=coded),
        "/dossiers/c": Page(deep, headers=(("Content-Encoding", "rot13"),)),
    }
    async with house(tmp_path, policy=POLICY, pages=dict(pages)) as at:
        gold = b"Cookie: " + cookie("gold")
        assert (await ask(at, "/dossiers/a", gold))[1] == deep
        head, body = await ask(at, "/dossiers/a", gold, b"Accept-Encoding: gzip")
        assert b"\r\ncontent-encoding: gzip\r\n" in head
        assert gzip.decompress(body) == deep
        for path in ("/dossiers/b", "/dossiers/c"):
            assert b" 502 " in (await ask(at, path, gold))[0]


async def test_a_rule_may_ask_for_a_parameter_by_which_mailers_follow_a_click(
    tmp_path: Path,
) -> None:
    rule = "  - { name: letter, label: paid, query: { utm_source: letter }, access: public }\n"
    policy = POLICY.replace("  - { name: labelled", rule + "  - { name: labelled")
    page = Page(article("paid"), headers=(("Cache-Control", "max-age=50"),))
    async with house(tmp_path, policy=policy, pages={"/a": page}) as at:
        for _ in range(2):
            for query, whole in (
                ("?utm_source=letter", True),
                ("?utm_medium=mail&utm_source=letter", True),
                ("", False),
                ("?utm_source=other", False),
                ("?gclid=x", False),
            ):
                assert (WITHHELD in (await ask(at, "/a" + query))[1]) is whole, query
        assert len(at.origin.seen) == 3


HEADER = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"], keep: { paragraphs: 1, words_max: 120 } }
labels: [{ header: X-Access }]
rules:
  - { name: own, path: /panier/**, label: any, access: as-labelled, personal: true }
  - { name: labelled, label: any, access: as-labelled }
"""


def ranged(asked: Asked) -> Page:
    who = asked.header(b"cookie") or b"nobody"
    whole = article().replace(b"Titre", who)
    label = ("X-Access", "paid")
    if asked.header(b"range"):
        return Page(whole[150:], status=206, headers=(label, ("Content-Range", "bytes 150-9/9")))
    return Page(whole, headers=(label,))


async def test_a_part_of_a_page_that_its_head_gates_is_answered_with_the_teaser(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, policy=HEADER, pages={"/a": ranged, "/panier/a": ranged}) as at:
        for path, who in (("/a", b"nobody"), ("/panier/a", b"sid=1")):
            head, body = await ask(at, path, b"Range: bytes=150-", b"Cookie: sid=1")
            assert b" 200 " in head
            assert b"<h1>" + who in body
            assert WITHHELD not in body


async def test_a_head_says_what_the_page_would(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages={"/a": Page(article("paid"))}) as at:
        for more in ((), (b"Sec-Fetch-Dest: empty",)):
            whole, body = await ask(at, "/a", *more)
            head, nothing = await ask(at, "/a", *more, method=b"HEAD")
            assert b"\r\ncontent-length: %d\r\n" % len(body) in head
            assert WITHHELD not in body
            assert nothing == b""
            assert {line for line in whole.split(b"\r\n") if not line.startswith(b"date:")} == {
                line for line in head.split(b"\r\n") if not line.startswith(b"date:")
            }


@pytest.mark.parametrize("status", [204, 304])
async def test_what_has_no_body_has_no_length(tmp_path: Path, status: int) -> None:
    async with house(tmp_path, policy=POLICY, pages={"/a": Page(b"", status=status)}) as at:
        head, _ = await ask(at, "/a", b"Sec-Fetch-Dest: empty")
        assert b" %d " % status in head
        assert b"content-length" not in head


async def test_a_gated_film_without_an_ending_is_sent_in_parts(tmp_path: Path) -> None:
    def film(asked: Asked) -> Page:
        part = asked.header(b"range") is not None
        return Page(b"film", "video/mp4", status=206 if part else 200)

    async with house(tmp_path, policy=POLICY, pages={"/dossiers/film": film}) as at:
        gold = b"Cookie: " + cookie("gold")
        target = "/dossiers/film?id=5"
        assert b" 200 " in (await ask(at, target, gold))[0]
        assert b" 206 " in (await ask(at, target, gold, b"Range: bytes=0-3"))[0]
        assert b" 403 " in (await ask(at, target, b"Range: bytes=0-3"))[0]
        long = target + "&x=" + "a" * 1024
        for _ in range(2):
            assert b" 200 " in (await ask(at, long, gold, b"Range: bytes=0-3"))[0]


def negotiated(asked: Asked) -> Page:
    """As servers choose: the form that is preferred, HTML of those that are equal."""
    best, chosen = 0.0, b"html"
    for part in (asked.header(b"accept") or b"*/*").split(b","):
        name, _, weight = part.strip().partition(b";q=")
        at = float(weight or 1)
        name = b"text/markdown" if name == b"text/*" else name.lower()
        if at > best or (at == best and b"html" in name):
            best, chosen = at, name
    if not any(face in chosen for face in (b"markdown", b"plain", b"activity+", b"ld+")):
        return Page(article("paid"))
    return Page(b"# Titre\n\nLe mot-secret.", chosen.decode())


@pytest.mark.parametrize(
    "accept",
    [
        b"text/markdown",
        b"text/markdown, text/html;q=0.9, */*;q=0.1",
        b"TEXT/Plain;q=1, text/html ;q=0",
        b"application/activity+json",
        b'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
        b"text/*, text/html;q=0.1",
    ],
)
async def test_no_labelled_page_is_had_in_a_form_without_its_label(
    tmp_path: Path, accept: bytes
) -> None:
    async with house(tmp_path, policy=POLICY, pages={"/a": negotiated}) as at:
        for more in (b"Sec-Fetch-Dest: empty", b"Range: bytes=0-", b"Accept: text/event-stream"):
            _, body = await ask(at, "/a", b"Accept: " + accept, more)
            assert WITHHELD not in body
        _, body = await ask(at, "/a", b"Accept: " + accept, method=b"POST", body=b"a=1")
        assert WITHHELD not in body


async def test_scripts_ask_for_the_types_that_they_need(tmp_path: Path) -> None:
    page = Page(b"{}", "application/json")
    async with house(tmp_path, policy=POLICY, pages={"/api": page}) as at:
        for sent, told in (
            (b"application/json", b"application/json"),
            (b"application/json, text/plain, */*", b"application/json, */*"),
            (b"text/html, */*; q=0.01", b"text/html, */*; q=0.01"),
            (b"text/plain", None),
        ):
            await ask(at, "/api", b"Accept: " + sent, b"Sec-Fetch-Dest: empty")
            assert at.origin.seen[-1].header(b"accept") == told


CONDITIONS = """
version: 1
default: public
teaser: { body: [".body"], root: ["article"], keep: { paragraphs: 1, words_max: 120 } }
labels: [{ meta: tier }]
rules:
  - { name: found, path: [/dossiers/**, /ici, /ici.json], referrer: [search.example], access: public }
  - { name: sent, path: /dossiers/form, method: [POST], access: public }
  - { name: abroad, path: /national/**, country: [FR], access: refuse }
  - { name: print, path: /national/**, query: [print], access: refuse }
  - { name: dossiers, path: /dossiers/**, access: paid }
  - { name: labelled, label: any, access: as-labelled }
"""
FOR_AN_HOUR = (("Cache-Control", "public, max-age=3600, s-maxage=9000"), ("ETag", '"1"'))


@pytest.mark.parametrize("identity", ["", '[origin]\nheaders = { X-Me = "1" }\n'])
async def test_what_a_request_opens_is_for_no_cache_in_front(tmp_path: Path, identity: str) -> None:
    """One who came from a search engine would have opened the page to everybody for an hour."""
    pages: dict[str, Page | Callable[[Asked], Page]] = {
        "/dossiers/a": Page(article("paid"), headers=FOR_AN_HOUR),
        "/ici": Page(article("paid"), headers=FOR_AN_HOUR),
        "/dossiers/a.pdf": Page(b"%PDF", "application/pdf", headers=FOR_AN_HOUR),
        "/ici.json": Page(b"{}", "application/json", headers=FOR_AN_HOUR),
        "/dossiers/moved": Page(
            b"", status=302, headers=(("Location", "/dossiers/a"), *FOR_AN_HOUR)
        ),
    }
    async with house(tmp_path, policy=CONDITIONS, pages=pages, settings=identity) as at:
        for path, page in pages.items():
            for more in (b"Accept: */*", b"Sec-Fetch-Dest: empty", b"Range: bytes=0-"):
                head, body = await ask(at, path, b"Referer: https://search.example/", more)
                assert isinstance(page, Page)
                assert b" %d " % page.status in head
                assert (WITHHELD in body) == (WITHHELD in page.body)
                assert b"\r\ncache-control: private, no-store\r\n" in head


async def test_what_a_post_opens_answers_no_get(tmp_path: Path) -> None:
    headers = (*FOR_AN_HOUR, ("Content-Location", "/dossiers/form"))
    pages: dict[str, Page | Callable[[Asked], Page]] = {
        "/dossiers/form": Page(article("paid"), headers=headers)
    }
    async with house(tmp_path, policy=CONDITIONS, pages=pages) as at:
        head, body = await ask(at, "/dossiers/form", method=b"POST", body=b"a=1")
        assert WITHHELD in body
        assert b"\r\ncache-control: private, no-store\r\n" in head


async def test_what_a_country_closes_is_kept_by_browsers_alone(tmp_path: Path) -> None:
    pages: dict[str, Page | Callable[[Asked], Page]] = {
        "/national/a.css": Page(b"a {}", "text/css", headers=FOR_AN_HOUR),
        "/a.css": Page(b"a {}", "text/css", headers=FOR_AN_HOUR),
        "/national/b.css": Page(b"a {}", "text/css"),
    }
    async with house(tmp_path, policy=CONDITIONS, pages=pages) as at:
        for path, caching in (
            ("/national/a.css", b"private, max-age=3600"),
            ("/national/b.css", b"private"),
            ("/a.css", b"public, max-age=3600, s-maxage=9000"),
        ):
            for more in (b"Accept: */*", b"Sec-Fetch-Dest: style", b"Range: bytes=0-"):
                head, _ = await ask(at, path, more)
                assert b" 200 " in head
                assert b"\r\ncache-control: %b\r\n" % caching in head
