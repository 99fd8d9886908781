"""What a sound provider says, what can be wrong with it, and how both are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.errors import LoginRefused
from gateway.login.checks import LogoutNotice, check_id_token, check_logout_token
from gateway.model.identity import Identity

NOW = 1_795_000_000.0
ISSUER = "https://idp.example"
CLIENT = "the-client"
NONCE = "n-0S6_WzA2Mj"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
TENANTS = "https://login.microsoftonline.com/{tenantid}/v2.0"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
GONE = object()  # a claim that is left out


def changed(base: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    merged = {**base, **changes}
    return {name: value for name, value in merged.items() if value is not GONE}


def id_claims(**changes: Any) -> dict[str, Any]:
    sound = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "248289761001",
        "exp": NOW + 300,
        "iat": NOW - 5,
        "nonce": NONCE,
    }
    return changed(sound, **changes)


def logout_claims(**changes: Any) -> dict[str, Any]:
    sound = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "248289761001",
        "sid": "08a5019c-17e1-4977-8f42-65a12843ea02",
        "exp": NOW + 120,
        "iat": NOW - 5,
        "jti": "bWJq",
        "events": {EVENT: {}},
    }
    return changed(sound, **changes)


def metadata(**changes: Any) -> dict[str, Any]:
    sound = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/keys",
        "userinfo_endpoint": f"{ISSUER}/userinfo",
        "end_session_endpoint": f"{ISSUER}/logout",
        "response_types_supported": ["code", "code id_token", "id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "scopes_supported": ["openid", "email"],
    }
    return changed(sound, **changes)


def read_id(claims: dict[str, Any], **more: Any) -> Identity:
    given = {"issuer": ISSUER, "client_id": CLIENT, "nonce": NONCE, "now": NOW, **more}
    return check_id_token(claims, **given)


def read_logout(claims: dict[str, Any], **more: Any) -> LogoutNotice:
    return check_logout_token(claims, **{"issuer": ISSUER, "client_id": CLIENT, "now": NOW, **more})


def refusal(claims: dict[str, Any], **more: Any) -> str:
    with pytest.raises(LoginRefused) as caught:
        read_id(claims, **more)
    return caught.value.reason


def logout_refusal(claims: dict[str, Any], **more: Any) -> str:
    with pytest.raises(LoginRefused) as caught:
        read_logout(claims, **more)
    return caught.value.reason


# One claim, wrong in every way.
NOT_STRINGS: tuple[Any, ...] = (None, 0, 1, -1, True, False, 1.5, math.nan, [], {}, b"x")
NOT_INSTANTS: tuple[Any, ...] = (
    GONE,
    None,
    True,
    False,
    "",
    str(int(NOW)),
    "2026-11-23T12:00:00Z",
    [NOW],
    {"at": NOW},
    math.nan,
    math.inf,
    -math.inf,
    1e300,
    -1e300,
    10**400,
    -(10**400),
    0,
    -1,
    NOW * 1000,  # milliseconds
    complex(NOW, 0),
)
ISSUERS: tuple[Any, ...] = (
    GONE,
    *NOT_STRINGS,
    [ISSUER],
    "",
    ISSUER + "/",
    ISSUER[:-1],
    ISSUER.upper(),
    ISSUER.removeprefix("https://"),
    ISSUER.replace("https", "http"),
    ISSUER + "\n",
    " " + ISSUER,
    ISSUER + "\0",
    ISSUER + ".evil",
    ISSUER + "@evil.example",
    "https://evil.example",
    "https://ıdp.example",
    "\ud800",
)
BARE_AUDIENCES: tuple[Any, ...] = (
    GONE,
    *NOT_STRINGS,
    "",
    "other",
    CLIENT + " ",
    CLIENT.upper(),
    CLIENT[:-1],
    f"{CLIENT},other",
    f"{CLIENT} other",
    [""],
    ["other"],
    [[CLIENT]],
    [None, CLIENT],
    [CLIENT, None],
    [CLIENT, 1],
    [CLIENT, "other"],  # for others too, and nobody says that we asked
    ["other", CLIENT],
    {CLIENT: True},
    {"aud": CLIENT},
)
AUDIENCES: tuple[dict[str, Any], ...] = (
    *({"aud": aud} for aud in BARE_AUDIENCES),
    {"aud": "other", "azp": CLIENT},
    {"aud": ["other"], "azp": CLIENT},
    {"aud": [], "azp": CLIENT},
    {"aud": GONE, "azp": CLIENT},
    {"azp": "other"},
    {"azp": ""},
    {"azp": None},
    {"azp": [CLIENT]},
    {"azp": True},
    {"aud": [CLIENT], "azp": "other"},
    {"aud": [CLIENT, "other"], "azp": "other"},
    {"aud": [CLIENT, "other"], "azp": None},
)
EXPIRED: tuple[Any, ...] = (
    *NOT_INSTANTS,
    NOW - 60,
    NOW - 61,
    NOW - 3_600,
    NOW + 86_401,
    NOW + 25 * 3_600,
    NOW + 10**9,
)
ISSUED: tuple[Any, ...] = (*NOT_INSTANTS, NOW - 601, NOW - 3_600, NOW + 61, NOW + 3_600)
SUBJECTS: tuple[Any, ...] = (
    *NOT_STRINGS,
    "",
    "a" * 256,
    "é",
    "日本",
    "a\0b",
    "a\nb",
    "a\x7f",
    "\ud800",
    "\u202ea",
    ["248289761001"],
    248289761001,
)
