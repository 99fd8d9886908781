"""Addresses of pictures and sounds: those that an attribute holds, and where a text names them.

An address is compared whole: ``/images/1`` isn't named by ``/images/12``, nor ``a.jpg`` by
``a.jpg.webp``; a query behind it makes no other picture, and neither does a host before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

# In a ``srcset`` an address may hold commas, but neither begins nor ends with one (WHATWG HTML,
# "parse a srcset attribute").
_CANDIDATE = re.compile(r"([^\s,](?:\S*[^\s,])?)(?:,|\s[^,]*|$)")
_GOES_ON = re.compile(r"[\w~+@-]|\.\w|\\?/")
_IN_A_NAME = re.compile(r"[\w~+@%.-]")
_SEGMENT = re.compile(r"\w+(?:[.~+@-]+\w+)*")
_FEW = 40


def held(name: str, value: str) -> Iterator[str]:
    """The addresses in an attribute. A picture within the page has none."""
    for address in _CANDIDATE.findall(value) if name.endswith("srcset") else (value.strip(),):
        if address and address[:5].lower() != "data:":
            yield address


class Addresses:
    """Those that are looked for."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._all = tuple(addresses)
        self._by_tail: dict[str, list[str]] = {}
        for address in self._all:
            for tail in _SEGMENT.findall(address)[-1:]:
                self._by_tail.setdefault(tail, []).append(address)

    def __bool__(self) -> bool:
        return bool(self._all)

    def named_in(self, text: str) -> list[str]:
        likely: Iterable[str] = self._all
        if len(self._all) > _FEW:
            segments = dict.fromkeys(_SEGMENT.findall(text))
            likely = [each for tail in segments for each in self._by_tail.get(tail, ())]
        return [address for address in likely if next(_places(text, address), None) is not None]

    def taken_out_of(self, text: str) -> str:
        for address in self.named_in(text):
            kept, at = [], 0
            for start, end in sorted(_places(text, address)):
                kept.append(text[at:start])
                at = end
            text = "".join((*kept, text[at:]))
        return text


def _places(text: str, address: str) -> Iterator[tuple[int, int]]:
    """Where it stands, as it is, in markup or in a script's string."""
    rooted = address.startswith("/") or "//" in address
    for form in dict.fromkeys((address, escape(address, quote=False), address.replace("/", "\\/"))):
        at = text.find(form)
        while at >= 0:
            end = at + len(form)
            if not _GOES_ON.match(text, end) and (
                rooted or not at or not _IN_A_NAME.match(text, at - 1)
            ):
                yield at, end
            at = text.find(form, end)
