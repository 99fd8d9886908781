"""What is being done about an entry: its work state, as whoever looks at one entry sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """``state`` and ``reason`` are words of ``model.mark``. ``next_at``: when applying is tried (again);
    ``fetch`` is empty, ``wanted`` or ``done``. ``deliveries`` are the moments at which Stripe sent it, the
    oldest first, some of them where there are many (``sent`` counts all)."""

    state: str
    reason: str
    changed_at: float
    tries: int
    next_at: float
    fetch: str
    fetch_tries: int
    fetch_next_at: float
    failure: str
    sent: int
    deliveries: tuple[float, ...] = ()
