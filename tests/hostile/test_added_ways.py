"""Another way to log in, added to an account: by its reader alone, and while they are logged in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.browsing import SITE, Browser
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import Manner

ADD = "/-/login/idp?return_to=/-/account&add=1"
START = "/-/login/idp?return_to=/members/story"
FORM_POST = 'response_mode = "form_post"'
# The same provider, another person there: to the gateway, a second way to log in.
SECOND = Manner(
    id_token={"sub": "second"},
    userinfo={"sub": "second", "email": "second@news.example"},
)


async def begun(inside: Lodge, browser: Browser, *, from_site: str | None) -> str:
    """Follow the link that adds a way, as far as the provider: its address."""
    inside.provider.manner = SECOND
    answer = await browser.get(ADD, from_site=from_site)
    return str(answer.headers["location"])


async def email(browser: Browser) -> str:
    return str((await browser.get("/-/me")).json().get("email", ""))


@pytest.mark.anyio
@pytest.mark.parametrize("extra", ["", FORM_POST])
async def test_a_reader_adds_a_way(extra: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, provider_extra=extra) as inside:
        browser = await inside.logged_in()
        at_provider = await begun(inside, browser, from_site=SITE)
        assert (await browser.go(at_provider, from_site=SITE)).status_code == 200
        other = inside.browser()
        await other.go(START)
        assert await email(other) == "jane@news.example", "the second way leads to the account"


@pytest.mark.anyio
@pytest.mark.parametrize("from_site", ["https://evil.example", None])
async def test_another_sites_link_adds_nothing(from_site: str | None, tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        await browser.go(await begun(inside, browser, from_site=from_site), from_site=from_site)
        assert await email(browser) == "second@news.example", "an ordinary login, of the second"


@pytest.mark.anyio
@pytest.mark.parametrize("extra", ["", FORM_POST])
@pytest.mark.parametrize("ended", ["logged out", "ended elsewhere"])
async def test_nothing_is_added_once_the_session_that_asked_is_over(
    ended: str, extra: str, tmp_path: Path
) -> None:
    """Whoever was thrown out of an account can't come back by a login that they had begun."""
    async with lodge(tmp_path, provider_extra=extra) as inside:
        thief = await inside.logged_in()
        at_provider = await begun(inside, thief, from_site=SITE)
        if ended == "logged out":
            await thief.post("/-/logout", {})
        else:
            owner = await inside.logged_in()
            inside.provider.manner = SECOND
            answer = await owner.post("/-/account/sessions/end", {"all": "1"})
            assert answer.status_code == 303
        assert (await thief.go(at_provider, from_site=SITE)).status_code == 400
        assert not await inside.reads(thief)
        other = inside.browser()
        await other.go(START)
        assert await email(other) == "second@news.example", "an account of its own"


@pytest.mark.anyio
async def test_nobody_else_at_the_same_browser_gets_it(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        at_provider = await begun(inside, browser, from_site=SITE)
        inside.provider.manner = Manner(
            id_token={"sub": "next"}, userinfo={"sub": "next", "email": "next@news.example"}
        )
        await browser.go(START)
        assert await email(browser) == "next@news.example"
        inside.provider.manner = SECOND
        assert (await browser.go(at_provider, from_site=SITE)).status_code == 400
        other = inside.browser()
        await other.go(START)
        assert await email(other) == "second@news.example"
