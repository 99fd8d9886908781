"""Where quotations stand in a row of paragraphs: « », “ ” and „ “, and »the other way round«.

A mark that nothing answers is no quotation, so a slip of the pen encloses nothing. A quotation of
several paragraphs may repeat its opening mark at the head of each. Knows nothing of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_MARKS = re.compile("[«»“”„]")
_CLOSED_BY = {"«": "»", "»": "«", "“": "”", "„": "“”"}


@dataclass(frozen=True, slots=True)
class _Opened:
    mark: str
    paragraph: int
    at: int


def quoted(paragraphs: Sequence[str], number: int) -> list[tuple[int, int]]:
    """The quotations in one paragraph, each from before its opening to behind its closing mark. One
    that began earlier begins at -1, one that goes on ends past the paragraph's end."""
    found: list[tuple[int, int]] = []
    opened: list[_Opened] = []
    opening = ""  # which of « and » opens here: the first that is seen
    for here, text in enumerate(paragraphs):
        if here > number and not opened:
            break
        for match in _MARKS.finditer(text):
            mark, at = match[0], match.start()
            if mark in "«»":
                opening = opening or mark
            last = next((n for n in _backwards(opened) if mark in _CLOSED_BY[opened[n].mark]), None)
            if last is not None:
                begun = opened[last]
                del opened[last:]
                if begun.paragraph <= number <= here:
                    start = begun.at if begun.paragraph == number else -1
                    found.append((start, at + 1 if here == number else len(paragraphs[number]) + 1))
            elif mark in ("“", "„", opening) and not _repeated(opened, mark, here, text[:at]):
                opened.append(_Opened(mark, here, at))
    return found


def is_inside(position: int, quotations: Sequence[tuple[int, int]]) -> bool:
    return any(start < position < stop for start, stop in quotations)


def _backwards(opened: Sequence[_Opened]) -> range:
    return range(len(opened) - 1, -1, -1)


def _repeated(opened: Sequence[_Opened], mark: str, here: int, before: str) -> bool:
    """At the head of a further paragraph of a quotation."""
    return (
        any(each.mark == mark and each.paragraph < here for each in opened) and not before.strip()
    )
