"""The quick search for copies finds what a search that tries every run finds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.page import withheld, words
from gateway.page.withheld import RUN, Withheld

# Few words, so that runs meet by chance; the longer lists so that pages are short beside them.
WORD = st.sampled_from("le la de un port mer vent voile phare 7".split())
TEXT = st.lists(WORD, max_size=30).map(" ".join)
LONG = st.integers(0, 1 << 32).map(lambda seed: prose(seed, 150))


def prose(seed: int, count: int) -> str:
    dice = random.Random(seed)  # prose, not secrets
    return " ".join(dice.choices("le la de un port mer vent voile phare 7".split(), k=count))


def by_trying(texts: list[str], shown: list[str], row: list[bytes]) -> set[int]:
    """Where a run of the row stands in the withheld text and in nothing that is shown."""
    own = words.tokens("\n".join(texts))
    runs = {tuple(own[at : at + RUN]) for at in range(len(own) - RUN + 1)}
    for text in shown:
        said = words.tokens(text)
        runs -= {tuple(said[at : at + RUN]) for at in range(len(said) - RUN + 1)}
    return {at for at in range(len(row) - RUN + 1) if tuple(row[at : at + RUN]) in runs}


@st.composite
def pages(draw: st.DrawFn) -> tuple[list[str], list[str], list[bytes]]:
    """Withheld texts, what is shown, and a page's words that hold pieces of both."""
    texts = draw(st.lists(TEXT | LONG, max_size=4))
    shown = draw(st.lists(TEXT, max_size=3))
    row: list[bytes] = []
    sources = [words.tokens(text) for text in (*texts, *shown)]
    sources = [said for said in sources if len(said) > RUN] or [[b"mer"] * RUN]
    for said in draw(st.lists(st.sampled_from(sources), min_size=1, max_size=4)):
        start = draw(st.integers(0, len(said) - RUN))
        row += said[start : start + draw(st.integers(RUN - 1, 2 * RUN))]
        row += [b"x"] * draw(st.integers(0, 1))
    return texts, shown, row


@given(pages())
def test_the_first_search_and_the_later_ones_find_what_trying_finds(
    page: tuple[list[str], list[str], list[bytes]],
) -> None:
    texts, shown, row = page
    searching = Withheld(texts, shown)
    wanted = by_trying(texts, shown, row)
    for _ in range(2):  # the second has seen a text, and goes another way
        assert set(searching.copies(row)) == wanted


@given(pages(), st.sampled_from((0, 10_000)))
def test_too_many_pairs_end_in_the_same(
    page: tuple[list[str], list[str], list[bytes]], tries: int
) -> None:
    texts, shown, row = page
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(withheld, "_PAIRS_MAX", 0)
        patch.setattr(withheld, "_TRIES_MAX", tries)
        found = set(Withheld(texts, shown).copies(row))
    assert found >= by_trying(texts, shown, row)


def test_two_faces_of_a_text_make_no_copy_together() -> None:
    gone = "un deux trois quatre cinq six sept huit"
    searching = Withheld([gone], [])
    first, last = "un deux trois quatre", "cinq six sept huit"
    for _ in range(2):
        assert not searching.stands_in(f'<p title="{last}, et la suite de ce long titre">{first}')
        assert searching.stands_in(f'<p title="{gone}, et la suite de ce long titre">{first}')
        assert searching.stands_in(f"<p>{first} {last}")


SPACES = st.sampled_from(
    [" ", "  ", "\n", "\t", "\u00a0", "\u202f", "\u2003", "\u3000", "\u00ad", "\x1c", "\x85", ""]
)
CHUNKS = st.sampled_from(["mot", "«", "»", "l'été", "a" * 60, "漢字" * 30, "\u200b", "1", ""])


@given(st.lists(SPACES | CHUNKS | st.text(max_size=3), max_size=12).map("".join))
def test_words_are_counted_as_if_they_were_split(text: str) -> None:
    parts = text.split()
    split = len(parts) if len(text) <= 12 * len(parts) else sum(map(words.weight, parts))
    assert words.count(text) == split
