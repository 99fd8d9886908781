"""The code-flow modules of the OpenID relying-party conformance plans, by their official names.

From the conformance suite's ``OIDCCClientBasicTestPlan`` (its form-post twin too),
``OIDCCClientConfigTestPlan``, ``OIDCCClientTestPlan``, ``OIDCCClientRPInitiatedLogoutRPBasicTestPlan``,
``OIDCCClientBackChannelLogoutRPBasicTestPlan`` and ``OIDCCClient3rdPartyInitiatedLoginTestPlan``. Each
is a provider that keeps or breaks the standard in one way, and the outcome that the module asks of a
relying party, seen through the whole gateway.

Left out: what needs the implicit or hybrid flow (c_hash, at_hash in the front channel), dynamic
registration, WebFinger, request_uri, mTLS, signed userinfo, aggregated or distributed claims, front-
channel logout and session management (third-party cookies), and refresh tokens, which are never
asked for (``test_logins``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest

from gateway.login.checks import Refusal
from tests.hostile.browsing import SITE, Browser
from tests.hostile.forging import Published
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import CLIENT, SOUND, SUBJECT, Manner
from tests.login.claims import GONE

Module = Callable[[Lodge], Awaitable[None]]
START = "/-/login/idp?return_to=/members/story"
FORM_POST = 'response_mode = "form_post"'
MODULES_WANTED = 37


async def log_in(inside: Lodge, manner: Manner = SOUND) -> tuple[Browser, httpx2.Response]:
    inside.provider.manner = manner
    browser = inside.browser()
    return browser, await browser.go(START)


async def expect_in(inside: Lodge, browser: Browser, answer: httpx2.Response) -> None:
    assert browser.went[-1] == f"{SITE}/members/story"
    assert answer.status_code == 200
    assert browser.session()
    assert await inside.reads(browser)
    assert inside.reasons() == []


async def expect_out(
    inside: Lodge, browser: Browser, answer: httpx2.Response, reason: str, status: int = 400
) -> None:
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "private, no-store"
    assert browser.cookies == {}, "neither a session nor the login that failed is left"
    assert not await inside.reads(browser)
    assert inside.reasons() == [reason]


def logs_in(manner: Manner = SOUND) -> Module:
    async def module(inside: Lodge) -> None:
        await expect_in(inside, *await log_in(inside, manner))

    return module


def refuses(manner: Manner, reason: str, status: int = 400) -> Module:
    async def module(inside: Lodge) -> None:
        await expect_out(inside, *await log_in(inside, manner), reason, status)

    return module


async def kid_absent_multiple(inside: Lodge) -> None:
    """Refusing would do as well; each key is tried."""
    stray = [Published(key=name, kid=name) for name in ("second", "third")]
    inside.provider.published = [*stray, *inside.provider.published]
    await logs_in(Manner(header={"kid": GONE}))(inside)


async def scope_userinfo_claims(inside: Lodge) -> None:
    browser, answer = await log_in(inside)
    await expect_in(inside, browser, answer)
    asked = parse_qs(urlsplit(browser.went[1]).query)
    assert asked["scope"] == ["openid email profile"]
    told = (await browser.get("/-/me")).json()
    assert (told["email"], told["name"]) == ("jane@news.example", "Jane Doe")


async def client_secret_basic(inside: Lodge) -> None:
    """The provider decodes both halves as RFC 6749 wants it; its secret has odd signs."""
    await logs_in()(inside)
    (asked,) = [each for each in inside.provider.server.seen if each.target == b"/token"]
    assert (asked.header(b"authorization") or b"").startswith(b"Basic ")
    assert b"client_secret" not in asked.body


async def userinfo_bearer_header(inside: Lodge) -> None:
    await logs_in()(inside)
    (asked,) = [each for each in inside.provider.server.seen if each.target == b"/userinfo"]
    assert asked.method == "GET"
    assert (asked.header(b"authorization") or b"").startswith(b"Bearer ")


async def userinfo_bearer_body(inside: Lodge) -> None:
    """The one module that asks for what RFC 6750, 2.2, advises against: the token travels in the
    header alone, and where that won't do, nobody is logged in."""
    manner = Manner(userinfo_takes="body")
    await refuses(manner, "provider-unavailable", 503)(inside)


async def discovery_openid_config(inside: Lodge) -> None:
    await logs_in()(inside)
    assert inside.provider.times("/.well-known/openid-configuration") == 1


async def discovery_jwks_uri_keys(inside: Lodge) -> None:
    """Keys stand at another address each time, which only the metadata tells."""
    idp = inside.provider
    idp.server.pages["/k/3f9c/set"] = idp.server.pages.pop("/keys")
    idp.metadata = {"jwks_uri": f"{idp.address}/k/3f9c/set"}
    await logs_in()(inside)
    assert idp.times("/k/3f9c/set") == 1


async def discovery_issuer_mismatch(inside: Lodge) -> None:
    inside.provider.metadata = {"issuer": "https://other.example"}
    browser, answer = await log_in(inside)
    await expect_out(inside, browser, answer, "provider-unavailable", 503)
    assert not inside.provider.times("/authorize"), "nobody is sent where another one says to be"


async def rotation_just_before_signing(inside: Lodge) -> None:
    await logs_in()(inside)  # so that there are keys to go stale
    inside.clock.pass_time(11)
    await logs_in(Manner(rotates_before_signing=True))(inside)


async def rotation(inside: Lodge) -> None:
    await logs_in()(inside)
    inside.clock.pass_time(11)
    inside.provider.rotate("second", kid="k2")
    await logs_in()(inside)
    assert inside.provider.times("/keys") == 2


async def leave(inside: Lodge, browser: Browser) -> httpx2.Response:
    """Log out here, then at the provider, and come back."""
    answer = await browser.post("/-/logout", {"return_to": "/news"})
    assert not browser.session(), "the session is over before the provider is asked"
    assert answer.status_code == 303
    return await browser.go(answer.headers["location"], from_site=SITE)


async def rp_init_logout(inside: Lodge) -> None:
    browser, _ = await log_in(inside)
    session = browser.cookies["__Host-lychgate"]
    answer = await leave(inside, browser)
    assert answer.status_code == 200
    assert browser.went[-1] == f"{SITE}/news"
    (asked,) = inside.provider.ended
    assert asked["id_token_hint"] == inside.provider.issued[-1]
    assert asked["client_id"] == CLIENT
    assert asked["post_logout_redirect_uri"] == f"{SITE}/-/logout"
    browser.cookies["__Host-lychgate"] = session
    assert not await inside.reads(browser), "the cookie is dead, whoever kept it"


def rp_init_logout_state(state: object) -> Module:
    """The provider sends another state back than it got: still logged out, and on the site."""

    async def module(inside: Lodge) -> None:
        browser, _ = await log_in(inside)
        inside.provider.after_logout = {"state": state}
        answer = await leave(inside, browser)
        assert answer.status_code == 200
        assert browser.went[-1].startswith(f"{SITE}/-/logout")
        assert not await inside.reads(browser)

    return module


def backchannel(reason: str = "", *, signed: str = "RS256", **claims: object) -> Module:
    """One browser leaves; the provider's word then ends the session of the other, or doesn't."""

    async def module(inside: Lodge) -> None:
        leaving, _ = await log_in(inside)
        staying, _ = await log_in(inside)
        await leave(inside, leaving)
        token = inside.provider.logout_token(claims=claims, signed=signed)
        answer = await inside.browser().post(
            "/-/login/idp/backchannel-logout", {"logout_token": token}, from_site=None
        )
        assert answer.status_code == (400 if reason else 200)
        assert answer.headers["cache-control"] == "no-store"
        assert inside.reasons() == ([reason] if reason else [])
        assert await inside.reads(staying) is bool(reason)
        assert not await inside.reads(leaving)

    return module


async def third_party_init_login(inside: Lodge) -> None:
    inside.provider.manner = SOUND
    browser = inside.browser()
    target = quote(f"{SITE}/members/story", safe="")
    issuer = quote(inside.provider.address, safe="")
    answer = await browser.go(
        f"/-/login/idp/start?iss={issuer}&target_link_uri={target}&login_hint=jane",
        from_site=inside.provider.address,
    )
    await expect_in(inside, browser, answer)
    (login,) = inside.provider.logins.values()
    assert login.asked["login_hint"] == "jane"


BASIC: dict[str, Module] = {
    "oidcc-client-test": logs_in(),
    "oidcc-client-test-invalid-iss": refuses(
        Manner(id_token={"iss": "https://evil.example"}), Refusal.BAD_ISSUER
    ),
    "oidcc-client-test-missing-sub": refuses(Manner(id_token={"sub": GONE}), Refusal.BAD_SUBJECT),
    "oidcc-client-test-invalid-aud": refuses(
        Manner(id_token={"aud": "another-client"}), Refusal.BAD_AUDIENCE
    ),
    "oidcc-client-test-missing-iat": refuses(Manner(id_token={"iat": GONE}), Refusal.BAD_ISSUED_AT),
    "oidcc-client-test-kid-absent-single-jwks": logs_in(Manner(header={"kid": GONE})),
    "oidcc-client-test-kid-absent-multiple-jwks": kid_absent_multiple,
    "oidcc-client-test-idtoken-sig-rs256": logs_in(),
    "oidcc-client-test-idtoken-sig-none": refuses(Manner(signed="none"), Refusal.BAD_ALGORITHM),
    "oidcc-client-test-invalid-sig-rs256": refuses(
        Manner(signature_spoilt=True), Refusal.BAD_SIGNATURE
    ),
    "oidcc-client-test-userinfo-invalid-sub": refuses(
        Manner(userinfo={"sub": SUBJECT + "0"}), Refusal.FOREIGN_USERINFO
    ),
    "oidcc-client-test-nonce-invalid": refuses(
        Manner(id_token={"nonce": "of-another-login"}), Refusal.BAD_NONCE
    ),
    "oidcc-client-test-scope-userinfo-claims": scope_userinfo_claims,
    "oidcc-client-test-client-secret-basic": client_secret_basic,
}
MODULES: dict[str, Module] = {
    **BASIC,
    "oidcc-client-test-missing-aud": refuses(Manner(id_token={"aud": GONE}), Refusal.BAD_AUDIENCE),
    "oidcc-client-test-invalid-sig-hs256": refuses(Manner(signed="HS256"), Refusal.BAD_ALGORITHM),
    "oidcc-client-test-invalid-sig-es256": refuses(Manner(signed="ES256"), Refusal.BAD_SIGNATURE),
    "oidcc-client-test-userinfo-bearer-header": userinfo_bearer_header,
    "oidcc-client-test-userinfo-bearer-body": userinfo_bearer_body,
    "oidcc-client-test-discovery-openid-config": discovery_openid_config,
    "oidcc-client-test-discovery-jwks-uri-keys": discovery_jwks_uri_keys,
    "oidcc-client-test-discovery-issuer-mismatch": discovery_issuer_mismatch,
    "oidcc-client-test-signing-key-rotation-just-before-signing": rotation_just_before_signing,
    "oidcc-client-test-signing-key-rotation": rotation,
    "oidcc-client-test-rp-init-logout": rp_init_logout,
    "oidcc-client-test-rp-init-logout-other-state": rp_init_logout_state("//evil.example/other"),
    "oidcc-client-test-rp-init-logout-no-state": rp_init_logout_state(GONE),
    "oidcc-client-test-rp-backchannel-rpinitlogout": backchannel(),
    "oidcc-client-test-rp-backchannel-rpinitlogout-alg-none": backchannel(
        Refusal.BAD_ALGORITHM, signed="none"
    ),
    "oidcc-client-test-rp-backchannel-rpinitlogout-no-event": backchannel(
        Refusal.BAD_EVENTS, events=GONE
    ),
    "oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce": backchannel(
        Refusal.HAS_NONCE, nonce="n"
    ),
    "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg": backchannel(
        Refusal.BAD_ALGORITHM, signed="HS256"
    ),
    "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud": backchannel(
        Refusal.BAD_AUDIENCE, aud="another-client"
    ),
    "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event": backchannel(
        Refusal.BAD_EVENTS, events={"http://schemas.openid.net/event/other": {}}
    ),
    "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss": backchannel(
        Refusal.BAD_ISSUER, iss="https://evil.example"
    ),
    "oidcc-client-test-3rd-party-init-login": third_party_init_login,
}
FORM_POST_ERROR = "oidcc-client-test-form-post-error"


@pytest.mark.anyio
@pytest.mark.parametrize("name", MODULES)
async def test_module(name: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        await MODULES[name](inside)
        assert inside.provider.faults == []


@pytest.mark.anyio
@pytest.mark.parametrize("name", [*BASIC, FORM_POST_ERROR])
async def test_module_where_the_answer_is_a_posted_form(name: str, tmp_path: Path) -> None:
    denied = Manner(callback={"code": GONE, "error": "login_required"})
    module = BASIC.get(name) or refuses(denied, Refusal.PROVIDER_SAID_NO)
    async with lodge(tmp_path, provider_extra=FORM_POST) as inside:
        await module(inside)
        assert inside.provider.faults == []
        login = next(iter(inside.provider.logins.values()))
        assert login.asked["response_mode"] == "form_post"


def test_all_of_them_are_here() -> None:
    assert len({*MODULES, FORM_POST_ERROR}) == MODULES_WANTED
