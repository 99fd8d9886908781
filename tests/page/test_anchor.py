"""The place of the wall in the whole page: what readers come back to."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.model.access import MEMBERS, PUBLIC, Access
from gateway.model.reader import ReaderKind
from gateway.model.rule import Keep, PageSettings, TeaserSettings
from gateway.page.anchor import NAME
from gateway.page.render import render_full

SETTINGS = PageSettings(
    teaser=TeaserSettings(body=(".body",), root=("article",), keep=Keep(paragraphs=2))
)
LONG = "Une phrase entière, qui dit quelque chose. " * 12


def whole(body: str, *, access: Access = MEMBERS, rule_opens: bool = False) -> str:
    page = f"<!doctype html><article><h1>Titre</h1><div class=body>{body}</div></article>"
    rendered = render_full(
        page.encode(),
        b"text/html",
        access=access,
        reader=ReaderKind.MEMBER,
        settings=SETTINGS,
        rule_opens=rule_opens,
    )
    return rendered.body.decode()


def paragraphs(count: int) -> str:
    return "".join(f"<p>{number} {LONG}</p>" for number in range(count))


def test_the_first_withheld_paragraph_bears_the_mark() -> None:
    marked = LexborHTMLParser(whole(paragraphs(6))).css(f"#{NAME}")
    assert [node.tag for node in marked] == ["p"]
    assert marked[0].text().startswith("2 ")


def test_a_block_with_an_id_of_its_own_keeps_it() -> None:
    page = whole(f"<p>{LONG}</p><p>{LONG}</p><p id=suite>Suite {LONG}</p><p>{LONG}</p>")
    (mark,) = LexborHTMLParser(page).css(f"#{NAME}")
    assert (mark.tag, mark.text(), mark.parent.attributes["id"]) == ("span", "", "suite")  # type: ignore[union-attr]  # it has a parent


@pytest.mark.parametrize(
    "page",
    [
        whole(paragraphs(6), access=PUBLIC),
        whole(paragraphs(6), rule_opens=True),
        whole(""),
        whole("<p>Une ligne.</p>"),
        whole(f"<p id={NAME}>{LONG}</p>{paragraphs(5)}"),
    ],
    ids=["public", "opened by a rule", "empty", "too short to cut", "the name is taken"],
)
def test_other_pages_are_left_alone(page: str) -> None:
    found = LexborHTMLParser(page).css(f"#{NAME}")
    assert len(found) <= 1
    assert all(node.text() and node.text()[0] != "2" for node in found)


def test_nothing_but_the_mark_is_added() -> None:
    page = whole(paragraphs(6))
    plain = whole(paragraphs(6), access=PUBLIC).replace('"public"', '"members"')
    assert page.replace(f' id="{NAME}"', "").replace(' data-lg-reader="member"', "") == plain
