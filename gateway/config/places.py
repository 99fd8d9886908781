"""Where each key of a TOML text stands. Pure.

``tomllib`` gives values without places, so the text is walked a second time. It has parsed by then:
the walk trusts its syntax, and looks only for where keys and values begin. Lines and columns count
from 1.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field

KeyPath = tuple[str | int, ...]
Spot = tuple[int, int]
_BLANK = " \t\r\n"


@dataclass(slots=True)
class Places:
    """``keys`` holds where a key is written (or its table's header), ``values`` its value."""

    keys: dict[KeyPath, Spot] = field(default_factory=dict)
    values: dict[KeyPath, Spot] = field(default_factory=dict)

    def of_value(self, path: KeyPath) -> Spot:
        """The value's place; where it has none, that of the nearest key around it; else (1, 1)."""
        for length in range(len(path), 0, -1):
            spot = self.values.get(path[:length]) or self.keys.get(path[:length])
            if spot is not None:
                return spot
        return 1, 1

    def of_key(self, path: KeyPath) -> Spot:
        return self.keys.get(path) or self.of_value(path)


def locate(text: str) -> Places:
    """The places in a text that ``tomllib`` has accepted."""
    walk = _Walk(text)
    walk.document()
    return walk.places


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places = Places()
        self.tables: dict[KeyPath, int] = {}  # how many tables an array of tables has so far
        self.line_starts = [0]
        for index, character in enumerate(text):
            if character == "\n":
                self.line_starts.append(index + 1)

    def spot(self) -> Spot:
        low, high = 0, len(self.line_starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.line_starts[middle] <= self.at else (low, middle)
        return low + 1, self.at - self.line_starts[low] + 1

    def document(self) -> None:
        table: KeyPath = ()
        while self.blank():
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def blank(self) -> bool:
        """Skip white space and comments; whether anything is left."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in _BLANK:
                self.at += 1
            else:
                return True
        return False

    def header(self) -> KeyPath:
        spot = self.spot()
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        path = self.current(self.key(), array=array)
        self.at = self.text.index("]", self.at) + (2 if array else 1)
        self.places.keys.setdefault(path, spot)
        if array:
            self.places.keys.setdefault(path[:-1], spot)
        return path

    def current(self, parts: list[str], *, array: bool) -> KeyPath:
        """A header's path, with the number of the table where a part is an array of tables."""
        path: KeyPath = ()
        for number, part in enumerate(parts):
            path = (*path, part)
            if array and number == len(parts) - 1:
                self.tables[path] = self.tables.get(path, 0) + 1
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
        return path

    def pair(self, table: KeyPath) -> None:
        spot = self.spot()
        parts = self.key()
        for length in range(1, len(parts) + 1):
            self.places.keys.setdefault((*table, *parts[:length]), spot)
        self.at = self.text.index("=", self.at) + 1
        self.blank()
        self.value((*table, *parts))

    def key(self) -> list[str]:
        """A dotted key, its quotes taken off."""
        parts = []
        while True:
            self.blank()
            begin = self.at
            if self.text[self.at] in "\"'":
                self.string()
                quoted = self.text[begin : self.at]
                parts.append(str(tomllib.loads(f"k = {quoted}")["k"]))
            else:
                while self.text[self.at] not in " \t.=]":
                    self.at += 1
                parts.append(self.text[begin : self.at])
            while self.text[self.at] in " \t":
                self.at += 1
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def value(self, path: KeyPath) -> None:
        self.places.values[path] = self.spot()
        first = self.text[self.at]
        if first in "\"'":
            self.string()
        elif first == "[":
            self.array(path)
        elif first == "{":
            self.inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\r\n":
                self.at += 1

    def array(self, path: KeyPath) -> None:
        self.at += 1
        number = 0
        while self.blank() and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.value((*path, number))
            number += 1
        self.at += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self.blank() and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.pair(path)
        self.at += 1

    def string(self) -> None:
        quote = self.text[self.at]
        escapes = quote == '"'
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(mark)
        while not self.text.startswith(mark, self.at):
            self.at += 2 if escapes and self.text[self.at] == "\\" else 1
        self.at += len(mark)
        if len(mark) == 3:  # up to two quotes may stand right before the closing three
            while self.at < len(self.text) and self.text[self.at] == quote:
                self.at += 1
