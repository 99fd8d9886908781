"""Text that somebody else chose, as it may stand in a page, a table or a terminal. Pure.

Marks that turn the direction of what follows, and characters that can't be seen, are written out:
whoever reads ``txt.exe`` must know that the letters stand in another order.
"""

from __future__ import annotations

import unicodedata

CHARACTERS_MAX = 300
# Cc: control, Cf: format (bidi marks and joiners among them), Cs: half a character, Zl Zp: line ends.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def plain(text: str, *, longest: int = CHARACTERS_MAX) -> str:
    """On one line, cut where it is long."""
    if len(text) <= longest and text.isprintable():
        return text
    cut = text[: longest + 1]
    seen = "".join(
        f"[U+{ord(each):04X}]" if unicodedata.category(each) in _UNSEEN else each for each in cut
    )
    return seen if len(text) <= longest else f"{seen[:longest]}…"


def looks_like_a_formula(text: str) -> bool:
    """What a spreadsheet would compute when it opens a table of plain text."""
    return text.lstrip(" ").startswith(_FORMULA)
