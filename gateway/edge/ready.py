"""One variant with its last lines: all that is the same for whoever gets it within one second.

Pure: what ``egress`` wrote once, with an Age and a Date. It knows no request and no reader.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gateway.edge import egress
from gateway.model.page import Variant
from gateway.ops.counters import Tally


@dataclass(slots=True)
class Ready:
    """``tally`` counts answers with the page, ``not_modified_tally`` those that it hasn't changed. What
    is to be written, ``buffers`` or ``not_modified``, is so from ``since`` up to ``until``."""

    variant: Variant
    tally: Tally
    not_modified_tally: Tally
    since: float = math.inf
    until: float = -math.inf
    buffers: list[bytes] = field(default_factory=list)
    not_modified: list[bytes] = field(default_factory=list)

    def size(self, tally: Tally) -> int:
        """Of the body that goes out, in bytes, where it is counted so."""
        return len(self.variant.body) if tally is self.tally else 0

    def renew(self, now: float, dates: egress.Dates) -> None:
        """For the second of ``now``. What is to be written isn't to be changed."""
        variant = self.variant
        ending = dates.at(now)
        if variant.born_at:
            ending = b"age: %d\r\n%b" % (egress.age(variant, now), ending)
        self.since = float(math.floor(now))
        self.until = self.since + 1
        self.buffers = [variant.head + ending, variant.body]
        self.not_modified = [variant.not_modified, ending]
