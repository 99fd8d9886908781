"""What a provider may say of itself: each field, and each way in which it can be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import LoginRefused
from gateway.login.checks import ALGORITHMS, Metadata, Refusal, check_metadata
from tests.login.claims import GONE, ISSUER, TENANTS, metadata

COMMON = "https://login.microsoftonline.com/common/v2.0"
NOT_STRINGS: tuple[Any, ...] = (None, "", 0, 1, True, [], {}, [ISSUER], b"x")


def refusal(document: object, *, issuer: str = ISSUER) -> str:
    with pytest.raises(LoginRefused) as caught:
        check_metadata(document, issuer=issuer)
    return caught.value.reason


def test_a_sound_document() -> None:
    assert check_metadata(metadata(), issuer=ISSUER) == Metadata(
        issuer=ISSUER,
        authorization_endpoint="https://idp.example/authorize",
        token_endpoint="https://idp.example/token",
        jwks_uri="https://idp.example/keys",
        userinfo_endpoint="https://idp.example/userinfo",
        end_session_endpoint="https://idp.example/logout",
        algorithms=("RS256", "ES256"),
        iss_in_response=True,
        token_auth_methods=("client_secret_post", "client_secret_basic"),
        backchannel_logout=True,
    )


def test_the_least_document_takes_the_defaults_of_the_standard() -> None:
    needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    least = check_metadata({name: metadata()[name] for name in needed}, issuer=ISSUER)
    assert least.algorithms == ("RS256",)
    assert least.token_auth_methods == ("client_secret_basic",)
    assert not least.iss_in_response
    assert not least.backchannel_logout
    assert (least.userinfo_endpoint, least.end_session_endpoint) == ("", "")


@pytest.mark.parametrize("document", [None, [], "", "{}", 1, True, [metadata()], b"{}"])
def test_a_document_is_an_object(document: object) -> None:
    assert refusal(document) == Refusal.METADATA_UNUSABLE


@pytest.mark.parametrize(
    "said",
    [
        GONE,
        *NOT_STRINGS,
        ISSUER + "/",
        ISSUER.upper(),
        ISSUER.replace("https", "http"),
        ISSUER + "\n",
        " " + ISSUER,
        ISSUER + "?",
        ISSUER + "#",
        ISSUER + ":443",
        "https://idp.example.evil",
        "https://evil.example",
        "https://ıdp.example",
        TENANTS,
    ],
)
def test_the_issuer_is_the_configs_character_by_character(said: Any) -> None:
    assert refusal(metadata(issuer=said)) == Refusal.METADATA_ISSUER


def test_an_issuer_with_a_slash_needs_one() -> None:
    with_slash = ISSUER + "/"
    assert check_metadata(metadata(issuer=with_slash), issuer=with_slash).issuer == with_slash
    assert refusal(metadata(), issuer=with_slash) == Refusal.METADATA_ISSUER


@pytest.mark.parametrize(
    ("configured", "said", "fits"),
    [
        (COMMON, TENANTS, True),
        (COMMON.replace("common", "organizations"), TENANTS, True),
        (COMMON.replace(".com", ".us"), TENANTS.replace(".com", ".us"), True),
        (COMMON, TENANTS.replace(".com", ".us"), False),
        (COMMON, TENANTS.replace("{tenantid}", "{tenant}"), False),
        (COMMON, TENANTS.replace("/v2.0", ""), False),
        (COMMON, "https://evil.example/{tenantid}/v2.0", False),
        (COMMON, "{tenantid}", False),
        (COMMON.replace("common", "consumers"), TENANTS, False),
        (COMMON.replace("login.", "evil."), TENANTS.replace("login.", "evil."), False),
        (COMMON.replace("https", "http"), TENANTS.replace("https", "http"), False),
        ("https://idp.example/common/v2.0", "https://idp.example/{tenantid}/v2.0", False),
    ],
)
def test_only_microsofts_tenants_may_stand_open(configured: str, said: str, fits: bool) -> None:
    if fits:
        assert check_metadata(metadata(issuer=said), issuer=configured).issuer == said
    else:
        assert refusal(metadata(issuer=said), issuer=configured) == Refusal.METADATA_ISSUER


BAD_URLS = (
    *NOT_STRINGS,
    "/authorize",
    "//idp.example/a",
    "idp.example/a",
    "https:",
    "https://",
    "https:///a",
    "https:/idp.example",
    "https:idp.example",
    "http://idp.example/a",
    "http://127.0.0.1/a",  # plain http, though the issuer isn't
    "http://localhost/a",
    "ftp://idp.example/a",
    "file:///etc/passwd",
    "gopher://idp.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://user@idp.example/a",
    "https://user:pass@idp.example/a",
    "https://@idp.example/a",
    "https://idp.example/a#fragment",
    "https://idp.example/a#",
    "https://idp.example\\@evil.example/",
    "https://idp.example\\.evil.example/",
    "https://idp.example/\\evil.example",
    "https://idp.example/a b",
    "https://idp.example/a\r\nX: y",
    "https://idp.example/\0",
    "https://idp.example/é",
    "https://bücher.example/a",
    "https://idp.example:99999/a",
    "https://idp.example:x/a",
    "https://[::1/a",
    "\thttps://idp.example/a",
    "https://idp.example/" + "a" * 2_000,
)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("url", [GONE, *BAD_URLS])
def test_needed_endpoints(name: str, url: Any) -> None:
    assert refusal(metadata(**{name: url})) == Refusal.METADATA_UNUSABLE


@pytest.mark.parametrize("name", ["userinfo_endpoint", "end_session_endpoint"])
@pytest.mark.parametrize("url", [url for url in BAD_URLS if url is not None])
def test_an_endpoint_that_is_there_is_a_sound_one(name: str, url: Any) -> None:
    assert refusal(metadata(**{name: url})) == Refusal.METADATA_UNUSABLE


@pytest.mark.parametrize(
    "url",
    ["https://else.example/a?p=b_1", "https://idp.example:8443/", "https://[2001:db8::1]/a"],
)
def test_endpoints_may_be_elsewhere_and_have_a_query(url: str) -> None:
    assert check_metadata(metadata(token_endpoint=url), issuer=ISSUER).token_endpoint == url


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("http://127.0.0.1:8001/a", True),
        ("http://127.9.9.9/a", True),
        ("http://localhost:8001/a", True),
        ("http://[::1]:8001/a", True),
        ("https://idp.example/a", True),
        ("http://idp.example/a", False),
        ("http://127.0.0.1.evil.example/a", False),
        ("http://localhost.evil.example/a", False),
        ("http://10.0.0.1/a", False),
        ("http://0.0.0.0/a", False),
        ("http://2130706433/a", False),
    ],
)
def test_plain_http_is_for_loopback_under_such_an_issuer(url: str, fits: bool) -> None:
    issuer = "http://127.0.0.1:8001"
    document = metadata(
        issuer=issuer,
        **dict.fromkeys(
            ("authorization_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"),
            f"{issuer}/x",
        ),
        token_endpoint=url,
    )
    if fits:
        assert check_metadata(document, issuer=issuer).token_endpoint == url
    else:
        assert refusal(document, issuer=issuer) == Refusal.METADATA_UNUSABLE


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        (["RS256"], ("RS256",)),
        (["none", "RS256"], ("RS256",)),
        (["HS256", "HS384", "HS512", "none", "ES256"], ("ES256",)),
        (["RS256", "RS256"], ("RS256",)),
        (["EdDSA", "PS512", "ES384"], ("EdDSA", "PS512", "ES384")),
        (list(ALGORITHMS), ALGORITHMS),
        (GONE, ("RS256",)),
        (None, ("RS256",)),
        (["none"], ()),
        (["HS256"], ()),
        (["HS256", "HS384", "HS512", "none"], ()),
        (["None", "NONE", "rs256", "RS256 ", "RS1", "ES256K", "dir", ""], ()),
        ([], ()),
        ("RS256", ()),
        ({"RS256": True}, ()),
        (["RS256", None], ()),
        (["RS256", ["none"]], ()),
        ([1], ()),
        (["RS256"] * 501, ()),
        (True, ()),
    ],
)
def test_algorithms_are_those_offered_that_are_ours(offered: Any, kept: tuple[str, ...]) -> None:
    document = metadata(id_token_signing_alg_values_supported=offered)
    if kept:
        assert check_metadata(document, issuer=ISSUER).algorithms == kept
    else:
        assert refusal(document) == Refusal.METADATA_UNUSABLE


def test_what_a_shared_secret_signs_is_never_ours() -> None:
    assert not [name for name in ALGORITHMS if name.startswith("HS") or name.lower() == "none"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_types_supported", []),
        ("response_types_supported", ["code id_token", "token"]),
        ("response_types_supported", "code"),
        ("response_types_supported", ["Code"]),
        ("response_types_supported", ["code", 1]),
        ("code_challenge_methods_supported", []),
        ("code_challenge_methods_supported", ["plain"]),
        ("code_challenge_methods_supported", ["s256"]),
        ("code_challenge_methods_supported", "S256"),
        ("code_challenge_methods_supported", {"S256": 1}),
        ("token_endpoint_auth_methods_supported", "client_secret_basic"),
        ("token_endpoint_auth_methods_supported", [None]),
        ("authorization_response_iss_parameter_supported", "true"),
        ("authorization_response_iss_parameter_supported", 1),
        ("authorization_response_iss_parameter_supported", None),
        ("backchannel_logout_supported", "false"),
        ("backchannel_logout_supported", 0),
    ],
)
def test_what_is_said_of_abilities(name: str, value: Any) -> None:
    assert refusal(metadata(**{name: value})) == Refusal.METADATA_UNUSABLE


def test_words_that_nobody_knows_are_left_alone() -> None:
    document = metadata(device_authorization_endpoint=7, claims_supported="x", more={"a": [1]})
    assert check_metadata(document, issuer=ISSUER).issuer == ISSUER
