"""Who works here: by verified address or group, on the named providers' sessions, for twelve hours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.identity.accounts import Login
from gateway.identity.roles import FRESH_SECONDS, Operators, People, Role

NOON = 1_800_000_000.0
CLERK = Login("s", "r", NOON, "google", "https://a", "compta@news.example", (), "")
OPERATORS = Operators(
    providers=frozenset({"google"}),
    people=(
        (Role.FINANCE, People(frozenset({"compta@news.example", "group:finance"}))),
        (Role.SUPPORT, People(frozenset({"compta@news.example"}))),
        (Role.ADMIN, People(frozenset({"ops@news.example"}))),
    ),
)


@pytest.mark.parametrize(
    ("login", "roles"),
    [
        (CLERK, {Role.FINANCE, Role.SUPPORT}),
        (replace(CLERK, proved_email="Compta@News.Example"), {Role.FINANCE, Role.SUPPORT}),
        (replace(CLERK, proved_email="", groups=("finance",)), {Role.FINANCE}),
        (replace(CLERK, proved_email="ops@news.example"), {Role.ADMIN}),
        (replace(CLERK, proved_email=""), set()),  # an address that nobody verified proves nothing
        (replace(CLERK, provider="mail"), set()),
        (replace(CLERK, provider=""), set()),
        (replace(CLERK, proved_email="", groups=("compta@news.example",)), set()),
        (replace(CLERK, proved_email="x@news.example", groups=("Finance", "ops")), set()),
    ],
)
def test_roles_of_a_login(login: Login, roles: set[Role]) -> None:
    assert OPERATORS.roles(login) == roles


@pytest.mark.parametrize(
    ("age", "stale"),
    [(0.0, False), (FRESH_SECONDS - 1, False), (FRESH_SECONDS, True), (-1.0, True)],
)
def test_operators_log_in_again_after_twelve_hours(age: float, stale: bool) -> None:
    assert OPERATORS.stale(CLERK, NOON + age) is stale


def test_without_a_config_nobody_works_here() -> None:
    assert Operators().roles(CLERK) == frozenset()
    assert not People().hold("compta@news.example", ["finance"])
