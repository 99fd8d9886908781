"""One variant with its last lines: all that is the same for whoever gets it within one second.

Pure: what ``egress`` wrote once, with an Age and a Date. It knows no request and no reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.edge import egress
from gateway.model.page import Variant
from gateway.ops.counters import Tally


@dataclass(slots=True)
class Ready:
    """``tally`` counts answers with the page, ``not_modified_tally`` those that it hasn't changed."""

    variant: Variant
    tally: Tally
    not_modified_tally: Tally
    second: int = -1
    ending: bytes = b""
    buffers: list[bytes] = field(default_factory=list)

    def whole(self, now: float, dates: egress.Dates) -> list[bytes]:
        """To be written, and not to be changed."""
        if self.second != int(now):
            self._renew(now, dates)
        return self.buffers

    def not_modified(self, now: float, dates: egress.Dates) -> list[bytes]:
        """The 304 of it."""
        if self.second != int(now):
            self._renew(now, dates)
        return [self.variant.not_modified, self.ending]

    def _renew(self, now: float, dates: egress.Dates) -> None:
        variant = self.variant
        ending = dates.at(now)
        if variant.born_at:
            ending = b"age: %d\r\n%b" % (egress.age(variant, now), ending)
        self.second, self.ending = int(now), ending
        self.buffers = [variant.head + ending, variant.body]
