"""Withheld text is found in whatever a site answers with, and open text never is."""

from __future__ import annotations

import html
import json

import pytest

from gateway.console.passages import RUN_WORDS, Withheld, words_of

SECRET = "Le syndicat des eaux a vendu l'usine de Brest sans en parler au conseil municipal élu."
OPEN = "Officials declined to comment on that point when they were asked about it on Monday."


@pytest.fixture
def withheld() -> Withheld:
    made = Withheld()
    made.add("/story", words_of(f"{SECRET} {OPEN}"))
    made.allow(words_of(OPEN))
    made.settle()
    return made


FACES = {
    "the text": f"<p>{SECRET}</p>",
    "capitals and other quotes": SECRET.upper().replace("'", "’"),
    "tags within": "<p>" + SECRET.replace(" sans ", " <em>sans</em> ") + "</p>",
    "a comment": f"<!-- {SECRET} -->",
    "an attribute": f'<div data-text="{html.escape(SECRET)}"></div>',
    "JSON": json.dumps({"html": f"<p>{SECRET}</p>"}),
    "JSON with every character escaped": json.dumps(SECRET, ensure_ascii=True),
    "JSON-LD": f'<script type="application/ld+json">{json.dumps({"articleBody": SECRET})}</script>',
    "HTML in XML": f"<description>{html.escape(html.escape(SECRET))}</description>",
    "CDATA": f"<content:encoded><![CDATA[<p>{SECRET}</p>]]></content:encoded>",
    "soft hyphens": SECRET.replace("syndicat", "syn\u00addi\u00adcat"),
    "plain text": f"# A heading\n\n{SECRET}\n",
}


@pytest.mark.parametrize("text", FACES.values(), ids=FACES.keys())
def test_withheld_text_is_found_in_any_markup(text: str, withheld: Withheld) -> None:
    found = withheld.within(text)
    assert [passage.article for passage in found] == ["/story"]
    assert found[0].words >= RUN_WORDS


@pytest.mark.parametrize(
    "text",
    [
        f"<p>{OPEN}</p>",
        "",
        "<p>Le syndicat des eaux a vendu",  # a few words in a row may stand anywhere
        "Nothing of the kind, at some length, with as many words as any other sentence here.",
    ],
)
def test_open_text_is_no_leak(text: str, withheld: Withheld) -> None:
    assert withheld.within(text) == []


def test_an_article_that_is_open_elsewhere_has_nothing_to_tell() -> None:
    made = Withheld()
    made.add("/a", words_of(OPEN))
    made.allow(words_of(OPEN))
    made.settle()
    assert len(made) == 0
    assert made.withheld_articles() == frozenset()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"<html>\n<body>\n<p>{SECRET}</p>", "line 3, in the text"),
        (f"<!--\n{SECRET} -->", "line 2, in a comment"),
        (f"<script>var a = '{SECRET}'</script>", "line 1, in <script>"),
        (f'<script type="application/ld+json">"{SECRET}"</script>', "line 1, in JSON-LD"),
        (f'<meta name="x" content="{SECRET}">', "line 1, in the attribute content"),
        (f"<template>{SECRET}</template>", "line 1, in <template>"),
    ],
)
def test_a_passage_tells_where_it_stands(text: str, place: str, withheld: Withheld) -> None:
    assert withheld.within(text)[0].place == place


def test_two_passages_of_two_articles_are_two() -> None:
    made = Withheld()
    other = "A tidal barrage would cost each household in the estuary four hundred euros a year."
    made.add("/a", words_of(SECRET))
    made.add("/b", words_of(other))
    made.settle()
    found = made.within(f"<p>{SECRET}</p><p>words between them</p><p>{other}</p>")
    assert sorted(passage.article for passage in found) == ["/a", "/b"]
