"""What ends a session from the provider's side, and what may not."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.login.checks import LogoutNotice, Refusal
from tests.login.claims import (
    EVENT,
    GONE,
    ISSUER,
    NOT_STRINGS,
    NOW,
    SUBJECTS,
    id_claims,
    logout_claims,
    logout_refusal,
    read_logout,
    refusal,
)


def test_a_sound_logout_token() -> None:
    assert read_logout(logout_claims()) == LogoutNotice(
        subject="248289761001",
        session_id="08a5019c-17e1-4977-8f42-65a12843ea02",
        token_id="bWJq",
        issuer=ISSUER,
        expires_at=NOW + 120,
        issued_at=NOW - 5,
    )
    assert read_logout(logout_claims(sub=GONE)).subject == ""
    assert read_logout(logout_claims(sid=GONE)).session_id == ""
    assert read_logout(logout_claims(events={EVENT: {"x": 1}, "urn:more": {}})).token_id == "bWJq"


@pytest.mark.parametrize(
    "events",
    [
        GONE,
        *NOT_STRINGS,
        "",
        EVENT,
        [EVENT],
        {EVENT: None},
        {EVENT: True},
        {EVENT: []},
        {EVENT: "{}"},
        {EVENT + "/": {}},
        {EVENT.replace("http", "https"): {}},
        {EVENT.upper(): {}},
        {"http://schemas.openid.net/event/frontchannel-logout": {}},
    ],
)
def test_what_is_no_logout(events: object) -> None:
    assert logout_refusal(logout_claims(events=events)) == Refusal.BAD_EVENTS


@pytest.mark.parametrize("nonce", ["n", "", None, 0, False, []])
def test_a_logout_token_has_no_nonce(nonce: object) -> None:
    assert logout_refusal(logout_claims(nonce=nonce)) == Refusal.HAS_NONCE


def test_an_id_token_is_no_logout_token_and_the_other_way_round() -> None:
    assert logout_refusal(id_claims()) == Refusal.BAD_EVENTS
    assert logout_refusal({**id_claims(), **logout_claims()}) == Refusal.HAS_NONCE
    assert refusal(logout_claims()) == Refusal.BAD_NONCE


@pytest.mark.parametrize("token_id", [GONE, *SUBJECTS])
def test_a_logout_token_can_be_told_from_others(token_id: Any) -> None:
    assert logout_refusal(logout_claims(jti=token_id)) == Refusal.NO_TOKEN_ID


@pytest.mark.parametrize("name", ["sub", "sid"])
@pytest.mark.parametrize("said", SUBJECTS)
def test_a_logout_of_somebody_that_cant_be_named(name: str, said: Any) -> None:
    assert logout_refusal(logout_claims(**{name: said})) == Refusal.NOBODY_NAMED


def test_a_logout_of_nobody() -> None:
    assert logout_refusal(logout_claims(sub=GONE, sid=GONE)) == Refusal.NOBODY_NAMED
