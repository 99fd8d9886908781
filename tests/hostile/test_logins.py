"""Logins that a browser, an attacker or a provider bends, through the whole gateway."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gateway.login.checks import Refusal
from tests.hostile.browsing import SITE, Browser
from tests.hostile.forging import curve_key, signing_key
from tests.hostile.lodge import lodge
from tests.hostile.misbehaving_provider import CLIENT, SOUND, SUBJECT, Manner
from tests.login.claims import GONE
from tests.ways.house import Page

START = "/-/login/idp?return_to=/members/story"
TOLD = json.dumps({"sub": SUBJECT, "email": "jane@news.example"}).encode()
NOW = 1_795_000_000.0  # where the lodge's clock stands
DOWN = "provider-unavailable"


async def callback_of(browser: Browser, start: str = START) -> str:
    """Begin a login, and stop before the callback: its address."""
    answer = await browser.get(start)
    answer = await browser.get(answer.headers["location"])
    return str(answer.headers["location"])


REFUSED: dict[str, tuple[Manner, str]] = {
    # The callback.
    "no issuer": (Manner(callback={"iss": GONE}), Refusal.BAD_RESPONSE_ISSUER),
    "a foreign issuer": (
        Manner(callback={"iss": "https://evil.example"}),
        Refusal.BAD_RESPONSE_ISSUER,
    ),
    "an issuer with a slash more": (Manner(callback={"iss": "http://x/"}), "bad-response-issuer"),
    "two issuers": (Manner(callback={"iss": ["a", "b"]}), Refusal.DOUBLED_PARAMETER),
    "two codes": (Manner(callback={"code": ["a", "b"]}), Refusal.DOUBLED_PARAMETER),
    "no code": (Manner(callback={"code": GONE}), Refusal.NO_CODE),
    "an empty code": (Manner(callback={"code": ""}), Refusal.NO_CODE),
    "a made-up code": (Manner(callback={"code": "made-up"}), Refusal.CODE_REFUSED),
    "an error beside a code": (
        Manner(callback={"error": "server_error"}),
        Refusal.PROVIDER_SAID_NO,
    ),
    "cancelled": (
        Manner(callback={"code": GONE, "error": "access_denied"}),
        Refusal.CANCELLED,
    ),
    # The token endpoint.
    "no id token": (Manner(token={"id_token": GONE}), Refusal.MISSING_TOKEN),
    "an id token that is null": (Manner(token={"id_token": None}), Refusal.MISSING_TOKEN),
    "no access token": (Manner(token={"access_token": GONE}), Refusal.MISSING_TOKEN),
    "an access token that no header can hold": (
        Manner(token={"access_token": "é"}),
        Refusal.MISSING_TOKEN,
    ),
    "half a character for an access token": (
        Manner(token={"access_token": "\ud800"}),
        Refusal.MISSING_TOKEN,
    ),
    "an access token of two lines": (
        Manner(token={"access_token": "a\r\nx: y"}),
        Refusal.MISSING_TOKEN,
    ),
    "another kind of token": (Manner(token={"token_type": "mac"}), Refusal.CODE_REFUSED),
    "no kind of token": (Manner(token={"token_type": GONE}), Refusal.CODE_REFUSED),
    "not a token": (Manner(token={"id_token": "x"}), Refusal.BAD_TOKEN),
    "two dots": (Manner(token={"id_token": ".."}), Refusal.BAD_TOKEN),
    "a token of lists": (Manner(token={"id_token": "W10.W10.W10"}), Refusal.BAD_TOKEN),
    "a token too long": (Manner(token={"id_token": "e30." * 9_000}), Refusal.BAD_TOKEN),
    # Signatures.
    "a stray key": (Manner(signed="stray"), Refusal.BAD_SIGNATURE),
    "a key of its own in the header": (
        Manner(
            signed="stray",
            header={"kid": GONE, "jwk": signing_key("stray").as_dict(private=False)},
        ),
        Refusal.BAD_TOKEN,  # a header of that size isn't read at all
    ),
    "a key from elsewhere": (
        Manner(signed="stray", header={"jku": "https://evil.example/keys"}),
        Refusal.BAD_SIGNATURE,
    ),
    "another kind of key in the header": (
        Manner(signed="ES256", header={"jwk": curve_key("stray").as_dict(private=False)}),
        Refusal.BAD_SIGNATURE,
    ),
    "an algorithm that isn't offered": (Manner(signed="PS256"), Refusal.BAD_ALGORITHM),
    "a header that must be understood": (
        Manner(signed="stray", header={"crit": ["exp"], "exp": 1}),
        Refusal.BAD_TOKEN,
    ),
    "a name that isn't one": (Manner(signed="none", header={"kid": ["k1"]}), "bad-algorithm"),
    # Claims (each alone in tests/login; here, those that Authlib lets pass).
    "an empty audience": (Manner(id_token={"aud": []}), Refusal.BAD_AUDIENCE),
    "a foreign audience with our azp": (
        Manner(id_token={"aud": "other", "azp": CLIENT}),
        Refusal.BAD_AUDIENCE,
    ),
    "an audience of ours among others": (
        Manner(id_token={"aud": [CLIENT, "other"]}),
        Refusal.BAD_AUDIENCE,
    ),
    "an empty subject": (Manner(id_token={"sub": ""}), Refusal.BAD_SUBJECT),
    "a subject that is a number": (Manner(id_token={"sub": 7}), Refusal.BAD_SUBJECT),
    "issued eleven minutes ago": (Manner(id_token={"iat": NOW - 660}), Refusal.BAD_ISSUED_AT),
    "issued in two minutes": (Manner(id_token={"iat": NOW + 120}), Refusal.BAD_ISSUED_AT),
    "issued true": (Manner(id_token={"iat": True}), Refusal.BAD_ISSUED_AT),
    "over since an hour": (Manner(id_token={"exp": NOW - 3600}), Refusal.BAD_EXPIRY),
    "good for 25 hours": (Manner(id_token={"exp": NOW + 90_000}), Refusal.BAD_EXPIRY),
    "good for ever": (Manner(id_token={"exp": math.inf}), Refusal.BAD_EXPIRY),
    "good for nobody knows": (Manner(id_token={"exp": math.nan}), Refusal.BAD_EXPIRY),
    "no end": (Manner(id_token={"exp": GONE}), Refusal.BAD_EXPIRY),
    "not yet": (Manner(id_token={"nbf": NOW + 600}), Refusal.NOT_YET),
    "no nonce": (Manner(id_token={"nonce": GONE}), Refusal.BAD_NONCE),
    "no nonce, but one in userinfo": (
        Manner(id_token={"nonce": GONE, "iat": GONE}, userinfo={"nonce": "x", "iat": NOW}),
        Refusal.BAD_ISSUED_AT,
    ),
    "another access token": (Manner(id_token={"at_hash": "x" * 22}), Refusal.BAD_TOKEN_HASH),
    # Addresses.
    "two at signs": (
        Manner(userinfo={"email": "a@evil@company.com"}),
        Refusal.BAD_EMAIL,
    ),
    "two at signs in the token": (
        Manner(id_token={"email": "a@evil@company.com", "email_verified": True}),
        Refusal.BAD_EMAIL,
    ),
    "a second line": (
        Manner(userinfo={"email": "a@company.com\r\nBcc: b@evil.example"}),
        Refusal.BAD_EMAIL,
    ),
    "a letter that turns into k": (
        Manner(userinfo={"email": "\u212a@company.com"}),
        Refusal.BAD_EMAIL,
    ),
    "an unverified address": (
        Manner(userinfo={"email_verified": False}),
        Refusal.UNVERIFIED_EMAIL,
    ),
    "an unverified address in the token": (
        Manner(id_token={"email": "a@company.com", "email_verified": "false"}),
        Refusal.UNVERIFIED_EMAIL,
    ),
}
UNAVAILABLE: dict[str, Manner] = {
    "a token endpoint that fails": Manner(token_page=Page(b"{}", "application/json", 502)),
    "a token endpoint of HTML": Manner(token_page=Page(b"<h1>Hello</h1>")),
    "a token endpoint of lists": Manner(token_page=Page(b"[]", "application/json")),
    "a token endpoint without end": Manner(token_page=Page(b" " * (1 << 20), "application/json")),
    "a token endpoint of depths": Manner(token_page=Page(b"[" * 100_000, "application/json")),
    "a token endpoint that is elsewhere": Manner(
        token_page=Page(status=307, headers=(("location", "http://127.0.0.1:9/"),))
    ),
    "a userinfo that fails": Manner(userinfo_page=Page(b"", status=500)),
    "a userinfo that is a signed token": Manner(
        userinfo_page=Page(b"e30.e30.x", "application/jwt")
    ),
    # Sound ones, but for their size, and for a size that can't be told beforehand.
    "a userinfo without end": Manner(userinfo_page=Page(TOLD + b" " * (1 << 20))),
    "a userinfo that hides its size": Manner(
        userinfo_page=Page(gzip.compress(TOLD), headers=(("content-encoding", "gzip"),))
    ),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused(name: str, tmp_path: Path) -> None:
    manner, reason = REFUSED[name]
    async with lodge(tmp_path) as inside:
        inside.provider.manner = manner
        browser = inside.browser()
        answer = await browser.go(START)
        assert answer.status_code == 400
        assert browser.cookies == {}
        assert inside.reasons() == [reason]
        assert not await inside.reads(browser)
        # The reader can begin anew, and is then back where they came from.
        inside.provider.manner = SOUND
        again = await browser.go(START)
        assert again.status_code == 200
        assert await inside.reads(browser)


@pytest.mark.anyio
async def test_userinfo_of_an_ordinary_size_would_do(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        await inside.logged_in(Manner(userinfo_page=Page(TOLD)))


@pytest.mark.anyio
@pytest.mark.parametrize("name", UNAVAILABLE)
async def test_a_provider_that_makes_no_sense_is_away(name: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        inside.provider.manner = UNAVAILABLE[name]
        browser = inside.browser()
        answer = await browser.go(START)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert browser.cookies == {}
        assert inside.reasons() == [DOWN]


METADATA: tuple[dict[str, Any], ...] = (
    {"issuer": "http://127.0.0.1:1"},
    {"issuer": GONE},
    {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    {"code_challenge_methods_supported": ["plain"]},
    {"response_types_supported": ["id_token"]},
    {"token_endpoint": "http://idp.example/token"},
    {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
    {"jwks_uri": "file:///etc/passwd"},
    {"jwks_uri": GONE},
    {"authorization_endpoint": "javascript:alert(1)"},
)


@pytest.mark.anyio
@pytest.mark.parametrize("words", METADATA)
async def test_metadata_that_nobody_is_sent_by(words: dict[str, Any], tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        inside.provider.metadata = words
        browser = inside.browser()
        answer = await browser.go(START)
        assert answer.status_code == 503
        assert browser.went == [SITE + START]
        assert inside.reasons() == [DOWN]
        # What was put right counts at the next try.
        inside.provider.metadata = {}
        assert (await browser.go(START)).status_code == 200
        assert await inside.reads(browser)


@pytest.mark.anyio
async def test_a_callback_is_of_the_browser_that_began(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        mine, other = inside.browser(), inside.browser()
        callback = await callback_of(mine)
        answer = await other.get(callback)
        assert answer.status_code == 400
        assert other.cookies == {}
        # Nor of one that has begun a login of its own.
        theirs = await callback_of(other)
        answer = await other.get(callback)
        assert answer.status_code == 400
        assert not other.session()
        assert not inside.provider.times("/token"), "no code was spent on it"
        assert (await mine.go(callback)).status_code == 200
        assert (await other.go(theirs)).status_code == 200, "both can still go on"
        assert await inside.reads(mine)
        assert await inside.reads(other)


@pytest.mark.anyio
@pytest.mark.parametrize("again", [False, True])
async def test_a_state_and_a_code_serve_once(again: bool, tmp_path: Path) -> None:
    """Whether the provider minds a code's second use or not."""
    async with lodge(tmp_path) as inside:
        inside.provider.manner = Manner(code_serves_again=again)
        browser = inside.browser()
        callback = await callback_of(browser)
        began = dict(browser.cookies)
        assert (await browser.get(callback)).status_code == 303
        copy = inside.browser()
        copy.cookies = began
        assert (await copy.get(callback)).status_code == 400
        assert not copy.session()
        assert await inside.reads(browser)


@pytest.mark.anyio
async def test_of_many_callbacks_at_once_one_serves(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        inside.provider.manner = Manner(code_serves_again=True)
        browser = inside.browser()
        callback = await callback_of(browser)
        copies = [inside.browser() for _ in range(20)]
        for copy in copies:
            copy.cookies = dict(browser.cookies)
        answers = await asyncio.gather(*(copy.get(callback) for copy in copies))
        assert sorted(answer.status_code for answer in answers) == [303] + [400] * 19
        assert sum(bool(copy.session()) for copy in copies) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("ignores", [False, True])
async def test_an_attackers_code_is_of_no_use_in_a_victims_login(
    ignores: bool, tmp_path: Path
) -> None:
    """The verifier stops it at the provider; where that looks away, the nonce does here."""
    async with lodge(tmp_path) as inside:
        inside.provider.manner = Manner(ignores_verifier=ignores)
        attacker, victim = inside.browser(), inside.browser()
        stolen = (await callback_of(attacker)).partition("code=")[2].partition("&")[0]
        own = await callback_of(victim)
        answer = await victim.get(
            own.replace(own.partition("code=")[2].partition("&")[0], quote(stolen))
        )
        assert answer.status_code == 400
        assert not victim.session()
        assert inside.reasons() == [Refusal.BAD_NONCE if ignores else Refusal.CODE_REFUSED]
