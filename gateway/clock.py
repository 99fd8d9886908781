"""The only reader of the time. Times are seconds since the epoch as ``float`` unless a name says else.

Pure files take ``now`` as a parameter; the rim holds a ``Clock``. Tests and the demo's test clock
give another one.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch: for expiry, freshness and what is written down."""

    def monotonic(self) -> float:
        """Seconds from any start, never set back: for deadlines and durations."""


class SystemClock:
    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
