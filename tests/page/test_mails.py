"""The mails of the login way: two parts that say the same, and nothing that can be put into them."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.model.letter import Letter
from gateway.page import login_samples
from gateway.page.templates import SiteWords, Templates
from tests.page.drawing import SITE, TEMPLATES

STATES = {state: (name, context) for state, name, context in login_samples.mails("fr")}
BYTES_MAX = 10 * 1024
# Where the HTML part has a button.
_FOLLOW = {"fr": "Suivez ce lien", "en": "Follow this link"}


def letter(state: str, language: str = "fr", **changed: object) -> Letter:
    name, context = STATES[state]
    return TEMPLATES.mail(name, language, **{**context, **changed})


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("state", STATES)
def test_every_mail_in_both_its_parts(state: str, language: str) -> None:
    made = letter(state, language)
    page = LexborHTMLParser(made.html)
    assert made.subject
    assert "\n" not in made.subject
    assert len(made.html.encode()) < BYTES_MAX
    assert not page.css("img, table, script, link, [src]")
    assert "url(" not in made.html
    assert f'lang="{language}"' in made.html
    # Neither part is a template's own text, nor escaped where nothing reads it.
    assert "{" not in made.text
    assert "&" not in made.text
    assert made.text.endswith("\n")
    assert "\n\n\n" not in made.text
    body = page.css_first("body")
    assert body is not None
    words = set(re.findall(r"\w{4,}", body.text()))
    links = " ".join(node.attributes["href"] or "" for node in page.css("a"))
    told = set(re.findall(r"\w{4,}", made.text.replace(_FOLLOW[language], "")))
    assert told <= words | set(re.findall(r"\w{4,}", links))


def test_the_code_is_grouped_and_the_link_stands_in_full() -> None:
    """The link's page speaks as the mail does, whichever browser it is opened in."""
    made = letter("mail-login")
    assert "\n402 718\n" in made.text
    assert "402&nbsp;718" in made.html
    assert "\nhttps://news.example/-/login/mail/cWy0-3kq?lang=fr\n" in made.text
    assert 'href="https://news.example/-/login/mail/cWy0-3kq?lang=fr"' in made.html


def test_a_code_for_one_browser_comes_without_a_link() -> None:
    made = letter("mail-join", link="https://news.example/-/login/mail/cWy0-3kq")
    assert "/-/login/mail/" not in made.text + made.html


def test_what_a_mail_carries_begins_no_line_and_no_tag() -> None:
    hostile = 'a"><b>x</b>\r\n\r\nhttps://evil.example/\u2028Bcc: y'
    made = letter("mail-new-device", device=hostile, lines=[hostile])
    lines = made.text.splitlines()
    assert [line for line in lines if line.startswith(("https://evil", "Bcc"))] == []
    assert "<b>" in made.text
    assert "<b>" not in made.html
    assert html.escape('"><b>') not in made.text


def test_a_price_keeps_its_space() -> None:
    assert "9,90\u00a0€" in letter("mail-new-way", lines=["9,90\u00a0€"]).text


def test_a_support_page_of_this_site_is_led_to_in_full() -> None:
    site = SiteWords(
        name="Le Courrier", url="https://news.example", languages=("fr",), support="/contact"
    )
    name, context = STATES["mail-erased"]
    made = Templates([], site=site).mail(name, "fr", **context)
    assert "(https://news.example/contact)" in made.text
    assert 'href="https://news.example/contact"' in made.html


def test_one_small_file_gives_every_mail_a_publisher_s_colours(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    colours = '{% set accent = "#a8261c" %}{% set on_accent = "#fffdf9" %}'
    (tmp_path / "mail" / "colours.html").write_text(colours)
    name, context = next(each for each in STATES.values() if each[0] == "login")
    made = Templates([tmp_path], site=SITE).mail(name, "fr", **context).html
    assert "background:#a8261c;color:#fffdf9" in made
    assert "#1763b8" not in made
