"""A body's blocks: what is a picture with its caption, where lines end, and what may be shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from gateway.model.rule import Keep
from gateway.page import blocks, words
from tests.page import prose
from tests.page.showing import article, settings, teased

KEPT = [prose.sentence("kept", n) for n in (1, 2)]
GONE = "".join(f"<p>{prose.sentence('gone', n)}</p>" for n in range(1, 9))
ROWS = "".join(f"<tr><td>{prose.sentence('gone', n)}</td></tr>" for n in range(1, 9))
TEXTS = {
    "table": f'<figure class="wp-block-table"><table>{ROWS}</table></figure>',
    "quotation": f'<figure class="wp-block-pullquote"><blockquote>{GONE}</blockquote></figure>',
    "paragraphs": f"<figure>{GONE}<figcaption>Vue</figcaption></figure>",
    "list": f"<figure><ul><li>{prose.sentence('gone', 1)}</li></ul></figure>",
    "code": f"<figure><pre>{prose.sentence('gone', 1)}</pre></figure>",
    "caption": f"<figure><img src=/a.jpg><figcaption>{GONE}</figcaption></figure>",
    "bare": f"<figure><div>{re.sub('</?p>', ' ', GONE)}</div></figure>",
}


def body_of(page: str) -> list[blocks.Block]:
    body = LexborHTMLParser(f"<body>{page}").css_first("body")
    assert body is not None
    return blocks.rows(body, frozenset(), None)


@pytest.mark.parametrize("figure", TEXTS)
@pytest.mark.parametrize("at", [0, 1])
def test_a_figure_that_holds_a_text_is_never_shown(figure: str, at: int) -> None:
    parts = [f"<p>{text}</p>" for text in KEPT]
    parts.insert(at, TEXTS[figure])
    page = teased(article("".join(parts) + "<p>La fin de tout cela.</p>")).body.decode()
    assert prose.markers(page, "gone") == set()
    assert prose.whole(page, "kept") == {1, 2}


@pytest.mark.parametrize(
    "figure",
    [
        '<figure><img src="/a.jpg" alt=""><figcaption><p>Le port de Sète, hier.</p></figcaption></figure>',
        '<figure><a href="/a"><img src="/a.jpg" alt=""></a><div class="credit">Photo AFP</div></figure>',
        '<figure><ul><li><figure><img src="/a.jpg" alt=""><figcaption>Vue</figcaption></figure></li></ul>'
        "</figure>",
        '<figure><p><img src="/a.jpg" alt=""></p></figure>',
    ],
)
def test_a_picture_keeps_its_caption(figure: str) -> None:
    page = teased(article(f"<p>{KEPT[0]}</p>{figure}<p>{KEPT[1]}</p>{GONE}")).body.decode()
    assert "/a.jpg" in page
    assert prose.whole(page, "kept") == {1, 2}


SAID = st.integers(1, 70).map(lambda count: " ".join(f"mot{n}" for n in range(count)))
PIECE = st.one_of(
    SAID.map(lambda said: f"<p>{said}.</p>"),
    SAID.map(lambda said: f"<figure><img src=/a.jpg><figcaption>{said}</figcaption></figure>"),
    SAID.map(lambda said: f"<figure><p>{said}</p></figure>"),
    SAID.map(lambda said: f"<figure>{said}</figure>"),
    SAID.map(lambda said: f"<ul><li>{said}</li><li>{said}</li></ul>"),
    st.just("<hr>"),
)


@examples(max_examples=100, deadline=None)
@given(st.lists(PIECE, max_size=12), st.integers(1, 150))
def test_no_more_words_are_shown_than_may_be(pieces: list[str], words_max: int) -> None:
    keep = settings(keep=Keep(paragraphs=9, words_max=words_max))
    page = teased(article("".join(pieces) + GONE), with_settings=keep).body
    body = LexborHTMLParser(page.decode()).css_first(".body")
    assert body is not None
    for wall in body.css("#the-wall"):
        wall.decompose()
    assert words.count(body.text(separator=" ")) <= words_max


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>un deux<br>trois</p>", "un deux trois"),
        ("un<br>deux <b>tro</b>is", "un deux trois"),
        ("<p>pha<i>re</i></p>", "phare"),
        ("<blockquote><p>un</p><p>deux<br>trois</p></blockquote>", "un deux trois"),
        ("<p>un<script>x</script><br>deux</p>", "un deux"),
    ],
)
def test_a_line_break_parts_words(markup: str, text: str) -> None:
    (block,) = body_of(markup)
    assert " ".join(block.text.split()) == text
    assert block.words == len(text.split())


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("<ul><li>un <b>de</b>ux</li><li>trois<ul><li>quatre</li></ul></li></ul>", 3),
        ("<table><tr><td>un</td><td>deux</td></tr><tr><td>trois</td></tr></table>", 3),
        ("<p>un<br>deux<br>trois</p>", 3),
        ("un<br>deux", 2),
        ("<p>un deux trois</p>", 0),
    ],
)
def test_lines_are_told_where_there_are_some(markup: str, lines: int) -> None:
    (block,) = body_of(markup)
    assert len([line for line in block.lines if line.strip()]) == lines


LINES = st.lists(
    st.tuples(
        st.sampled_from(["", " ", "\n"]), st.sampled_from(["<br>", "<br/> ", "<b>x</b><br>"])
    ),
    min_size=2,
    max_size=8,
)


@examples(max_examples=100, deadline=None)
@given(LINES, st.integers(3, 40))
def test_a_verse_is_cut_where_its_text_is(parts: list[tuple[str, str]], words_max: int) -> None:
    """The cut counts characters; what stands for a break must be counted alike."""
    said = [f"Le vers {n} du long poème finit ici." for n in range(len(parts))]
    verse = "".join(f"{line}{space}{end}" for line, (space, end) in zip(said, parts, strict=True))
    keep = settings(keep=Keep(paragraphs=1, words_max=words_max))
    for markup in (f"<p>{verse}</p>", f"<div>{verse}</div>"):
        page = teased(article(markup + GONE), with_settings=keep).body
        body = LexborHTMLParser(page.decode()).css_first(".body")
        assert body is not None
        for wall in body.css("#the-wall"):
            wall.decompose()
        shown = " ".join(body.text(separator=" ").replace("x", " ").split())
        assert shown == "" or shown.endswith((".", "…"))
        whole = [line for line in said if line in shown]
        assert whole == said[: len(whole)]
        assert words.count(shown) <= words_max + 1
