"""The only reader of the time. Times are seconds since the epoch as ``float`` unless a name says else.

Pure files take ``now`` as a parameter; the rim holds a ``Clock``. Tests and the demo's test clock
give another one.
"""

from __future__ import annotations

import time
from typing import Protocol

SET_BACK_SECONDS = 2.0


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch: for expiry, freshness and what is written down."""

    def monotonic(self) -> float:
        """Seconds from any start, never set back: for deadlines and durations."""


class SystemClock:
    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)


class ClockWatch:
    """Notices that a clock was set back: what is good until an instant of it would be so for as much
    longer. Forward is no matter, for what was kept then ends sooner."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_seconds = clock.now() - clock.monotonic()

    def set_back(self) -> bool:
        """Whether by more than SET_BACK_SECONDS in all, since it was last so. Smaller steps add up."""
        ahead_seconds = self._clock.now() - self._clock.monotonic()
        if self._ahead_seconds - ahead_seconds <= SET_BACK_SECONDS:
            self._ahead_seconds = max(self._ahead_seconds, ahead_seconds)
            return False
        self._ahead_seconds = ahead_seconds
        return True
