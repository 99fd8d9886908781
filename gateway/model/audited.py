"""A line of the audit log, and what lines are looked for by. The log itself only grows."""

from __future__ import annotations

from dataclasses import dataclass


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
