"""Who and what a file brings: rows of another system's export, read."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """``email`` by the one grammar of ``identity.address``."""

    email: str
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An account that is there. ``claimed``: its reader proved the address."""

    reader: str
    claimed: bool


@dataclass(frozen=True, slots=True)
class Gift:
    """A tier for nothing. ``until`` is seconds since the epoch, None for good."""

    tier: str
    until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``line`` of the file. ``customer`` is Stripe's id, or empty. ``promised``: there it was paid or
    given, so whoever reads nothing here would lose something."""

    line: int
    person: Person
    customer: str = ""
    gifts: tuple[Gift, ...] = field(default=())
    promised: bool = False
