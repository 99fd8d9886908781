"""Who works here, from the settings. It knows no login and no console: a worker asks it of each session."""

from __future__ import annotations

from gateway.config import Settings
from gateway.identity.roles import Newsroom, Operators, People, Role


def operators_of(settings: Settings) -> Operators:
    console = settings.console
    return Operators(
        providers=_issuers(settings),
        people=(
            (Role.FINANCE, People(frozenset(console.finance))),
            (Role.SUPPORT, People(frozenset(console.support))),
            (Role.ADMIN, People(frozenset(console.admins))),
        ),
    )


def newsroom_of(settings: Settings) -> Newsroom:
    people = People(frozenset(settings.newsroom.readers))
    return Newsroom(providers=_issuers(settings), people=people)


def _issuers(settings: Settings) -> dict[str, str]:
    named = settings.console.providers
    return {each.id: each.issuer for each in settings.login.provider if each.id in named}
