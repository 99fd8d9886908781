"""Logins that somebody else asks for (OpenID Connect Core 1.0, section 4), through the whole gateway."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.hostile.browsing import SITE
from tests.hostile.lodge import lodge

PLACE = "/-/login/idp/start"


@pytest.mark.anyio
@pytest.mark.parametrize("posted", [False, True])
async def test_only_the_providers_own_issuer_is_taken(posted: bool, tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        own = inside.provider.address
        wrong = [[], [""], ["https://evil.example"], [own + "/"], [own.upper()], [own, own]]
        for issuers in [*wrong, [own]]:
            fields = [("iss", issuer) for issuer in issuers]
            browser = inside.browser()
            if posted:
                answer = await browser.post(PLACE, fields, from_site=own)
            else:
                answer = await browser.get(f"{PLACE}?{urlencode(fields)}", from_site=own)
            assert answer.status_code == (303 if issuers == [own] else 400), issuers
            assert browser.cookies == {}
        assert not inside.provider.times("/authorize")


@pytest.mark.anyio
async def test_a_posted_one_goes_all_the_way(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        own = inside.provider.address
        browser = inside.browser()
        told = {"iss": own, "target_link_uri": f"{SITE}/members/story", "login_hint": "j" * 5_000}
        answer = await browser.post(PLACE, told, from_site=own)
        assert answer.status_code == 303
        assert (await browser.go(answer.headers["location"], from_site=own)).status_code == 200
        assert await inside.reads(browser)
        (login,) = inside.provider.logins.values()
        assert len(login.asked["login_hint"]) <= 320


@pytest.mark.anyio
async def test_a_reader_who_is_logged_in_isnt_made_another_way_in(tmp_path: Path) -> None:
    """Nothing that a stranger's link says adds anything to an account, or asks for it."""
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        told = urlencode({"iss": inside.provider.address, "add": "1", "fresh": "1", "round": "9"})
        answer = await browser.get(f"{PLACE}?{told}", from_site="https://evil.example")
        place = urlsplit(answer.headers["location"])
        assert place.path == "/-/login/idp"
        assert set(parse_qs(place.query)) == {"return_to"}
