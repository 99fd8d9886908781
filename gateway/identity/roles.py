"""Who of the people that log in works here: operators of the console, and the newsroom.

Pure. A person is named in the config by a verified address or by a provider's group. Roles count
only on a session from the providers that the config names for it, and for twelve hours; they are
asked of the config at each use, so that whoever is struck from it is out at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.identity.accounts import Login

FRESH_SECONDS = 12 * 3600.0
_GROUP = "group:"


class Role(StrEnum):
    FINANCE = "finance"
    SUPPORT = "support"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class People:
    """As the config names them: lower-case addresses, and ``group:NAME``."""

    named: frozenset[str] = frozenset()

    def hold(self, proved_email: str, groups: Iterable[str]) -> bool:
        if proved_email and proved_email.lower() in self.named:
            return True
        return any(f"{_GROUP}{group}" in self.named for group in groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """``providers`` are the ids whose sessions may bear a role."""

    providers: frozenset[str] = frozenset()
    people: tuple[tuple[Role, People], ...] = ()

    def roles(self, login: Login) -> frozenset[Role]:
        """What this login may do, once it is fresh."""
        if login.provider not in self.providers:
            return frozenset()
        return frozenset(
            role for role, people in self.people if people.hold(login.proved_email, login.groups)
        )

    def stale(self, login: Login, now: float) -> bool:
        """Whether an operator has to log in again."""
        return not 0.0 <= now - login.began_at < FRESH_SECONDS
