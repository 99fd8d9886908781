"""What a page asks of its reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    PUBLIC = "public"
    MEMBERS = "members"
    PAID = "paid"
    REFUSE = "refuse"


_RANK = {Level.PUBLIC: 0, Level.MEMBERS: 1, Level.PAID: 2, Level.REFUSE: 3}


@dataclass(frozen=True, slots=True)
class Access:
    """``tiers`` counts for ``paid`` alone: any one of them opens; empty means any tier at all."""

    level: Level
    tiers: frozenset[str] = frozenset()

    @property
    def gated(self) -> bool:
        """Whether anyone is kept out."""
        return self.level is not Level.PUBLIC

    def __str__(self) -> str:
        return f"{self.level}({', '.join(sorted(self.tiers))})" if self.tiers else str(self.level)


PUBLIC = Access(Level.PUBLIC)
MEMBERS = Access(Level.MEMBERS)
PAID = Access(Level.PAID)
REFUSE = Access(Level.REFUSE)


def strictness(access: Access) -> tuple[int, int, tuple[str, ...]]:
    """A sort key: refuse > paid with few tiers > paid with many > paid with any > members > public."""
    narrowness = -len(access.tiers) if access.tiers else -1_000_000
    return _RANK[access.level], narrowness, tuple(sorted(access.tiers))


def strictest(accesses: Iterable[Access]) -> Access:
    """The strictest of one or more. Raises ValueError when there is none."""
    return max(accesses, key=strictness)
