"""What comes back through the browser: each parameter, and each way in which it can be wrong."""

from __future__ import annotations

import pytest

from gateway.errors import LoginRefused
from gateway.login.checks import Refusal, check_callback
from tests.login.claims import ISSUER, TENANT, TENANTS

STATE = "1.4n0-pP_x"
CODE = "SplxlOBeZQQYbYS6WxSbIA"
SOUND = {"code": [CODE], "state": [STATE], "iss": [ISSUER]}


def read(
    parameters: dict[str, list[str]],
    *,
    state: str = STATE,
    issuer: str = ISSUER,
    iss_required: bool = True,
) -> str:
    return check_callback(
        parameters, state=state, metadata_issuer=issuer, iss_required=iss_required
    )


def refused(
    parameters: dict[str, list[str]],
    *,
    state: str = STATE,
    issuer: str = ISSUER,
    iss_required: bool = True,
) -> LoginRefused:
    with pytest.raises(LoginRefused) as caught:
        read(parameters, state=state, issuer=issuer, iss_required=iss_required)
    return caught.value


def without(name: str) -> dict[str, list[str]]:
    return {key: values for key, values in SOUND.items() if key != name}


def test_a_sound_callback_gives_its_code() -> None:
    assert read(SOUND) == CODE
    assert read({**SOUND, "session_state": ["x"], "scope": ["openid email"]}) == CODE
    assert read(without("iss"), iss_required=False) == CODE


@pytest.mark.parametrize("name", ["code", "state", "iss", "error", "error_description", "scope"])
@pytest.mark.parametrize("values", [["a", "a"], ["a", "b"], [STATE, STATE], ["", ""], []])
def test_each_parameter_comes_once(name: str, values: list[str]) -> None:
    assert refused({**SOUND, name: values}).reason == Refusal.DOUBLED_PARAMETER


@pytest.mark.parametrize(
    "said",
    [
        "",
        STATE + " ",
        " " + STATE,
        STATE[:-1],
        STATE + "x",
        STATE.upper(),
        "2" + STATE[1:],
        STATE + "\0",
        STATE.replace("n", "ո"),
        "\ud800",
        "é" * 10,
        "x" * 100_000,
    ],
)
def test_the_state_is_this_logins(said: str) -> None:
    assert refused({**SOUND, "state": [said]}).reason == Refusal.BAD_STATE


def test_no_state_fits_none() -> None:
    assert refused(without("state")).reason == Refusal.BAD_STATE
    assert refused(without("state"), state="").reason == Refusal.BAD_STATE
    assert refused({**SOUND, "state": [""]}, state="").reason == Refusal.BAD_STATE


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    "said",
    [
        "",
        "https://evil.example",
        ISSUER + "/",
        ISSUER.upper(),
        ISSUER.replace("https", "http"),
        ISSUER + ".evil",
        ISSUER + "\0",
        "\ud800",
        "null",
    ],
)
def test_a_foreign_issuer_is_refused_whether_one_is_needed_or_not(
    said: str, required: bool
) -> None:
    found = refused({**SOUND, "iss": [said]}, iss_required=required)
    assert found.reason == Refusal.BAD_RESPONSE_ISSUER


def test_an_issuer_that_was_announced_is_needed() -> None:
    assert refused(without("iss")).reason == Refusal.BAD_RESPONSE_ISSUER
    # RFC 9207, 2.4: an error of a provider that isn't known to be ours isn't believed either.
    denied = {"error": ["access_denied"], "state": [STATE]}
    assert refused(denied).reason == Refusal.BAD_RESPONSE_ISSUER
    foreign = {**denied, "iss": ["https://evil.example"]}
    assert refused(foreign, iss_required=False).reason == Refusal.BAD_RESPONSE_ISSUER


@pytest.mark.parametrize(
    ("tenant", "fits"),
    [
        (TENANT, True),
        (TENANT.upper(), True),
        ("{tenantid}", False),
        ("common", False),
        ("", False),
        (TENANT + "/../x", False),
        (TENANT[:-1] + "é", False),
        (TENANT + "\n", False),
    ],
)
def test_microsofts_issuer_names_a_tenant(tenant: str, fits: bool) -> None:
    parameters = {**SOUND, "iss": [TENANTS.replace("{tenantid}", tenant)]}
    if fits:
        assert read(parameters, issuer=TENANTS) == CODE
    else:
        assert refused(parameters, issuer=TENANTS).reason == Refusal.BAD_RESPONSE_ISSUER


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        ("access_denied", Refusal.CANCELLED, "access_denied"),
        ("user_cancelled_authorize", Refusal.CANCELLED, "user_cancelled_authorize"),
        ("server_error", Refusal.PROVIDER_SAID_NO, "server_error"),
        ("login_required", Refusal.PROVIDER_SAID_NO, "login_required"),
        ("invalid_scope", Refusal.PROVIDER_SAID_NO, "invalid_scope"),
        ("ACCESS_DENIED", Refusal.PROVIDER_SAID_NO, "ACCESS_DENIED"),
        ("", Refusal.PROVIDER_SAID_NO, ""),
        ("a\r\nb", Refusal.PROVIDER_SAID_NO, ""),
        ('a"b', Refusal.PROVIDER_SAID_NO, ""),
        ("a\\b", Refusal.PROVIDER_SAID_NO, ""),
        ("a\x1b[31m", Refusal.PROVIDER_SAID_NO, ""),
        ("é", Refusal.PROVIDER_SAID_NO, ""),
        ("\ud800", Refusal.PROVIDER_SAID_NO, ""),
        ("jane@news.example said no", Refusal.PROVIDER_SAID_NO, ""),
        ("<script>", Refusal.PROVIDER_SAID_NO, ""),
        ("x" * 61, Refusal.PROVIDER_SAID_NO, ""),
    ],
)
@pytest.mark.parametrize("with_code", [True, False])
def test_an_error_wins_over_a_code(
    error: str, reason: Refusal, detail: str, with_code: bool
) -> None:
    found = refused({**(SOUND if with_code else without("code")), "error": [error]})
    assert (found.reason, found.detail) == (reason, detail)


def test_an_error_of_another_login_is_a_wrong_state_first() -> None:
    found = refused({**SOUND, "state": ["other"], "error": ["access_denied"]})
    assert found.reason == Refusal.BAD_STATE


@pytest.mark.parametrize("code", ["", "a\nb", "a\0", "\x7f", "é", "\ud800", "x" * 4_097])
def test_a_code_is_plain_and_bounded(code: str) -> None:
    assert refused({**SOUND, "code": [code]}).reason == Refusal.NO_CODE


def test_a_missing_code() -> None:
    assert refused(without("code")).reason == Refusal.NO_CODE
    # An id token in the front channel was never asked for, and takes no code's place.
    assert refused({**without("code"), "id_token": ["e30.e30."]}).reason == Refusal.NO_CODE
    assert refused({}).reason == Refusal.BAD_STATE


@pytest.mark.parametrize("code", ["x", "x" * 4_096, "4/0Ab_5q~ !#$%&'()*+,-./:;<=>?@[]^_`{|}"])
def test_any_code_that_oauth_allows(code: str) -> None:
    assert read({**SOUND, "code": [code]}) == code
