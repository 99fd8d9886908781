"""A clock that can be moved forward, shared by the stand-in, the demo and the gateway in a test.

Knows nothing of what becomes due: ``agenda`` does. Deadlines and durations stay in real time
(``monotonic``), so that a leap over a month doesn't time anything out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.clock import Clock, SystemClock


class MovableClock:
    """Runs on from real time plus what it was moved by; or stands still at ``at`` until moved."""

    def __init__(self, *, at: float | None = None, base: Clock | None = None) -> None:
        self._base: Clock = base or SystemClock()
        self._still = at
        self._moved = 0.0
        self._turning_at: float | None = None

    def now(self) -> float:
        if self._turning_at is not None:
            return self._turning_at
        return (self._base.now() if self._still is None else self._still) + self._moved

    def monotonic(self) -> float:
        return self._base.monotonic()

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("time doesn't run backwards here")
        self._moved += seconds

    @contextmanager
    def turning(self, at: float) -> Iterator[None]:
        """While a thing that fell due at ``at`` is being done, it is that time.

        Nothing is awaited inside, so nobody else reads the clock meanwhile.
        """
        before, self._turning_at = self._turning_at, at
        try:
            yield
        finally:
            self._turning_at = before
