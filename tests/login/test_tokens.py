"""What a provider signed: each claim, and each way in which it can be wrong."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LoginRefused
from gateway.login.checks import ALGORITHMS, Refusal
from gateway.model.identity import Identity
from tests.login.claims import (
    AUDIENCES,
    CLIENT,
    EXPIRED,
    GONE,
    ISSUED,
    ISSUER,
    ISSUERS,
    NONCE,
    NOT_INSTANTS,
    NOT_STRINGS,
    NOW,
    SUBJECTS,
    TENANT,
    TENANTS,
    id_claims,
    logout_claims,
    logout_refusal,
    read_id,
    read_logout,
    refusal,
)


def test_a_sound_token_names_somebody() -> None:
    assert read_id(id_claims()) == Identity(ISSUER, "248289761001", issued_at=NOW - 5)


@pytest.mark.parametrize("said", ISSUERS)
def test_the_issuer(said: Any) -> None:
    assert refusal(id_claims(iss=said)) == Refusal.BAD_ISSUER
    assert logout_refusal(logout_claims(iss=said)) == Refusal.BAD_ISSUER


def test_no_issuer_fits_none() -> None:
    assert refusal(id_claims(iss=""), issuer="") == Refusal.BAD_ISSUER


@pytest.mark.parametrize("changes", AUDIENCES)
def test_the_audience(changes: dict[str, Any]) -> None:
    assert refusal(id_claims(**changes)) == Refusal.BAD_AUDIENCE
    assert logout_refusal(logout_claims(**changes)) == Refusal.BAD_AUDIENCE


def test_no_audience_fits_no_client() -> None:
    assert refusal(id_claims(aud=""), client_id="") == Refusal.BAD_AUDIENCE
    assert refusal(id_claims(aud=[""]), client_id="") == Refusal.BAD_AUDIENCE


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, CLIENT]},
        {"azp": CLIENT},
        {"aud": [CLIENT], "azp": CLIENT},
        {"aud": ["other", CLIENT], "azp": CLIENT},
    ],
)
def test_an_audience_with_us_in_it(changes: dict[str, Any]) -> None:
    assert read_id(id_claims(**changes)).subject
    assert read_logout(logout_claims(**changes)).token_id


@pytest.mark.parametrize("subject", [GONE, *SUBJECTS])
def test_the_subject(subject: Any) -> None:
    assert refusal(id_claims(sub=subject)) == Refusal.BAD_SUBJECT


@pytest.mark.parametrize(
    "subject", ["0", "a" * 255, "auth0|5f7c", "google-apps|a@b.example", "a b"]
)
def test_any_subject_that_the_standard_allows(subject: str) -> None:
    assert read_id(id_claims(sub=subject)).subject == subject


@pytest.mark.parametrize("instant", EXPIRED)
def test_the_expiry(instant: Any) -> None:
    assert refusal(id_claims(exp=instant)) == Refusal.BAD_EXPIRY
    assert logout_refusal(logout_claims(exp=instant)) == Refusal.BAD_EXPIRY


@pytest.mark.parametrize("instant", ISSUED)
def test_the_time_of_issue(instant: Any) -> None:
    assert refusal(id_claims(iat=instant)) == Refusal.BAD_ISSUED_AT
    assert logout_refusal(logout_claims(iat=instant)) == Refusal.BAD_ISSUED_AT


BEGINS = (*(each for each in NOT_INSTANTS if each not in (GONE, 0, -1, -1e300)), NOW + 61)


@pytest.mark.parametrize("instant", BEGINS)
def test_the_beginning(instant: Any) -> None:
    assert refusal(id_claims(nbf=instant)) == Refusal.NOT_YET
    assert logout_refusal(logout_claims(nbf=instant)) == Refusal.NOT_YET


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 59},
        {"exp": NOW + 86_400},
        {"exp": int(NOW) + 1},
        {"iat": NOW - 600},
        {"iat": NOW + 60},
        {"iat": int(NOW)},
        {"nbf": NOW + 60},
        {"nbf": 0},
        {"exp": NOW + 0.5, "iat": NOW - 0.5},
    ],
)
def test_times_that_just_do(changes: dict[str, Any]) -> None:
    assert read_id(id_claims(**changes)).subject
    assert read_logout(logout_claims(**changes)).token_id


@pytest.mark.parametrize(
    "nonce",
    [
        GONE,
        *NOT_STRINGS,
        "",
        NONCE + "x",
        NONCE[:-1],
        NONCE.upper(),
        " " + NONCE,
        [NONCE],
        "\ud800",
    ],
)
def test_the_nonce(nonce: Any) -> None:
    assert refusal(id_claims(nonce=nonce)) == Refusal.BAD_NONCE


@pytest.mark.parametrize("nonce", ["", GONE, None])
def test_no_nonce_fits_none(nonce: Any) -> None:
    assert refusal(id_claims(nonce=nonce), nonce="") == Refusal.BAD_NONCE


def half_hash(token: str, name: str) -> str:
    digest = hashlib.new(name, token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_hash_of_the_access_token(algorithm: str) -> None:
    digest = "sha512" if algorithm == "EdDSA" else f"sha{algorithm[2:]}"
    claims = id_claims(at_hash=half_hash("ya29.a0", digest))
    assert read_id(claims, access_token="ya29.a0", algorithm=algorithm).subject
    other = "sha384" if digest != "sha384" else "sha256"
    assert (
        refusal(
            id_claims(at_hash=half_hash("ya29.a0", other)),
            access_token="ya29.a0",
            algorithm=algorithm,
        )
        == Refusal.BAD_TOKEN_HASH
    )


@pytest.mark.parametrize(
    "said",
    [
        *NOT_STRINGS,
        "",
        half_hash("other", "sha256"),
        half_hash("ya29.a0", "sha256") + "=",
        "\ud800",
    ],
)
def test_a_wrong_hash_of_the_access_token(said: Any) -> None:
    assert refusal(id_claims(at_hash=said), access_token="ya29.a0") == Refusal.BAD_TOKEN_HASH


def test_a_hash_without_its_token() -> None:
    assert refusal(id_claims(at_hash=half_hash("", "sha256"))) == Refusal.BAD_TOKEN_HASH
    assert refusal(id_claims(at_hash="")) == Refusal.BAD_TOKEN_HASH


def test_the_standards_own_example_of_a_hash() -> None:
    """OpenID Connect Core 1.0, A.3."""
    claims = id_claims(at_hash="77QmUPtjPfzWtF2AnpK9RQ")
    assert read_id(claims, access_token="jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").subject


@pytest.mark.parametrize(
    "algorithm", ["none", "", "HS256", "HS384", "HS512", "rs256", "RS1", "ES256K"]
)
def test_algorithms_that_prove_nothing(algorithm: str) -> None:
    assert refusal(id_claims(), algorithm=algorithm) == Refusal.BAD_ALGORITHM


@pytest.mark.parametrize(
    "instant",
    [each for each in NOT_INSTANTS if each is not GONE] + [GONE, NOW - 361, NOW + 61],
)
def test_when_the_reader_logged_in_there(instant: Any) -> None:
    assert refusal(id_claims(auth_time=instant), max_age=300) == Refusal.BAD_LOGIN_TIME
    assert read_id(id_claims(auth_time=instant)).subject  # unless it was asked


def test_a_login_that_is_fresh_enough() -> None:
    assert read_id(id_claims(auth_time=NOW - 359), max_age=300).subject
    assert read_id(id_claims(auth_time=NOW), max_age=0).subject


@pytest.mark.parametrize(
    ("iss", "tid", "fits"),
    [
        (TENANT, TENANT, True),
        (TENANT, GONE, False),
        (TENANT, "", False),
        (TENANT, None, False),
        (TENANT, [TENANT], False),
        (TENANT, TENANT.replace("7", "8"), False),
        (TENANT, TENANT.upper(), False),
        ("common", "common", False),
        ("{tenantid}", "{tenantid}", False),
        (".*", ".*", False),
        (f"{TENANT}/x", f"{TENANT}/x", False),
        (f"{TENANT}\n", f"{TENANT}\n", False),
        ("", "", False),
    ],
)
def test_microsofts_tenants_speak_for_themselves(iss: str, tid: Any, fits: bool) -> None:
    said = TENANTS.replace("{tenantid}", iss)
    claims, logout = id_claims(iss=said, tid=tid), logout_claims(iss=said, tid=tid)
    if fits:
        assert read_id(claims, issuer=TENANTS).issuer == said
        assert read_logout(logout, issuer=TENANTS).issuer == said
    else:
        assert refusal(claims, issuer=TENANTS) == Refusal.BAD_ISSUER
        assert logout_refusal(logout, issuer=TENANTS) == Refusal.BAD_ISSUER


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = (
    "iss aud azp sub exp iat nbf nonce at_hash auth_time sid email email_verified name given_name"
    " locale groups events jti tid"
).split()


@given(st.dictionaries(st.sampled_from(NAMES), json, max_size=6))
def test_nothing_but_a_refusal_comes_of_any_claims(changes: dict[str, Any]) -> None:
    """Whatever a provider signs, it is an identity, a notice or a refusal: no other error."""
    with suppress(LoginRefused):
        read_id(id_claims(**changes), max_age=60)
    with suppress(LoginRefused):
        read_logout(logout_claims(**changes))
