"""Logging out by the provider's word, and what is no such word, through the whole gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.identity.accounts import Entry
from gateway.login.checks import Refusal
from gateway.stores.accounts import Accounts
from tests.hostile.browsing import SITE
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import Manner
from tests.login.claims import GONE

PLACE = "/-/login/idp/backchannel-logout"
NOW = 1_795_000_000.0


async def told(inside: Lodge, token: str) -> httpx2.Response:
    """The provider's server posts a logout token: no browser, no cookie, no Origin."""
    return await inside.browser().post(PLACE, {"logout_token": token}, from_site=None)


def of(sub: str, sid: str) -> Manner:
    return Manner(
        id_token={"sub": sub, "sid": sid},
        userinfo={"sub": sub, "email": f"{sub}@news.example"},
    )


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("claims", "ends"),
    [
        ({"sub": "ana", "sid": GONE}, ("ana one", "ana two")),
        ({"sub": GONE, "sid": "two"}, ("ana two",)),
        ({"sub": "ana", "sid": "one"}, ("ana one",)),
        ({"sub": "bea", "sid": "one"}, ()),
        ({"sub": "nobody", "sid": GONE}, ()),
    ],
)
async def test_whose_sessions_end(
    claims: dict[str, Any], ends: tuple[str, ...], tmp_path: Path
) -> None:
    async with lodge(tmp_path) as inside:
        names = ("ana one", "ana two", "bea three")
        readers = {name: await inside.logged_in(of(*name.split())) for name in names}
        answer = await told(inside, inside.provider.logout_token(claims=claims))
        assert answer.status_code == 200
        assert answer.content == b""
        still = {name: await inside.reads(browser) for name, browser in readers.items()}
        assert still == {name: name not in ends for name in names}


@pytest.mark.anyio
async def test_a_logout_token_serves_once(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        first = await inside.logged_in()
        token = inside.provider.logout_token()
        assert (await told(inside, token)).status_code == 200
        assert not await inside.reads(first)
        inside.clock.pass_time(1)
        second = await inside.logged_in()
        assert (await told(inside, token)).status_code == 400
        assert await inside.reads(second)


@pytest.mark.anyio
async def test_a_login_that_is_under_way_ends_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with lodge(tmp_path) as inside:
        enter = Accounts.enter

        async def logged_out_meanwhile(self: Accounts, entry: Entry, *, now: float) -> object:
            answer = await told(inside, inside.provider.logout_token())
            assert answer.status_code == 200
            return await enter(self, entry, now=now)

        monkeypatch.setattr(Accounts, "enter", logged_out_meanwhile)
        browser = inside.browser()
        answer = await browser.go("/-/login/idp?return_to=/members/story")
        assert answer.status_code == 400
        assert not browser.session()


@pytest.mark.anyio
async def test_tokens_whose_names_begin_alike_are_two(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        await inside.logged_in()
        start = "j" * 200
        for tail in "ab":
            token = inside.provider.logout_token(claims={"jti": start + tail})
            assert (await told(inside, token)).status_code == 200


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no subject and no session": ({"sub": GONE, "sid": GONE}, Refusal.NOBODY_NAMED),
    "an empty subject": ({"sub": ""}, Refusal.NOBODY_NAMED),
    "no name of its own": ({"jti": GONE}, Refusal.NO_TOKEN_ID),
    "no end": ({"exp": GONE}, Refusal.BAD_EXPIRY),
    "over": ({"exp": NOW - 120}, Refusal.BAD_EXPIRY),
    "good for a year": ({"exp": NOW + 31e6}, Refusal.BAD_EXPIRY),
    "no beginning": ({"iat": GONE}, Refusal.BAD_ISSUED_AT),
    "old": ({"iat": NOW - 700}, Refusal.BAD_ISSUED_AT),
    "no audience": ({"aud": []}, Refusal.BAD_AUDIENCE),
    "an event that is a list": (
        {"events": ["http://schemas.openid.net/event/backchannel-logout"]},
        Refusal.BAD_EVENTS,
    ),
    "a nonce that is null": ({"nonce": None}, Refusal.HAS_NONCE),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", BAD)
async def test_what_ends_nothing(name: str, tmp_path: Path) -> None:
    claims, reason = BAD[name]
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        answer = await told(inside, inside.provider.logout_token(claims=claims))
        assert answer.status_code == 400
        assert inside.reasons() == [reason]
        assert await inside.reads(browser)


@pytest.mark.anyio
async def test_only_a_logout_token_logs_out(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        tokens = {
            "an id token": inside.provider.issued[-1],
            "by a stray key": inside.provider.logout_token(signed="stray"),
            "nothing": "",
            "noise": "x.y.z",
            "a long one": "e30." * 9_000,
        }
        for name, token in tokens.items():
            assert (await told(inside, token)).status_code == 400, name
        empty = await inside.browser().post(PLACE, {}, from_site=None)
        twice = await inside.browser().post(
            PLACE, [("logout_token", "a"), ("logout_token", "b")], from_site=None
        )
        assert (empty.status_code, twice.status_code) == (400, 400)
        assert (await inside.browser().get(f"{PLACE}?logout_token=x")).status_code in (404, 405)
        unknown = PLACE.replace("idp", "other")
        token = inside.provider.logout_token()
        answer = await inside.browser().post(unknown, {"logout_token": token}, from_site=None)
        assert answer.status_code == 404
        assert await inside.reads(browser)
        assert (await told(inside, token)).status_code == 200
        assert not await inside.reads(browser)


@pytest.mark.anyio
async def test_a_logout_token_logs_nobody_in(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        token = inside.provider.logout_token()
        inside.provider.manner = Manner(token={"id_token": token})
        browser = inside.browser()
        assert (await browser.go("/-/login/idp")).status_code == 400
        assert not browser.session()
        assert inside.reasons() == [Refusal.BAD_NONCE]


@pytest.mark.anyio
@pytest.mark.parametrize("from_site", ["https://evil.example", None])
async def test_another_site_logs_nobody_out(from_site: str | None, tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        kept = dict(browser.cookies)
        assert (await browser.post("/-/logout", {}, from_site=from_site)).status_code == 403
        await browser.get("/-/logout", from_site=from_site)  # a look changes nothing
        browser.cookies = kept
        assert await inside.reads(browser)


@pytest.mark.anyio
async def test_a_provider_without_a_place_to_log_out_at(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        inside.provider.metadata = {"end_session_endpoint": GONE}
        browser = await inside.logged_in()
        answer = await browser.post("/-/logout", {"return_to": "//evil.example/"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert not browser.session()
        assert not await inside.reads(browser)


@pytest.mark.anyio
async def test_a_provider_that_is_away_keeps_nobody_in(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        inside.provider.server.down = True
        inside.clock.pass_time(5_000)
        answer = await browser.post("/-/logout", {"return_to": "/news"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/news")
        assert not await inside.reads(browser)


@pytest.mark.anyio
@pytest.mark.parametrize("state", ["https://evil.example/", "//evil.example", "/-/logout", "\\"])
async def test_a_state_that_comes_back_leads_nowhere_else(state: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        answer = await browser.go(str(httpx2.URL(f"{SITE}/-/logout", params={"state": state})))
        assert answer.status_code == 200
        assert len(browser.went) == 1
