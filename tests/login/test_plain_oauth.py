"""GitHub and Facebook through the whole gateway, at a stand-in that answers as they do.

https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps,
…/troubleshooting-oauth-app-access-token-request-errors, …/rest/users/emails;
https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.hostile.browsing import Browser
from tests.hostile.lodge import Lodge, lodge
from tests.ways.house import Asked, Page, TableOrigin

ANA = "ana@news.example"
GITHUB_SAYS = "https://github.com/login/oauth"
BAD_CODE = {
    "error": "bad_verification_code",
    "error_description": "The code passed is incorrect or expired.",
}
FACEBOOK_BAD_CODE = {
    "error": {
        "message": "This authorization code has been used.",
        "type": "OAuthException",
        "code": 100,
        "error_subcode": 36009,
        "fbtrace_id": "A1",
    }
}


def said(body: object, status: int = 200) -> Page:
    return Page(json.dumps(body).encode(), "application/json; charset=utf-8", status)


def address(email: str, *, primary: bool = False, verified: bool = True) -> dict[str, object]:
    shown = "private" if primary else None
    return {"email": email, "primary": primary, "verified": verified, "visibility": shown}


@dataclass
class Hub:
    """Either of the two. ``callback`` are further parameters; ``asked`` the authorization's."""

    kind: str
    callback: dict[str, str] = field(default_factory=dict)
    token: Page | None = None
    me: Page | None = None
    addresses: Page = field(default_factory=lambda: said([address(ANA, primary=True)]))
    asked: dict[str, str] = field(default_factory=dict)
    server: TableOrigin = field(default_factory=TableOrigin)

    def __post_init__(self) -> None:
        if self.kind == "github":
            self.callback = {"iss": GITHUB_SAYS}
        self.server.pages |= {
            "/authorize": self._authorize,
            "/access_token": self._token,
            "/user": self._me,
            "/me": self._me,
            "/user/emails": self._addresses,
        }

    def _authorize(self, asked: Asked) -> Page:
        query = parse_qs(urlsplit(asked.target.decode()).query)
        self.asked = {name: values[0] for name, values in query.items()}
        told = {"code": "e72e16c7e42f292c6912", "state": self.asked["state"], **self.callback}
        told = {name: value for name, value in told.items() if value}
        to = f"{self.asked['redirect_uri']}?{urlencode(told)}"
        return Page(status=302, headers=(("location", to),))

    def _token(self, asked: Asked) -> Page:
        form = parse_qs(asked.body.decode())
        assert asked.header(b"accept") == b"application/json"  # GitHub answers a form otherwise
        assert (form["client_id"], form["client_secret"]) == (["x"], ["y"])
        assert form["redirect_uri"] == [self.asked["redirect_uri"]]
        scope = "read:user,user:email"
        sound = said({"access_token": "gho_16C7e42F", "token_type": "bearer", "scope": scope})
        return self.token or sound

    def _me(self, asked: Asked) -> Page:
        assert asked.header(b"authorization") == b"Bearer gho_16C7e42F"
        assert asked.header(b"user-agent")  # GitHub refuses whoever sends none
        if self.me is not None:
            return self.me
        if self.kind == "github":
            public = {"login": "ana", "email": "shown@elsewhere.example"}
            return said({"id": 583231, "name": "Ana", **public})
        return said({"id": "10158", "name": "Ana", "email": ANA})

    def _addresses(self, asked: Asked) -> Page:
        assert asked.header(b"authorization") == b"Bearer gho_16C7e42F"
        return self.addresses


@contextlib.asynccontextmanager
async def at(hub: Hub, folder: Path) -> AsyncIterator[Lodge]:
    listening = await asyncio.start_server(hub.server.serve, "127.0.0.1", 0)
    here = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    issuer = {"github": "https://github.com", "facebook": "https://www.facebook.com"}[hub.kind]
    provider = f"""
[[login.provider]]
id = "hub"
issuer = "{issuer}"
client_id = "x"
client_secret = "y"
authorize_url = "{here}/authorize"
token_url = "{here}/access_token"
api_url = "{here}"
"""
    async with lodge(folder, provider_extra=provider) as inside:
        yield inside
    listening.close()
    await hub.server.close()


async def enters(inside: Lodge) -> tuple[int, Browser]:
    browser = inside.browser()
    answer = await browser.go("/-/login/hub?return_to=/members/story")
    return answer.status_code, browser


async def kept(browser: Browser) -> dict[str, Any]:
    told: dict[str, Any] = (await browser.get("/-/account/export")).json()
    return told


def through(hub: Hub, folder: Path, work: Callable[[Lodge], Awaitable[None]]) -> None:
    async def main() -> None:
        async with at(hub, folder) as inside:
            await work(inside)

    asyncio.run(main())


# GitHub has said who it is since April 2026; an Enterprise Server of last year says nothing.
@pytest.mark.parametrize("issuer", [GITHUB_SAYS, ""])
def test_github_logs_in_by_its_number_and_the_primary_verified_address(
    issuer: str, tmp_path: Path
) -> None:
    hub = Hub("github")
    hub.callback = {"iss": issuer}
    hub.addresses = said([address("old@x.example"), address(ANA, primary=True)])

    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert status == 200, inside.reasons()
        assert await inside.reads(browser)
        told = await kept(browser)
        assert (told["reader"]["email"], told["reader"]["email_verified"]) == (ANA, True)
        (way,) = told["reader_identity"]
        assert (way["issuer"], way["subject"]) == ("https://github.com", "583231")
        assert hub.asked["scope"] == "read:user user:email"
        assert hub.asked["code_challenge_method"] == "S256"

    through(hub, tmp_path, work)


@pytest.mark.parametrize(
    "issuer", ["https://github.com", "https://evil.example/login/oauth", f"{GITHUB_SAYS}/"]
)
def test_a_foreign_issuer_in_githubs_callback_is_refused(issuer: str, tmp_path: Path) -> None:
    hub = Hub("github")
    hub.callback = {"iss": issuer}

    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert (status, browser.session()) == (400, "")
        assert inside.reasons() == ["bad-response-issuer"]
        assert not any(asked.method == "POST" for asked in hub.server.seen)

    through(hub, tmp_path, work)


def test_an_unverified_primary_address_is_refused_whatever_else_is_verified(
    tmp_path: Path,
) -> None:
    hub = Hub("github")
    hub.addresses = said([address("b@x.example"), address(ANA, primary=True, verified=False)])

    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert (status, browser.session()) == (400, "")
        assert inside.reasons() == ["unverified-email"]

    through(hub, tmp_path, work)


@pytest.mark.parametrize(
    "addresses",
    [
        said({"message": "Resource not accessible by integration"}, 403),
        said({"message": "Not Found"}, 404),
        said([]),
        said([address("b@x.example")]),
    ],
)
def test_without_a_primary_address_a_reader_has_none(addresses: Page, tmp_path: Path) -> None:
    hub = Hub("github", addresses=addresses)

    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert status == 200, inside.reasons()
        told = (await kept(browser))["reader"]
        assert (told["email"], told["email_verified"]) == ("", False)

    through(hub, tmp_path, work)


@pytest.mark.parametrize(
    ("kind", "token", "reason"),
    [
        ("github", said(BAD_CODE), "code-refused"),
        ("facebook", said(FACEBOOK_BAD_CODE, 400), "code-refused"),
        ("github", said({"access_token": "", "token_type": "bearer"}), "missing-token"),
        ("facebook", said({"access_token": "\ud800é", "token_type": "bearer"}), "missing-token"),
    ],
)
def test_an_answer_without_a_token_is_refused(
    kind: str, token: Page, reason: str, tmp_path: Path
) -> None:
    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert (status, browser.session()) == (400, "")
        assert inside.reasons() == [reason]

    through(Hub(kind, token=token), tmp_path, work)


@pytest.mark.parametrize("kind", ["github", "facebook"])
@pytest.mark.parametrize(
    "me", [said({"message": "Bad credentials"}, 401), said([]), Page(b"<html>", status=502)]
)
def test_an_api_that_says_nobody_is_a_provider_that_is_away(
    kind: str, me: Page, tmp_path: Path
) -> None:
    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert (status, browser.session()) == (503, "")
        assert inside.reasons() == ["provider-unavailable"]

    through(Hub(kind, me=me), tmp_path, work)


@pytest.mark.parametrize("number", [True, None, "", [1], 1.5])
def test_a_reader_without_a_number_is_nobody(number: object, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert (status, browser.session()) == (400, "")
        assert inside.reasons() == ["bad-subject"]

    through(Hub("github", me=said({"id": number, "name": "Ana"})), tmp_path, work)


@pytest.mark.parametrize("email", [ANA, None])
def test_facebooks_address_is_never_verified_and_may_be_missing(
    email: str | None, tmp_path: Path
) -> None:
    me = {"id": "10158", "name": "Ana", **({"email": email} if email else {})}

    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert status == 200, inside.reasons()
        told = await kept(browser)
        assert (told["reader"]["email"], told["reader"]["email_verified"]) == (email or "", False)
        assert told["reader_identity"][0]["issuer"] == "https://www.facebook.com"

    through(Hub("facebook", me=said(me)), tmp_path, work)


def test_a_reader_who_says_no_at_facebook_is_told_so(tmp_path: Path) -> None:
    hub = Hub("facebook")
    hub.callback = {
        "code": "",
        "error_reason": "user_denied",
        "error": "access_denied",
        "error_description": "Permissions error",
    }

    async def work(inside: Lodge) -> None:
        status, browser = await enters(inside)
        assert (status, browser.session()) == (400, "")
        assert inside.reasons() == ["cancelled"]

    through(hub, tmp_path, work)
