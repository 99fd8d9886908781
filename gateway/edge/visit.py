"""One request with all that is known of it before the origin is asked: what the gate and its leaves hand
each other."""

from __future__ import annotations

from typing import NamedTuple

from gateway.model.decision import Decision
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.policy.compile import Policy
from gateway.policy.decide import judge_strictest
from gateway.policy.ways import Way


class Visit(NamedTuple):
    """One request with what is known before the origin is asked.

    ``way`` is the path's, for the record that all its requests share; ``here`` is what this request
    narrows it to, for choosing how to fetch.
    """

    request: Request
    reader: Reader
    way: Way
    here: Way
    policy: Policy
    now: float

    def by_strictest(self) -> Decision:
        """What the reader gets if the page turns out as strict as its rules allow."""
        return judge_strictest(self.here, self.reader, self.now)
