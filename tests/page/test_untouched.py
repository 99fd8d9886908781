"""What is no document of its own leaves as it came, and is cut all the same where it must be."""

from __future__ import annotations

import pytest

from gateway.errors import PageUnreadable
from gateway.model.access import PAID, PUBLIC
from gateway.model.page import PageKind
from gateway.model.reader import ReaderKind
from gateway.model.rule import Badges, LabelKind, LabelSource, PageSettings, Replacement
from gateway.page import document
from tests.page.showing import TEASER, article, full, known, teased

XHTML = b"application/xhtml+xml"
LONG = "".join(f"<p>Une phrase parmi d'autres, la {n}e du texte entier.</p>" for n in range(10))
ROWS = "<tr><td>1</td><td>Un</td></tr>\n<tr><td>2<td>Deux</tr>"
CONTROLS = PageSettings(
    teaser=TEASER,
    replace=(Replacement(".subscribe", "/-/plans"),),
    remove=("#portal",),
    badges=Badges.CORRECT,
    labels=(LabelSource(LabelKind.CSS, ".access", (("membres", PAID), ("public", PUBLIC))),),
)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ok":true,"html":"<b>x</b>"}',
        b'\r\n [{"html":"<html><p>x"}]',
        b'"<!doctype html>"',
        ROWS.encode(),
        b"<option value=1 selected>Un",
        b"OK",
        "<p class=x>Été</P>".encode("latin-1"),
        b"<article><h1>T</h1><div class=body>" + LONG.encode() + b"</div></article>",
        b"\xff\x00<p>",
    ],
)
@pytest.mark.parametrize("access", [PUBLIC, PAID])
def test_a_fragment_or_data_is_sent_as_it_came(body: bytes, access: object) -> None:
    whole = full(
        body,
        access=PAID if access is PAID else PUBLIC,
        reader=ReaderKind.SUBSCRIBER,
        with_settings=CONTROLS,
        badge_of=lambda link: PAID,
    )
    assert whole.body == body


def test_a_fragment_without_access_is_cut_like_a_page() -> None:
    body = f"<article><h1>T</h1><div class=body>{LONG}</div></article>"
    assert known(body).kind is PageKind.ARTICLE
    text = teased(body).body
    assert b"la 0e du" in text
    assert b"la 9e du" not in text
    text = teased('{"html":"' + LONG + '"}').body
    assert b"la 9e du" not in text


def test_what_applies_to_a_fragment_is_done_and_makes_no_document_of_it() -> None:
    body = (
        '<p data-lg-when="member">Moi</p><a class="subscribe" href="/x">S</a><i id="portal">P</i>'
    )
    text = full(body, reader=ReaderKind.ANONYMOUS, with_settings=CONTROLS).body.decode()
    assert text == '<a class="subscribe" href="/-/plans" rel="nofollow">S</a>'


def xhtml(body: str = "<p>a<br/>b</p>") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html><html'
        ' xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title><script title="a > b" src="/a.js"/>'
        f'<meta name="tier" content="paid"/></head><body>{body}</body></html>'
    ).encode()


def test_xml_is_sent_as_it_came() -> None:
    assert full(xhtml(), content_type=XHTML).body == xhtml()


def test_xml_that_closes_a_script_at_once_is_read_as_browsers_read_it() -> None:
    inner = f'<article><h1>T</h1><div class="ad"/><div class="body">{LONG}</div></article>'
    labels = PageSettings(teaser=TEASER, labels=(LabelSource(LabelKind.META, "tier"),))
    facts = known(xhtml(inner), content_type=XHTML, with_settings=labels)
    assert [word.word for word in facts.words] == ["paid"]
    assert facts.body_found
    text = teased(xhtml(inner), content_type=XHTML).body
    assert b"la 0e du" in text
    assert b"la 9e du" not in text


@pytest.mark.parametrize(
    "text",
    ["<" * 200_000, "<a" + "/" * 200_000, "<a " * 100_000, "<a b=/" * 50_000, "<a b='" * 50_000],
)
def test_xml_is_looked_at_once(text: str) -> None:
    try:
        document.read(text.encode(), XHTML)
    except PageUnreadable:
        return


def test_an_html_page_says_what_it_shows_even_where_nothing_else_applies() -> None:
    for page in (article(LONG), "<HTML><p>x", "<!-- x --><!DOCTYPE html><p>x"):
        assert b'data-lg-access="public"' in full(page).body
