"""Random pages, mangled as broken templates mangle them: no withheld sentence ever leaks."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, example, given, settings, strategies

from gateway.model.access import PAID
from gateway.model.reader import ReaderKind
from tests.page import prose
from tests.page.showing import full, teased

BLOCKS = ("p", "p", "p", "div", "blockquote", "h2", "li", "section", "b", "figure", "td", "pre")
STRAYS = (
    "</div>",
    "</p>",
    "</b>",
    "</article>",
    "</section>",
    "</main>",
    "</body>",
    "</table>",
    "</ul>",
    "<b>",
    "<i>",
    "<p>",
    "<div>",
    "<table>",
    "<tr>",
    "<ul>",
    "<a href=x>",
    "<svg>",
    "<!--",
    "-->",
    "<![CDATA[",
    "<textarea>",
    "</textarea>",
    "<template>",
    "</template>",
    "<select>",
    '<p a="',
    "<title>",
    "<noscript>",
    "</br>",
    '<div class="body">',
    "<article>",
    '<span class="share">Partager</span>',
    "<p hidden>",
    "<!--more-->",
    "<blockquote>",
    "<ul><li>",
    "<main>",
    "<form>",
    "</form>",
    "<button>",
    "<br>",
    "<hr>",
    "</html>",
    "<body class=x>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<iframe>",
    "</iframe>",
    "<plaintext>",
    "<math>",
    "\x00",
)
TWO = "".join(f"<p>{prose.sentence('may', n)}</p>" for n in (1, 2))


def page(seed: int, strays: list[tuple[int, str]]) -> str:
    """An article of fourteen paragraphs with ``strays`` put in at the places they name. The two
    paragraphs that may be shown come first, and no stray before them."""
    choice = random.Random(seed)
    parts = [TWO]
    for number in range(3, 15):
        tag = choice.choice(BLOCKS)
        parts.append(f"<{tag}>{prose.sentence('gone', number)}</{tag}>")
    for place, stray in sorted(strays, reverse=True):
        parts.insert(place % len(parts) + 1, stray)
    return (
        '<!doctype html><html lang="fr"><head><title>T</title></head><body><header>H</header><main>'
        f'<div class="wrap"><article><h1>T</h1><div class="body">{"".join(parts)}</div></article>'
        "</div></main><footer>F</footer></body></html>"
    )


STRAY = strategies.tuples(strategies.integers(0, 20), strategies.sampled_from(STRAYS))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=strategies.integers(0, 1_000),
    strays=strategies.lists(STRAY, max_size=6),
)
@example(seed=0, strays=[(5, "<!--"), (18, "</div>"), (18, "</body>")])
@example(seed=0, strays=[(5, "<!--"), (6, "-->"), (18, "</p>"), (18, "</body>")])
@example(seed=0, strays=[(5, "<!--"), (6, "-->"), (18, "</p>"), (18, "</body></html>")])
def test_mangled_pages_never_leak(seed: int, strays: list[tuple[int, str]]) -> None:
    rendered = teased(page(seed, strays))
    assert prose.markers(rendered.body.decode("utf-8"), "gone") == set()


@settings(max_examples=150, deadline=None)
@given(
    cut=strategies.integers(0, 100),
    strays=strategies.lists(STRAY, max_size=2),
)
def test_pages_cut_off_anywhere_never_leak(cut: int, strays: list[tuple[int, str]]) -> None:
    source = page(1, strays)
    rendered = teased(source[: len(source) * cut // 100])
    assert prose.markers(rendered.body.decode("utf-8"), "gone") == set()


@settings(max_examples=150, deadline=None)
@given(
    copies=strategies.lists(strategies.sampled_from(sorted(prose.FORMS)), max_size=4),
    seed=strategies.integers(0, 99),
)
def test_copies_in_any_form_at_any_place_never_leak(copies: list[str], seed: int) -> None:
    choice = random.Random(seed)
    source = page(seed, [])
    for form in copies:
        text = prose.FORMS[form](prose.sentence("gone", choice.randint(3, 14)))
        markup = choice.choice(
            (
                f"<!-- {text} -->",
                f"<script>var a=`{text}`</script>",
                f"<template><p>{text}</p></template>",
            )
        )
        anchor = choice.choice(("<header>", "</main>", "</footer>", "</title>", "</body>"))
        source = source.replace(
            anchor, markup + anchor if anchor != "</title>" else anchor + markup
        )
    rendered = teased(source)
    assert prose.markers(rendered.body.decode("utf-8"), "gone") == set()


@settings(max_examples=100, deadline=None)
@given(junk=strategies.binary(max_size=400))
def test_no_bytes_whatever_raise(junk: bytes) -> None:
    assert teased(junk).body
    assert bool(full(junk, access=PAID, reader=ReaderKind.SUBSCRIBER).body) is bool(junk)
