"""What a teaser withholds, in a form that finds any copy of it quickly.

A copy is a run of ``RUN`` words in a row that stands in the withheld text and not in what is shown.
Shorter runs are anybody's words: a menu that names the same port isn't a leak. A short paragraph or
line is a copy as a whole. Runs are looked up by three words in every five of the withheld text; in a long
text only where as many words in a row belong to its vocabulary, so an innocent page costs little.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import chain, compress, count

from gateway.page import hidden_forms
from gateway.page.words import tokens, unspaced

RUN = 7
_PIECE = 3
_STEP = RUN - _PIECE + 1  # so each run of ours holds a whole piece
_SHORT_ROW = 4  # a row this many times shorter than the withheld one is short
_PAIRS_MAX = 100_000  # of a piece's place in ours and one in the row
_TRIES_MAX = 20_000
_SHORT_MIN = 5
_SHORT_CHARACTERS_MAX = 120
_SHORT_UNSPACED_MIN = 8  # characters of a script without spaces; about as many words as above
_KNOWN = re.compile(rb"\x01")
_KNOWN_RUN = re.compile(rb"\x01{%d,}" % RUN)
_MEDIA_CHARACTERS_MIN = 8

Piece = tuple[bytes, ...]

NO_WORD = b""  # stands between two texts, so that no copy is made of both


class Withheld:
    """``texts`` are the withheld passages in order, ``shown`` what the teaser shows of the article.

    ``around`` is other text of the article, such as its tags: only long runs of it are searched for.
    ``lines`` are pieces of the passages that may be copied one by one, such as a list's points.
    ``media`` are addresses that nothing shown uses.
    """

    def __init__(
        self,
        texts: Iterable[str],
        shown: Iterable[str],
        media: Iterable[str] = (),
        around: Collection[str] = (),
        lines: Iterable[str] = (),
    ) -> None:
        passages, shown, lines = list(texts), list(shown), list(lines)
        self._body = (passages, shown, lines) if around else None
        row = tokens("\n".join((*passages, *around)))
        self._row = row
        self._new = True  # nothing was searched for yet
        self._shown = b"".join(_framed(tokens(text)) + b"|" for text in shown)
        self._short = {
            short
            for passage in (*passages, *lines)
            if len(passage) <= _SHORT_CHARACTERS_MAX
            and (short := _short(passage))
            and _framed(list(short)) not in self._shown
        }
        self._short_firsts = {short[0] for short in self._short}
        self._short_lengths = {len(short) for short in self._short}
        self.media = tuple(address for address in media if len(address) >= _MEDIA_CHARACTERS_MIN)

    @cached_property
    def of_body(self) -> Withheld:
        """The same without what stands around the body: its tags and links are facts elsewhere."""
        if self._body is None:
            return self
        texts, shown, lines = self._body
        return Withheld(texts, shown, lines=lines)

    @cached_property
    def _vocabulary(self) -> frozenset[bytes]:
        return frozenset(self._row)

    @cached_property
    def _text(self) -> bytes:
        return _framed(self._row)

    @cached_property
    def _index(self) -> dict[Piece, list[int]]:
        """Where in ours each piece begins that is looked for."""
        found: dict[Piece, list[int]] = {}
        for number, piece in enumerate(self._own_pieces()):
            found.setdefault(piece, []).append(number * _STEP)
        return found

    def _own_pieces(self) -> Iterator[Piece]:
        return zip(*(self._row[at::_STEP] for at in range(_PIECE)), strict=False)

    def __bool__(self) -> bool:
        return bool(self._row) or bool(self.media)

    def stands_in(self, text: str, apart: Iterable[list[bytes]] = ()) -> bool:
        """Whether the text carries a copy, in whatever form, or one of the rows ``apart`` does."""
        row: list[bytes] = []
        for each in apart:
            row += each
            row.append(NO_WORD)
        for face in hidden_forms.faces(text):
            row += tokens(face)
            row.append(NO_WORD)
        return self._copied(row)

    def _copied(self, row: list[bytes]) -> bool:
        return next(self.copies(row), None) is not None or next(self._shorts(row), None) is not None

    def _shorts(self, row: list[bytes]) -> Iterator[tuple[int, int]]:
        """Where in a row a short text or line stands as a whole."""
        if not self._short:
            return
        for at in compress(count(), map(self._short_firsts.__contains__, row)):
            for length in self._short_lengths:
                if tuple(row[at : at + length]) in self._short:
                    yield at, min(at + length, len(row))

    def shows(self, text: str) -> bool:
        """Whether all of a text stands in what is shown, and is more than anybody's words."""
        words = tokens(text)
        return len(words) >= _SHORT_MIN and _framed(words) in self._shown

    def copies(self, row: list[bytes]) -> Iterator[int]:
        """Where in a row of folded words a copy begins; each run may be told more than once."""
        # Most pages are asked about once, and most are short by now: to look at every piece of one
        # costs less than to know all withheld words.
        at_once = self._new and len(row) * _SHORT_ROW < len(self._row)
        self._new = False
        stretches = [(0, len(row))] if at_once else self._known(row)
        here = [(first, _pieces(row[first:end])) for first, end in stretches]
        pieces = set(chain.from_iterable(each for _, each in here))
        if not pieces:
            return
        if at_once:
            known = bytes(map(pieces.__contains__, self._own_pieces()))
            starts = (found.start() * _STEP for found in _KNOWN.finditer(known))
            shared = [(start, tuple(self._row[start : start + _PIECE])) for start in starts]
        else:
            shared = [(at, piece) for piece in pieces for at in self._index.get(piece, ())]
        places = _places(here, {piece for _, piece in shared})
        ours, pairs = self._row, 0
        # From the end, so that no place is beyond it: a run has to hold one of its piece's neighbours.
        next_here, next_ours = _PIECE - len(row), _PIECE - len(ours)
        for start, piece in shared:
            for at in places[piece]:
                pairs += 1
                if pairs > _PAIRS_MAX:
                    yield from self._searched(row)
                    return
                following = row[at + next_here] == ours[start + next_ours]
                if following or row[at - 1] == ours[start - 1]:
                    yield from self._around(row, at, start)

    def _known(self, row: list[bytes]) -> list[tuple[int, int]]:
        """The stretches of a row that hold withheld words alone, and enough of them."""
        known = bytes(map(self._vocabulary.__contains__, row))
        return [stretch.span() for stretch in _KNOWN_RUN.finditer(known)]

    def _around(self, row: list[bytes], at: int, own: int) -> Iterator[int]:
        """The runs around a piece that stands at ``at`` in a row and at ``own`` in ours."""
        ours, before, behind = self._row, 0, _PIECE
        while before < min(at, own, _STEP - 1) and row[at - before - 1] == ours[own - before - 1]:
            before += 1
        rest = min(len(row) - at, len(ours) - own, RUN)
        while behind < rest and row[at + behind] == ours[own + behind]:
            behind += 1
        for shift in range(max(0, RUN - behind), before + 1):
            start = at - shift
            if _framed(row[start : start + RUN]) not in self._shown:
                yield start

    def _searched(self, row: list[bytes]) -> Iterator[int]:
        """The same for texts that say the same few words over and over."""
        starts = [at for first, end in self._known(row) for at in range(first, end - _PIECE + 1)]
        if len(starts) > _TRIES_MAX:
            yield from starts  # Too many to look at: each is taken for a copy.
            return
        for start in starts:
            run = row[start : start + RUN]
            framed = _framed(run)
            if len(run) == RUN and framed in self._text and framed not in self._shown:
                yield start

    def covered(self, row: list[bytes]) -> set[int]:
        """The places of every word that belongs to a copy."""
        ends = ((start, min(start + RUN, len(row))) for start in self.copies(row))
        found = {at for start, end in ends for at in range(start, end)}
        for start, end in self._shorts(row):
            found.update(range(start, end))
        return found


def _short(passage: str) -> tuple[bytes, ...]:
    """The words of a passage that is searched for as a whole; none where it says too little."""
    words = tokens(passage)
    if len(words) < RUN and (len(words) >= _SHORT_MIN or unspaced(passage) >= _SHORT_UNSPACED_MIN):
        return tuple(words)
    return ()


def _pieces(row: list[bytes]) -> list[Piece]:
    return list(zip(*(row[n:] for n in range(_PIECE)), strict=False))


def _places(here: Iterable[tuple[int, list[Piece]]], wanted: set[Piece]) -> dict[Piece, list[int]]:
    """Where each of the wanted pieces stands. ``here``: the pieces of each stretch, and where the first
    of them stands."""
    places: dict[Piece, list[int]] = {piece: [] for piece in wanted}
    if wanted:
        for first, pieces in here:
            for found in _KNOWN.finditer(bytes(map(wanted.__contains__, pieces))):
                places[pieces[found.start()]].append(first + found.start())
    return places


def _framed(words: list[bytes]) -> bytes:
    """Words in a row, so that no search in it finds half a word."""
    return b" " + b" ".join(words) + b" "
