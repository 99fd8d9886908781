"""What a teaser withholds, in a form that finds any copy of it quickly.

A copy is a run of ``RUN`` words in a row that stands in the withheld text and not in what is shown.
Shorter runs are anybody's words: a menu that names the same port isn't a leak. A short paragraph is
a copy as a whole. Runs are looked up by every fourth four-word piece of the withheld text, and only
where four words of a text in a row belong to its vocabulary, so an innocent page costs little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.page import hidden_forms
from gateway.page.words import tokens

RUN = 7
_PIECE = 4
_SHORT_MIN = 5
_MEDIA_CHARACTERS_MIN = 8


class Withheld:
    """``texts`` are the withheld passages in order, ``shown`` what the teaser shows of the article.

    ``media`` are addresses that nothing shown uses.
    """

    def __init__(
        self, texts: Iterable[str], shown: Iterable[str], media: Iterable[str] = ()
    ) -> None:
        passages = [tokens(text) for text in texts]
        row = [word for passage in passages for word in passage]
        self._text = f" {' '.join(row)} "
        self._shown = "".join(f" {' '.join(tokens(text))} |" for text in shown)
        self._vocabulary = frozenset(row)
        self._pieces = frozenset(
            " ".join(row[at : at + _PIECE]) for at in range(0, len(row) - _PIECE + 1, _PIECE)
        )
        self._short = tuple(
            f" {' '.join(passage)} "
            for passage in passages
            if _SHORT_MIN <= len(passage) < RUN and f" {' '.join(passage)} " not in self._shown
        )
        self.media = tuple(address for address in media if len(address) >= _MEDIA_CHARACTERS_MIN)

    def __bool__(self) -> bool:
        return bool(self._vocabulary) or bool(self.media)

    def stands_in(self, text: str) -> bool:
        """Whether the text carries a copy, in whatever form."""
        return any(self._copied(tokens(face)) for face in hidden_forms.faces(text))

    def _copied(self, row: list[str]) -> bool:
        if next(self.copies(row), None) is not None:
            return True
        if self._short:
            joined = f" {' '.join(row)} "
            return any(short in joined for short in self._short)
        return False

    def copies(self, row: list[str]) -> Iterator[int]:
        """Where in a row of folded words a copy begins; each run may be told more than once."""
        vocabulary, pieces = self._vocabulary, self._pieces
        known = 0
        for at, word in enumerate(row):
            if word not in vocabulary:
                known = 0
                continue
            known += 1
            if known < _PIECE or " ".join(row[at - _PIECE + 1 : at + 1]) not in pieces:
                continue
            first = max(0, at - RUN + 1)
            for start in range(first, min(at - _PIECE + 2, len(row) - RUN + 1)):
                run = f" {' '.join(row[start : start + RUN])} "
                if run in self._text and run not in self._shown:
                    yield start

    def covered(self, row: list[str]) -> set[int]:
        """The places of every word that belongs to a copy."""
        found = {at for start in self.copies(row) for at in range(start, start + RUN)}
        for short in self._short:
            wanted = short.split()
            for at in range(len(row) - len(wanted) + 1):
                if row[at : at + len(wanted)] == wanted:
                    found.update(range(at, at + len(wanted)))
        return found
