"""Where a text may be cut: after a finished sentence, else after a word, never inside a character.

Knows French and English habits: a space before ``!`` and ``?``, guillemets, abbreviations, initials.
A place that might be the middle of a sentence isn't an end, nor is one within a quotation: a teaser
is rather shorter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from gateway.page.quotations import is_inside
from gateway.page.words import weight

_END = re.compile(
    r"(?P<stop>[.!?…]+|[。！？]+)(?P<close>(?:“|[\s\u00a0\u202f]?[»”’\"')\]])*)(?=(?P<next>\s*\S?))",
)
_ABBREVIATIONS = frozenset(
    (
        "m mm mme mmes mlle mlles me dr drs pr mgr st ste cf p pp art al ex env av apr vol chap fig no"
        " nos n° n mr mrs ms prof sr jr gen col sen rep gov lt capt sgt hon rev inc ltd co corp dept"
        " jan feb mar apr jun jul aug sep sept oct nov dec mt vs e.g i.e u.s u.k u.n a.m p.m etc approx"
        " janv févr avr juill déc boul bd tél min max réf coll éd"
    ).split()
)
_WORD = re.compile(r"[^\W_](?:[\w.’'-]*\w)?°?$")
_OPENERS = "«“‘\"'([—–-"
_ELLIPSIS = "…"


def cut(
    text: str, words_max: int, *, force: bool, quotations: Sequence[tuple[int, int]] = ()
) -> tuple[int, str]:
    """How many characters of ``text`` may be shown within ``words_max`` words, and what to add.

    (0, "") where no sentence ends in time; with ``force`` then the whole words, and an ellipsis.
    """
    limit = _words_end(text, words_max)
    if limit >= len(text.rstrip()) and not is_inside(len(text), quotations):
        return len(text), ""
    ends = [match.end("close") for match in _END.finditer(text) if _finishes(text, match)]
    fitting = [end for end in ends if end <= limit and not is_inside(end, quotations)]
    if fitting:
        return fitting[-1], ""
    if not force or limit == 0:
        return 0, ""
    return _character_start(text, limit), _ELLIPSIS


def _words_end(text: str, words_max: int) -> int:
    """Where the last word that still fits ends."""
    used, end = 0, 0
    for match in re.finditer(r"\S+", text):
        cost = weight(match[0])
        if used + cost > words_max:
            if cost > 1 and words_max > used:
                return match.start() + (words_max - used) * 4
            break
        used += cost
        end = match.end()
    return end


def _finishes(text: str, match: re.Match[str]) -> bool:
    stop, following = match["stop"], match["next"]
    if stop[0] in "。！？":
        return True
    if following and not following[0].isspace() and match.end("close") < len(text):
        return False
    upcoming = following.strip()
    if upcoming and (upcoming.islower() or upcoming in ",;:"):
        return False
    if stop != ".":
        return True
    word = _WORD.search(text, max(0, match.start() - 40), match.start())
    if word is None:
        return True
    name = word[0].lower()
    initials = len(name.replace(".", "")) == 1 and name.isalpha() and word[0].isupper()
    last = re.split(r"[’']", name)[-1]
    if initials or name in _ABBREVIATIONS or last in _ABBREVIATIONS:
        return False
    if re.fullmatch(r"(?:\w\.)+\w", name):
        return False
    # "the 3. of May", "Jan. 3. The": a number before a stop ends a sentence only before a capital.
    return not (name.isdigit() and upcoming.isdigit())


def _character_start(text: str, at: int) -> int:
    """The nearest place at or before ``at`` that isn't inside one character as readers see it
    (Unicode TR29, grapheme clusters, erring towards longer ones)."""
    while 0 < at < len(text) and _joined(text, at):
        at -= 1
    return at


def _joined(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    return (
        unicodedata.category(after) in ("Mn", "Me", "Mc")
        or after in "\u200d\ufe0f\ufe0e\u200c"
        or before == "\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or ("\U0001f1e6" <= after <= "\U0001f1ff" and "\U0001f1e6" <= before <= "\U0001f1ff")
        or ("\u1100" <= after <= "\u11ff" and "\u1100" <= before <= "\u11ff")
        or "\U000e0020" <= after <= "\U000e007f"
    )
