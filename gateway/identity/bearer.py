"""Whoever bears the cookie of one session, as last checked: what a page asks of them without I/O.

It knows no store and no clock. ``identity.sessions`` makes one at each check and lets it go by
putting its ``until`` in the past, so that whoever still holds it learns that it is over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gateway.model.reader import ANONYMOUS, Reader

NO_STANDING = 0


@dataclass(slots=True)
class Bearer:
    """Flat, since at each request it comes from far away in memory. ``standing`` is so from
    ``stands_from`` until ``until``, which is no later than the session is good; readers whom every
    decision takes alike have the same one. Times in seconds since the epoch."""

    until: float
    standing: int
    used: bool  # since it was checked
    reader: Reader
    stands_from: float
    session_id: str
    checked_at: float
    expires_at: float

    def let_go(self) -> None:
        self.until = -math.inf


# Of no session at all. It is never let go, and no bearer of a session has its standing.
NOBODY = Bearer(math.inf, NO_STANDING, False, ANONYMOUS, -math.inf, "", math.inf, math.inf)
