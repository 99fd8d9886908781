"""Where a teaser ends: after whole blocks, finished sentences and whole characters."""

from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.model.rule import Keep
from gateway.page.wall import WallContext
from tests.page.showing import article, settings, teased

FRENCH = (
    "M. Dupont, né en 1962 à St. Malo, a signé. « Je n’irai pas plus loin ! » dit-il. L’art. 12 du"
    " code le permet. Cela coûte 3,5 millions d’euros. La suite reste à écrire demain matin."
)
ENGLISH = (
    "Dr. Smith of the U.S. agency signed on Jan. 3. “I won’t go further!” he said. It cost £3.5m"
    " in all. The rest remains to be written tomorrow morning."
)


def shown(inner: str, keep: Keep, lang: str = "fr") -> str:
    body = teased(article(inner, lang=lang), with_settings=settings(keep=keep)).body
    node = LexborHTMLParser(body.decode()).css_first(".body")
    text = node.text() if node else ""
    return " ".join(text.replace("Abonnez-vous", "").split())


@pytest.mark.parametrize(
    ("text", "lang", "ends"),
    [
        (FRENCH, "fr", ("a signé.", "dit-il.", "le permet.", "d’euros.")),
        (ENGLISH, "en", ("Jan. 3.", "he said.", "in all.")),
    ],
)
@pytest.mark.parametrize("words", [12, 18, 24, 28])
def test_a_cut_ends_with_a_finished_sentence(
    text: str, lang: str, ends: tuple[str, ...], words: int
) -> None:
    inner = f"<p>{text}</p><p>Un autre alinéa, qui ne se montre pas du tout ici.</p>"
    seen = shown(inner, Keep(paragraphs=3, words_max=words), lang)
    assert seen
    assert text.startswith(seen)
    assert seen.endswith(ends), seen
    assert len(seen.split()) <= words


def test_a_sentence_longer_than_the_limit_is_cut_after_a_word_and_says_so() -> None:
    words = [f"mot{number}" for number in range(60)]
    seen = shown(f"<p>{' '.join(words)}.</p>", Keep(paragraphs=2, words_max=20))
    assert re.fullmatch(r"(mot\d+ ?)+…?", seen.replace(" …", "…")), seen
    assert "mot19" in seen or len(seen.split()) <= 20
    assert "mot20" not in seen


@pytest.mark.parametrize(
    "cluster",
    [
        "👨‍👩‍👧‍👦",
        "🏳️‍🌈",
        "e\u0301",
        "नि",
        "🇫🇷",
        "👍🏽",
        "각",
        "&amp;",
        "&eacute;",
        "&#128104;&#8205;&#128105;",
    ],
)
@pytest.mark.parametrize("words", range(3, 12))
def test_no_character_is_cut_in_two(cluster: str, words: int) -> None:
    inner = (
        "<p>" + " ".join(f"{cluster}{number} {cluster}{cluster}" for number in range(12)) + "</p>"
    )
    whole = LexborHTMLParser(inner, is_fragment=True).root
    assert whole is not None
    words_of_page = set(whole.text().split())
    seen = shown(inner, Keep(paragraphs=1, words_max=words)).rstrip("…").split()
    assert set(seen) <= words_of_page


def test_text_without_spaces_is_bounded_too() -> None:
    seen = shown(f"<p>{'文字' * 4000}</p><p>終わり</p>", Keep(paragraphs=2, words_max=30), "ja")
    assert len(seen) < 200


def test_paragraphs_are_counted_and_headings_are_not() -> None:
    inner = "<h2>Premier</h2><p>Un mot.</p><figure><img src=a.png alt=a></figure><p>Deux mots.</p><p>Trois.</p>"
    assert (
        shown(inner, Keep(paragraphs=2)) == "Premier Un mot. Deux mots."
        or shown(inner, Keep(paragraphs=2)).replace(" ", "") == "PremierUnmot.Deuxmots."
    )


def test_a_heading_is_never_the_last_thing_before_the_wall() -> None:
    seen = shown("<p>Un mot.</p><p>Deux.</p><h2>Suite</h2><p>Trois.</p>", Keep(paragraphs=2))
    assert "Suite" not in seen


def test_empty_paragraphs_do_not_count() -> None:
    seen = shown("<p></p><p>&nbsp;</p><p>Un mot.</p><p>Deux.</p><p>Trois.</p>", Keep(paragraphs=2))
    assert "Un mot." in seen
    assert "Deux." in seen
    assert "Trois" not in seen


@pytest.mark.parametrize("percent", [0, 1, 10, 20, 50, 90, 100])
def test_a_percentage_is_of_the_words(percent: int) -> None:
    inner = "".join(f"<p>{'Un deux trois quatre. ' * 5}</p>" for _ in range(10))
    seen = shown(inner, Keep(percent=percent)).split()
    assert len(seen) <= 200 * percent / 100
    if percent in (20, 50, 90):
        assert len(seen) >= 200 * percent / 100 - 20


@pytest.mark.parametrize("comment", ["<!--more-->", "<!-- more -->", "<!--MORE-->"])
def test_until_a_comment(comment: str) -> None:
    inner = f"<p>Un.</p><p>Deux.</p><p>Trois.</p>{comment}<p>Quatre.</p>"
    seen = shown(inner, Keep(until="<!--more-->"))
    assert seen.replace(" ", "") == "Un.Deux.Trois."


@pytest.mark.parametrize(
    ("mark", "ends"),
    [
        ('<span id="more-12"></span>', True),  # as WordPress shows a post alone
        ('<p><span id="more-12"></span></p>', True),
        ('<span id="more-twelve"></span>', False),
        ('<span id="more-12">Trois.</span>', False),
    ],
)
def test_until_the_mark_that_wordpress_leaves_in_its_place(mark: str, ends: bool) -> None:
    inner = f"<p>Un.</p><p>Deux. {mark} Trois.</p><p>Quatre.</p>"
    assert ("Trois" not in shown(inner, Keep(until="more"))) is ends
    alone = f"<p>Un.</p><p>Deux.</p><p>Trois.</p>{mark}<p>Quatre.</p>"
    assert ("Trois." in shown(alone, Keep(until="more"))) is ends


def test_until_a_comment_deep_in_a_block() -> None:
    inner = "<div><p>Un.</p><div><p>Deux.<!--members-only--> Trois.</p></div></div><p>Quatre.</p>"
    seen = shown(inner, Keep(until="<!--members-only-->"))
    assert "Un." in seen
    assert "Trois" not in seen
    assert "Quatre" not in seen


def test_until_without_its_comment_keeps_two_paragraphs() -> None:
    seen = shown("<p>Un.</p><p>Deux.</p><p>Trois.</p>", Keep(until="<!--more-->"))
    assert "Trois" not in seen
    assert "Un." in seen


def test_the_wall_is_told_the_share_that_remains() -> None:
    seen: list[WallContext] = []
    inner = "".join(f"<p>{'Un deux trois quatre cinq. ' * 4}</p>" for _ in range(10))
    teased(article(inner), seen=seen)
    assert [context.remaining_percent for context in seen] == [80]
    assert seen[0].language == "fr"
    assert seen[0].return_to == "/a"
    assert not seen[0].signed_in


def test_a_short_body_is_never_given_whole() -> None:
    """A body of two paragraphs under a keep of two would be the article itself."""
    rendered = teased(article("<p>Un mot seul.</p><p>Et la chute de l'histoire entière.</p>"))
    assert "chute de l" not in rendered.body.decode()
    assert "Un mot seul." in rendered.body.decode()


@pytest.mark.parametrize(
    ("inner", "percent"),
    [
        ("<p>Un deux trois.</p>" * 100, 90),
        ("<p>Un deux trois.</p>" * 2 + "<p>Fin.</p>", 10),
        ("", 0),
    ],
)
def test_the_share_that_remains_is_neither_all_nor_nothing(inner: str, percent: int) -> None:
    seen: list[WallContext] = []
    teased(article(inner), seen=seen)
    assert seen[0].remaining_percent == percent
