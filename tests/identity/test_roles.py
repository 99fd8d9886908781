"""Who works here: by verified address or group, on sessions of the named providers and their issuers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.identity.accounts import Login
from gateway.identity.roles import FRESH_SECONDS, Newsroom, Operators, People, Role

NOON = 1_800_000_000.0
CLERK = Login("s", "r", NOON, "google", "https://a", "compta@news.example", (), "")
OPERATORS = Operators(
    providers={"google": "https://a"},
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
        (replace(CLERK, proved_email="x@news.example", groups=("finance",)), {Role.FINANCE}),
        (replace(CLERK, proved_email="", groups=("finance",)), set()),  # the audit log names nobody
        (replace(CLERK, proved_email="ops@news.example"), {Role.ADMIN}),
        (replace(CLERK, proved_email=""), set()),  # an address that nobody verified proves nothing
        (replace(CLERK, provider="mail"), set()),
        (replace(CLERK, provider=""), set()),
        (replace(CLERK, issuer="https://b"), set()),  # whom the id stood for once
        (replace(CLERK, issuer=""), set()),
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


NEWSROOM = Newsroom(
    providers={"google": "https://a"},
    people=People(frozenset({"ed@news.example", "group:redaction"})),
)


@pytest.mark.parametrize(
    ("provider", "issuer", "proved_email", "groups", "reads"),
    [
        ("google", "https://a", "ed@news.example", (), True),
        ("google", "https://a", "", ("redaction",), True),
        ("google", "https://a", "", (), False),
        ("google", "https://a", "x@news.example", ("others",), False),
        ("google", "https://b", "ed@news.example", ("redaction",), False),
        ("gitlab", "https://a", "ed@news.example", ("redaction",), False),
        ("mail", "mail", "ed@news.example", (), False),
        ("", "", "ed@news.example", ("redaction",), False),
    ],
)
def test_the_newsroom_reads_on_the_named_providers_sessions(
    provider: str, issuer: str, proved_email: str, groups: tuple[str, ...], reads: bool
) -> None:
    assert NEWSROOM.reads(provider, issuer, proved_email, groups) is reads


@pytest.mark.parametrize("tenants", ["common", "organizations"])
@pytest.mark.parametrize(
    ("issuer", "reads"),
    [
        ("https://login.microsoftonline.com/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/v2.0", True),
        ("https://login.microsoftonline.com/8eaef023/x/v2.0", False),
        ("https://login.microsoftonline.com/8eaef023", False),
        ("https://login.microsoftonline.com.evil.example/8eaef023/v2.0", False),
    ],
)
def test_a_provider_for_many_tenants_stands_for_each(
    tenants: str, issuer: str, reads: bool
) -> None:
    many = {"entra": f"https://login.microsoftonline.com/{tenants}/v2.0"}
    newsroom = Newsroom(providers=many, people=NEWSROOM.people)
    assert newsroom.reads("entra", issuer, "ed@news.example", ()) is reads
