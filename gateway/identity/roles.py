"""Who of the people that log in works here: operators of the console, and the newsroom.

Pure. A person is named in the config by a verified address or by a provider's group, and counts only
on a session from the providers that the config names for it, while they stand for the same issuer:
anybody may make a group of that name elsewhere. It is asked of the config at each use, so that
whoever is struck from it is out at once.

An operator's role also needs a verified address, which the audit log knows them by, and a login of the
last twelve hours. Who reads as one of the newsroom reaches neither money nor anybody's data, and a
wall at noon helps nobody: there the login holds as long as its session.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.identity.accounts import Login

FRESH_SECONDS = 12 * 3600.0
_GROUP = "group:"
# Microsoft's issuer for many tenants names none: a login's own has its tenant there.
_TENANTS = re.compile(r"(?<=/)(?:common|organizations)(?=/)")


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
    """``providers``: those whose sessions may bear a role, by their ids the issuers they stand for."""

    providers: Mapping[str, str] = field(default_factory=dict)
    people: tuple[tuple[Role, People], ...] = ()

    def roles(self, login: Login) -> frozenset[Role]:
        """What this login may do, once it is fresh."""
        if not (login.proved_email and _stands(self.providers, login.provider, login.issuer)):
            return frozenset()
        return frozenset(
            role for role, people in self.people if people.hold(login.proved_email, login.groups)
        )

    def stale(self, login: Login, now: float) -> bool:
        """Whether an operator has to log in again."""
        return not 0.0 <= now - login.began_at < FRESH_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """Who reads every tier. ``providers`` as those of ``Operators``."""

    providers: Mapping[str, str] = field(default_factory=dict)
    people: People = People()

    def reads(self, provider: str, issuer: str, proved_email: str, groups: Iterable[str]) -> bool:
        """By what the login of a session proved."""
        return _stands(self.providers, provider, issuer) and self.people.hold(proved_email, groups)


def _stands(providers: Mapping[str, str], provider: str, issuer: str) -> bool:
    """An id may have been given to another issuer since somebody logged in."""
    named = providers.get(provider)
    if named is None or not issuer:
        return False
    before, *after = _TENANTS.split(named, maxsplit=1)
    if not after:
        return issuer == named
    tenant = issuer.removeprefix(before).removesuffix(after[0])
    return issuer == f"{before}{tenant}{after[0]}" and "/" not in tenant
