"""A teaser's end and quotations: it never stands inside one, and never costs more words than allowed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.rule import Keep
from gateway.page.quotations import is_inside, quoted
from tests.page.test_cut import shown

PAIRS = (("« ", " »"), ("“", "”"), ("„", "“"))
SENTENCE = st.integers(1, 6).map(lambda count: " ".join(["Le", *["mot"] * count]) + ".")
NIGHTS = (
    "Elle s’était demandé combien, au juste. « J’ai écrit au maire. Il m’a répondu que cela ferait"
    " des économies. On s’est compris. » L’affaire était faite."
)


@st.composite
def paragraphs(draw: st.DrawFn) -> list[str]:
    """Sentences, of which some stand in quotations, of one kind in a text as it is written."""
    before, after = draw(st.sampled_from(PAIRS))
    found = []
    for _ in range(draw(st.integers(2, 4))):
        pieces = []
        for _ in range(draw(st.integers(1, 4))):
            said = " ".join(draw(st.lists(SENTENCE, min_size=1, max_size=4)))
            pieces.append(f"{before}{said}{after}" if draw(st.booleans()) else said)
        found.append(" ".join(pieces))
    return found


def is_open(text: str) -> bool:
    """By counting: the marks of one kind alternate here."""
    if "„" in text:
        return text.count("„") > text.count("“")
    return text.count("«") > text.count("»") or text.count("“") > text.count("”")


@given(paragraphs(), st.integers(1, 60), st.integers(1, 3))
def test_no_teaser_ends_inside_a_quotation(texts: list[str], words: int, count: int) -> None:
    inner = "".join(f"<p>{text}</p>" for text in [*texts, "Une fin qui reste cachée."])
    seen = shown(inner, Keep(paragraphs=count, words_max=words))
    assert len(re.sub(r"[«»]", "", seen).split()) <= words
    if not seen.endswith("…"):  # the first sentence doesn't fit, and the teaser says that it is cut
        assert not is_open(seen), seen


@given(paragraphs(), st.integers(5, 90))
def test_a_share_of_the_words_ends_outside_too(texts: list[str], percent: int) -> None:
    inner = "".join(f"<p>{text}</p>" for text in [*texts, "Une fin qui reste cachée."])
    seen = shown(inner, Keep(percent=percent))
    total = sum(len(text.split()) for text in texts) + 5
    assert len(seen.split()) <= total * percent / 100
    if not seen.endswith("…"):
        assert not is_open(seen), seen


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (13, "au juste."),
        (20, "au juste."),
        (22, "au juste."),
        (23, "compris. »"),
        (25, "compris. »"),
    ],
)
def test_a_quotation_is_given_whole_or_not_at_all(words: int, ends: str) -> None:
    inner = f"<p>{NIGHTS}</p><p>La suite est pour plus tard, dans un autre alinéa.</p>"
    assert shown(inner, Keep(paragraphs=2, words_max=words)).endswith(ends)


@pytest.mark.parametrize(
    ("texts", "seen"),
    [
        (("Un. Elle dit. « Deux.", "Trois. »", "Fin."), "Un. Elle dit. « Deux. Trois. »"),
        (("Un.", "Elle dit. « Deux.", "Trois. »", "Fin."), "Un. Elle dit."),
        (("Un.", "“Two.", "“Three.”", "Fin."), "Un."),
        (("Un.", "« Deux.", "« Trois. »", "Fin."), "Un."),
        (("« Deux.", "Trois.", "Quatre. »", "Fin."), "« Deux. Trois."),  # there is nothing else
        (("Un « slip. Deux.", "Trois.", "Fin."), "Un « slip. Deux. Trois."),
        (
            ("Er ging. »Eins. Zwei.« Gut.", "Drei. »Vier.", "Fünf.«"),
            "Er ging. »Eins. Zwei.« Gut.",
        ),
    ],
)
def test_a_quotation_of_several_paragraphs(texts: tuple[str, ...], seen: str) -> None:
    inner = "".join(f"<p>{text} </p>" for text in texts)
    assert shown(inner, Keep(paragraphs=2, words_max=120)) == seen


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("a « b » c", {3, 4, 5, 6}),
        ("„a“ b “c”", {1, 2, 7, 8}),
        ("« a “b” » c", {*range(1, 9)}),
        ("« a “b » c", {*range(1, 8)}),  # the inner one isn't closed
        ("a » b « c", {3, 4, 5, 6}),  # as some write it
        ("« a", set()),
        ("a “", set()),
    ],
)
def test_where_quotations_stand(text: str, positions: set[int]) -> None:
    found = quoted([text], 0)
    assert {at for at in range(len(text) + 1) if is_inside(at, found)} == positions
