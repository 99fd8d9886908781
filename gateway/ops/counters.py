"""A worker's counters: plain integers, so that the quick lane pays an addition.

``snapshot`` is what travels to the supervisor, which adds the workers up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

# Seconds; the last bucket is everything.
ORIGIN_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Tally:
    """Answers of the quick lane for one reason with one status."""

    reason: str
    status: int
    count: int = 0


class Counters:
    __slots__ = (
        "_quick",
        "cache_hits",
        "cache_misses",
        "decisions",
        "errors",
        "full_lane",
        "origin_buckets",
        "origin_count",
        "origin_seconds",
        "statuses",
        "values",
    )

    def __init__(self) -> None:
        self._quick: dict[tuple[str, int], Tally] = {}  # each of them was a kept page
        self.full_lane = 0
        self.cache_hits = 0
        self.cache_misses = 0
        self.decisions: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()
        self.origin_buckets = [0] * (len(ORIGIN_BUCKETS) + 1)
        self.origin_count = 0
        self.origin_seconds = 0.0
        self.values: dict[str, float] = {}

    def tally(self, reason: str, status: int) -> Tally:
        """To be kept by whoever counts often, and counted up there."""
        return self._quick.setdefault((reason, status), Tally(reason, status))

    def origin_answered(self, seconds: float) -> None:
        """How long the origin took to its head."""
        self.origin_count += 1
        self.origin_seconds += seconds
        for place, bound in enumerate(ORIGIN_BUCKETS):
            if seconds <= bound:
                self.origin_buckets[place] += 1
                return
        self.origin_buckets[-1] += 1

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON can carry it, both lanes together but where they are told apart."""
        decisions, statuses = Counter(self.decisions), Counter(self.statuses)
        quick_lane = 0
        for tally in self._quick.values():
            if tally.count:
                decisions[tally.reason] += tally.count
                statuses[tally.status] += tally.count
                quick_lane += tally.count
        return {
            "quick_lane": quick_lane,
            "full_lane": self.full_lane,
            "cache_hits": self.cache_hits + quick_lane,
            "cache_misses": self.cache_misses,
            "decisions": {str(reason): count for reason, count in decisions.items()},
            "statuses": {str(status): count for status, count in statuses.items()},
            "errors": dict(self.errors),
            "origin_buckets": list(self.origin_buckets),
            "origin_count": self.origin_count,
            "origin_seconds": self.origin_seconds,
            "values": dict(self.values),
        }
