"""From a page's words to one label: the first source decides, and of several words the strictest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.access import MEMBERS, PAID, PUBLIC, Access, Level
from gateway.model.page import LabelWord
from gateway.model.rule import LabelKind, LabelSource
from gateway.policy.labels import fold, settle_label

GOLD = Access(Level.PAID, frozenset({"gold"}))
HEADER, JSON_LD, CSS, GHOST, GATE = range(5)
SOURCES = (
    LabelSource(LabelKind.HEADER, "X-Access", (("locked", GOLD), ("public", MEMBERS))),
    LabelSource(LabelKind.JSON_LD, "isAccessibleForFree"),
    LabelSource(LabelKind.CSS, ".badge", (("membres", MEMBERS), ("réservé aux abonnés", PAID))),
    LabelSource(LabelKind.GHOST, "content-api"),
    LabelSource(LabelKind.ORIGIN_GATE, "origin_gate", (("gated", MEMBERS),)),
)


def access_of(*words: tuple[int, str]) -> Access | None:
    label = settle_label((LabelWord(*word) for word in words), SOURCES)
    return label.access if label else None


@pytest.mark.parametrize(
    ("words", "access"),
    [
        ([], None),
        ([(HEADER, "locked")], GOLD),
        ([(HEADER, "public")], MEMBERS),  # a map says otherwise
        ([(HEADER, "paid")], PAID),
        ([(CSS, "Membres")], MEMBERS),
        ([(CSS, "  RÉSERVÉ   aux\nabonnés ")], PAID),
        ([(CSS, "Re\u0301serve\u0301 aux abonne\u0301s")], PAID),  # the same letters, decomposed
        ([(CSS, "ｍembres")], MEMBERS),
        ([(CSS, "public")], PUBLIC),
        ([(CSS, "Publik")], PAID),  # an unknown word
        ([(HEADER, "public"), (CSS, "paid")], MEMBERS),  # the first source decides
        ([(CSS, "public"), (CSS, "Membres")], MEMBERS),
        ([(CSS, "Membres"), (CSS, "public")], MEMBERS),
        ([(CSS, "public"), (CSS, "nonsense")], PAID),
        ([(GHOST, "tiers:gold")], GOLD),
        ([(GHOST, "tiers:")], PAID),
        ([(GHOST, "members")], MEMBERS),
        ([(GATE, "gated")], MEMBERS),
        ([(JSON_LD, "true")], PUBLIC),
        ([(JSON_LD, "yes")], PUBLIC),
        ([(JSON_LD, "false")], PAID),
        ([(JSON_LD, "no"), (CSS, "membres")], MEMBERS),
        ([(JSON_LD, "false"), (CSS, "public")], PUBLIC),
        ([(JSON_LD, "maybe")], PAID),
        # A theme and a plugin that contradict each other: the page isn't open.
        ([(JSON_LD, "false"), (JSON_LD, "true")], PAID),
        ([(JSON_LD, "true"), (JSON_LD, "false")], PAID),
        ([(JSON_LD, "true"), (JSON_LD, "false"), (CSS, "public")], PAID),
    ],
)
def test_words(words: list[tuple[int, str]], access: Access | None) -> None:
    assert access_of(*words) == access


def test_a_label_remembers_the_word_as_the_page_wrote_it() -> None:
    known = settle_label([LabelWord(CSS, " Membres ")], SOURCES)
    assert known is not None
    assert (known.word, known.source, known.readable) == (" Membres ", CSS, True)
    unknown = settle_label([LabelWord(HEADER, "lokced")], SOURCES)
    assert unknown is not None
    assert (unknown.access, unknown.readable) == (GOLD, False), "the strictest of that source"


@given(st.text(max_size=20), st.integers(0, len(SOURCES) - 1))
def test_no_unknown_word_opens_a_page(word: str, source: int) -> None:
    label = settle_label([LabelWord(source, word)], SOURCES)
    assert label is not None
    known = {"public", "true", "1", "yes"}
    assert label.access != PUBLIC or fold(word) in known


@given(st.lists(st.sampled_from(["public", "members", "paid", "Membres", "x"]), min_size=1))
def test_the_order_of_a_sources_words_is_of_no_account(words: list[str]) -> None:
    said = [(CSS, word) for word in words]
    assert access_of(*said) == access_of(*reversed(said))


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(word: str) -> None:
    assert fold(fold(word)) == fold(word)
