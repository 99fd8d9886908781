"""A line of the audit log, and what lines are looked for by. The log itself only grows: what was typed
about a reader isn't written into it but into the ledger, sealed, and leaves with them.
"""

from __future__ import annotations

from dataclasses import dataclass

_IN_LEDGER = "entry:"


def reason_of(event_id: str) -> str:
    """``why`` of a line whose reason is that of an entry of ours."""
    return f"{_IN_LEDGER}{event_id}"


def entry_of(why: str) -> str:
    """The entry's id, empty where the reason is the line's own."""
    return why.removeprefix(_IN_LEDGER) if why.startswith(_IN_LEDGER) else ""


@dataclass(frozen=True, slots=True)
class Line:
    """Who did or looked at what, when and why. ``what`` names no person but by an id."""

    number: int
    at: float
    who: str
    act: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """All of these hold; empty ones ask nothing. ``what`` is found anywhere in a line's. ``since`` ≤ its
    moment < ``until``."""

    who: str = ""
    act: str = ""
    what: str = ""
    since: float | None = None
    until: float | None = None
