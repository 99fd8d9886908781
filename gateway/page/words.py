"""Words as they are counted, and as they are compared.

Counted: what stands between spaces; scripts that use none (Chinese, Japanese, Thai) count by length.
Compared: letters and digits alone, folded, so that no space, quote, hyphen or case tells two copies
of one sentence apart.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category, normalize

# Bytes are split four times as fast as a regex finds words in text. What isn't a letter or digit
# becomes a space: in ASCII by this table, beyond it by the blocks that punctuation stands in.
_SPACED = bytes(byte if byte > 127 or chr(byte).isalnum() else 0x20 for byte in range(256))
_SPACED_AND_FOLDED = _SPACED.lower()
_PUNCTUATION = re.compile(
    rb"\xc2[\x80-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf]|\xc3\x97|\xe2\x80[\x80-\xbf]|\xe3\x80[\x80-\x9f]"
)
# Soft hyphens, joiners, direction marks, variation selectors (of emoji) and the byte order mark: seen by
# nobody, counted by regexes.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
# What NFKC makes of an acute accent that stands by itself.
_LONE_MARK = re.compile(" [\u0300-\u036f]+")
# Scripts without spaces: each run of characters becomes its overlapping pieces, so that a row of
# words is about as long a text there as anywhere. Punctuation ends no run: clauses there are shorter
# than a piece, and whoever copies a text may write a stop in full width or not.
_CHARACTERS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff"
    "\U00020000-\U0003ffff"
)
_CHARACTER = f"[{_CHARACTERS}]"
_STOPS = "[,.!?:;()~\u00b7\u2010-\u2027\u3001\u3002\u3008-\u301f]"
_UNSPACED = re.compile(f"{_CHARACTER}(?:{_STOPS}*{_CHARACTER}){{8,}}")
_STOP = re.compile(_STOPS)
_UNSPACED_CHARACTER = re.compile(_CHARACTER)
_PIECE_CHARACTERS = 8
_LONG_CHARACTERS = 40
# Above this average a text isn't in words with spaces between them, or not all of it.
_SPACED_WORD_CHARACTERS_MAX = 12
_UNSPACED_WORD_CHARACTERS = 4
_NO_BREAK = ("\u00a0", "\u202f")
# Of a text in Latin letters few characters are beyond ASCII, and few different ones. To fold each of
# these once costs a fifth of folding and searching all of the text, but not where one means something
# with its neighbours alone.
_ASCII = bytes(range(128))
_USUAL = "’«»“”…–—\u00a0\u202f"  # one character for another: a fifth of what bytes for bytes takes
_BEYOND_SHARE = 8
_SIGNS_MAX = 24
_SIGNS_KNOWN_MAX = 4_096
_JOINING = re.compile(f"[\u1100-\u11ff{_CHARACTERS}]")  # jamo, and what is cut into pieces


def tokens(text: str) -> list[bytes]:
    """The words of a text in the form in which copies are compared."""
    if text.isascii():
        return text.encode().translate(_SPACED_AND_FOLDED).split()
    spaced = text
    for sign in _USUAL:
        spaced = spaced.replace(sign, " ")
    octets = spaced.encode("utf-8", "replace")
    beyond = octets.translate(None, _ASCII).decode()
    if len(beyond) * _BEYOND_SHARE <= len(octets):
        alone = {sign.encode(): _alone(sign) for sign in set(beyond)}
        others = [(own, to) for own, to in alone.items() if to is not None and to != own]
        if len(others) <= _SIGNS_MAX and None not in alone.values():
            for own, to in others:
                octets = octets.replace(own, to)
            return octets.translate(_SPACED_AND_FOLDED).split()
    return _folded(text).split()


def _folded(text: str) -> bytes:
    """NFKC undoes combining marks, jamo, ligatures, full-width and styled letters."""
    text = _LONE_MARK.sub(" ", normalize("NFKC", _UNSEEN.sub("", text)))
    folded = _UNSPACED.sub(_pieces, text).casefold().encode("utf-8", "replace").translate(_SPACED)
    return _PUNCTUATION.sub(b" ", folded)


@lru_cache(_SIGNS_KNOWN_MAX)
def _alone(sign: str) -> bytes | None:
    """What one character is folded to; None where that depends on its neighbours."""
    if _UNSEEN.match(sign):
        return b""
    if category(sign).startswith("M") or _JOINING.match(sign):
        return None
    return _folded(sign)


def _pieces(match: re.Match[str]) -> str:
    run = _STOP.sub("", match[0])
    ends = range(_PIECE_CHARACTERS, len(run) + 1)
    return " " + " ".join(run[end - _PIECE_CHARACTERS : end] for end in ends) + " "


def unspaced(text: str) -> int:
    """How many characters of it belong to a script without spaces."""
    return 0 if text.isascii() else len(_UNSPACED_CHARACTER.findall(text))


def count(text: str) -> int:
    spaced = text.strip(" ")
    # Mostly one space stands between two words, and nothing else parts any: splitting a page only
    # to count its words takes three times as long.
    if not spaced.isascii():
        for space in _NO_BREAK:
            spaced = spaced.replace(space, " ")
        spaced = spaced.strip(" ")
    if spaced.isprintable() and "  " not in spaced:  # no space but U+0020 is printable
        counted = spaced.count(" ") + 1 if spaced else 0
        if len(text) <= _SPACED_WORD_CHARACTERS_MAX * counted:
            return counted
    words = text.split()
    if len(text) <= _SPACED_WORD_CHARACTERS_MAX * len(words):
        return len(words)
    return sum(map(weight, words))


def weight(word: str) -> int:
    """How many words one run of characters without a space counts for."""
    if len(word) < _LONG_CHARACTERS:
        return 1
    return len(word) // _UNSPACED_WORD_CHARACTERS
