"""Words are compared alike, however much of a text is beyond ASCII."""

from __future__ import annotations

import random
import sys
import unicodedata

import pytest

from gateway.page import words

PLAIN = " and so much in plain letters that few of its characters are beyond them" * 2
SIGNS = [chr(number) for number in range(128, sys.maxunicode + 1)]


def general(text: str) -> list[bytes]:
    """As any text may be folded, at several times the cost."""
    return words._folded(text).split()


def joins(sign: str) -> bool:
    marks = unicodedata.category(sign)[0] == "M" and not words._UNSEEN.match(sign)
    return marks or bool(words._JOINING.match(sign))


def test_each_character_is_folded_alone_as_in_a_text() -> None:
    """All of them, in texts of few enough to be folded one by one; what joins takes the other way."""
    alone = [sign for sign in SIGNS if not joins(sign)]
    for first in range(0, len(alone), 16):
        text = " ".join(f"A{sign}B {sign}" for sign in alone[first : first + 16]) + PLAIN * 4
        assert words.tokens(text) == general(text), f"from U+{ord(alone[first]):04X}"


def test_mixtures_are_folded_alike() -> None:
    dice = random.Random(20_261_201)
    marks = [sign for sign in SIGNS if joins(sign) and not words._JOINING.match(sign)]
    usual = "éèêçàâïÉÀŒœß«»’“”…–—\u00a0\u202f\u200b\u00ad½²ﬁ´¨€ÅØłŁıİ"
    for _ in range(3_000):
        drawn = dice.choices(usual, k=dice.randint(1, 20))
        drawn += dice.choices(SIGNS, k=dice.randint(0, 3))
        drawn += dice.choices(marks, k=dice.choice((0, 0, 1, 3)))
        dice.shuffle(drawn)
        text = "".join(sign + dice.choice(("", " ", "x", "Word ")) for sign in drawn)
        text += PLAIN * dice.randint(0, 3)
        assert words.tokens(text) == general(text), repr(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L’État, c’est moi", "l état c est moi"),
        ("«\u00a0Où\u202f?\u00a0»", "où"),
        ("STRASSE straße", "strasse strasse"),
        ("co\u00adopé\u200bration", "coopération"),
        ("co\u00adope\u0301ration", "coopération"),
        ("2² ﬁn ＡＢ", "22 fin ab"),
        ("\u2764\ufe0f cœ\ufe0eur", "\u2764 cœur"),
        ("l´homme", "l homme"),
        ("\ud800 alone", "alone"),
        ("ΣΊΣΥΦΟΣ λόγος", "σίσυφοσ λόγοσ"),
    ],
)
def test_what_words_come_to(text: str, expected: str) -> None:
    wanted = unicodedata.normalize("NFC", expected).encode().split()
    assert words.tokens(text) == wanted
    assert words.tokens(text + PLAIN) == wanted + PLAIN.encode().split()
