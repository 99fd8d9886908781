"""Who may enter the console, and that whoever may is written down first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.console.access import Denied, Operator, admit
from gateway.identity.accounts import Login
from gateway.identity.roles import FRESH_SECONDS, Operators, People, Role

NOON = 1_800_000_000.0
CLERK = Login("s", "r", NOON, "google", "https://a", "compta@news.example", (), "")
OPERATORS = Operators(
    providers={"google": "https://a"},
    people=((Role.FINANCE, People(frozenset({"compta@news.example"}))),),
)


@pytest.mark.parametrize(
    ("login", "later", "asked", "outcome"),
    [
        (None, 0.0, None, Denied.ANONYMOUS),
        (CLERK, 0.0, None, Operator("compta@news.example", frozenset({Role.FINANCE}))),
        (CLERK, 0.0, frozenset({Role.ADMIN}), Denied.NO_ROLE),
        (CLERK, FRESH_SECONDS, None, Denied.STALE),
        (replace(CLERK, provider="mail"), 0.0, None, Denied.NO_ROLE),
        (replace(CLERK, issuer="https://b"), 0.0, None, Denied.NO_ROLE),
        (replace(CLERK, proved_email="ana@news.example"), FRESH_SECONDS, None, Denied.NO_ROLE),
    ],
)
def test_who_may_enter(
    login: Login | None, later: float, asked: frozenset[Role] | None, outcome: object
) -> None:
    assert admit(login, OPERATORS, now=NOON + later, asked=asked) == outcome
