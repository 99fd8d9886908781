"""What a pure function says of a name, kept, and looked up at a dictionary's speed.

A head has a dozen names that were all seen before, and each is asked about three times on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

NAMES_MAX = 1024
NAME_BYTES_MAX = 100  # no field that anyone reads is longer


class Remembered(dict[bytes, Value]):
    """``remembered[name]`` is ``of(name)``. Full, it begins anew, and long names aren't kept: who
    floods it costs time and no memory."""

    __slots__ = ("_of",)

    def __init__(self, of: Callable[[bytes], Value]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, name: bytes) -> Value:
        value = self._of(name)
        if len(name) <= NAME_BYTES_MAX:
            if len(self) >= NAMES_MAX:
                self.clear()
            self[name] = value
        return value
