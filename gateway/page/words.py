"""Words as they are counted, and as they are compared.

Counted: what stands between spaces; scripts that use none (Chinese, Japanese, Thai) count by length.
Compared: letters and digits alone, folded, so that no space, quote, hyphen or case tells two copies
of one sentence apart.
"""

from __future__ import annotations

import re
from unicodedata import normalize

_TOKEN = re.compile(r"\w+")
# Soft hyphens, joiners, direction marks and the byte order mark: seen by nobody, counted by regexes.
_UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# What NFKC would change about a word: combining marks, jamo, ligatures, full-width and styled letters.
_ODD = re.compile(
    "[\u00ad\u0300-\u036f\u1100-\u11ff\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\ufb00-\ufb06\ufeff\uff01-\uffef\U0001d400-\U0001d7ff]"
)
_LONG_CHARACTERS = 40
_UNSPACED_WORD_CHARACTERS = 4


def tokens(text: str) -> list[str]:
    """The words of a text in the form in which copies are compared."""
    if not text.isascii() and _ODD.search(text):
        text = normalize("NFKC", _UNSEEN.sub("", text))
    return _TOKEN.findall(text.casefold().replace("_", " "))


def count(text: str) -> int:
    words = text.split()
    if len(max(words, key=len, default="")) < _LONG_CHARACTERS:
        return len(words)
    return sum(map(weight, words))


def weight(word: str) -> int:
    """How many words one run of characters without a space counts for."""
    if len(word) < _LONG_CHARACTERS:
        return 1
    return len(word) // _UNSPACED_WORD_CHARACTERS
