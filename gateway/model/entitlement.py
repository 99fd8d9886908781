"""Who may read which tier until when: written by the money way, read by the request's way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One tier held by one reader.

    ``starts_at`` and ``ends_at`` are seconds since the epoch; the end is exclusive. ``mendable``
    says that its reader can make a closed one open again (pay, add a card, resume), so the wall is
    ``settle``. ``entries`` are the numbers of the ledger entries that made it so.
    """

    tier: str
    starts_at: float
    ends_at: float
    mendable: bool = False
    entries: tuple[int, ...] = ()

    def opens(self, now: float) -> bool:
        return self.starts_at <= now < self.ends_at
