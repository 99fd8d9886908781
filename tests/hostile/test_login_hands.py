"""What hands do around a login: too slow, twice, on another name of the site, in a picture, too late."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.identity.accounts import Accounts as AccountsPort
from gateway.stores.accounts import Accounts
from gateway.stores.mailed import MailedLogins
from tests.contracts.test_login_roads import ANA, MAIL, STORY, letters, mailed
from tests.hostile import lodge as lodges
from tests.hostile.browsing import SITE, Browser, Kept
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import Manner
from tests.hostile.test_login_browsers import FORM_POST, START, begun
from tests.migrated import new_store
from tests.ways.house import KEY

BOB = Manner(
    id_token={"sub": "bob", "email": "bob@news.example", "email_verified": True},
    userinfo={"sub": "bob"},
)
NEWER = "a-newer-key-of-thirty-two-characters"


async def email(browser: Browser) -> str:
    return str((await browser.get("/-/me")).json().get("email", ""))


def holding(session: str, inside: Lodge) -> Browser:
    """Another browser with a copy of a session's cookie."""
    other = inside.browser()
    other.cookies = {"__Host-lychgate": Kept(session, "Lax", secure=True, http_only=True)}
    return other


@contextlib.contextmanager
def failing(port: type[AccountsPort] | type[MailedLogins], *names: str) -> Iterator[None]:
    async def away(*args: object, **more: object) -> None:
        raise StoreUnavailable("away")

    with pytest.MonkeyPatch.context() as patched:
        for name in names:
            patched.setattr(port, name, away)
        yield


@pytest.mark.anyio
@pytest.mark.parametrize("extra", ["", FORM_POST])
async def test_the_session_before_a_login_ends_however_the_answer_comes(
    extra: str, tmp_path: Path
) -> None:
    async with lodge(tmp_path, provider_extra=extra) as inside:
        browser = await inside.logged_in()
        before = browser.session()
        inside.provider.manner = BOB
        await browser.go(START)
        assert await email(browser) == "bob@news.example"
        assert await inside.reads(browser)
        assert not await inside.reads(holding(before, inside))


@pytest.mark.anyio
async def test_whoever_took_too_long_begins_anew_where_they_were(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        callback = await begun(browser)
        inside.clock.pass_time(601)
        answer = await browser.get(callback)
        assert answer.status_code == 400
        assert inside.reasons() == ["too-late"]
        assert "/-/login/idp?return_to=/members/story" in answer.text
        assert not browser.session()
        assert not browser.cookies, "what is over is forgotten"
        forgotten = await begun(browser)
        inside.clock.pass_time(3600)
        assert (await browser.get(forgotten)).status_code == 400
        assert not browser.session()


@pytest.mark.anyio
async def test_a_clock_that_is_set_back_a_little_disturbs_no_login(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        callback = await begun(browser)
        inside.clock.pass_time(-30)
        assert (await browser.get(callback)).status_code == 303
        assert browser.session()


@pytest.mark.anyio
async def test_a_callback_that_is_loaded_again_leaves_its_reader_in(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        callback = await begun(browser)
        await browser.get(callback)
        session = browser.session()
        again = await browser.get(callback)
        assert (again.status_code, again.headers["location"]) == (303, "/")
        assert browser.session() == session
        assert (await inside.browser().get(callback)).status_code == 400


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["link", "code"])
async def test_a_button_that_is_pressed_twice_leads_on(way: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, settings=MAIL) as inside:
        browser = inside.browser()
        link, code = await mailed(inside, browser)
        place = link if way == "link" else "/-/login/code"
        fields = {"code": code, "return_to": STORY}
        for _ in range(2):
            answer = await browser.post(place, fields)
            assert (answer.status_code, answer.headers["location"]) == (303, STORY)
        stranger = inside.browser()
        assert (await stranger.post(place, fields)).status_code == 400
        assert not stranger.session()


@pytest.mark.anyio
async def test_nothing_that_looks_ahead_spends_a_code(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        callback = await begun(browser)
        looked = await browser._ask("HEAD", callback, from_site=None)
        assert (looked.status_code, looked.headers["allow"]) == (405, "GET")
        assert not browser.session()
        assert (await browser.get(callback)).status_code == 303


@pytest.mark.anyio
async def test_the_browser_of_a_letter_is_known_as_long_as_the_letter_is_good(
    tmp_path: Path,
) -> None:
    async with lodge(tmp_path, settings=MAIL) as inside:
        browser = inside.browser()
        for _ in range(2):
            answer = await browser.post("/-/login/mail", {"email": ANA})
            (cookie,) = answer.headers.get_list("set-cookie")
            assert "Max-Age=3600" in cookie
            await letters(inside)
            inside.clock.pass_time(3500)
        names = {cookie.partition("=")[0] for cookie in browser.cookies}
        assert names == {"__Host-lychgate-mail"}


@pytest.mark.anyio
async def test_a_code_that_is_on_its_way_outlives_a_new_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_store(tmp_path / "s.db")
    store_url = f"sqlite:///{tmp_path}/s.db"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with lodge(tmp_path / "a", settings=MAIL, store_url=store_url) as inside:
        asking = inside.browser()
        _, code = await mailed(inside, asking)
    monkeypatch.setattr(lodges, "KEY", f'{NEWER}", "{KEY}')
    async with lodge(tmp_path / "b", settings=MAIL, store_url=store_url) as inside:
        browser = inside.browser()
        browser.cookies = asking.cookies
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        assert (await browser.post("/-/login/code", {"code": wrong})).status_code == 400
        assert (await browser.post("/-/login/code", {"code": code})).status_code == 303
        assert await inside.reads(browser)


@pytest.mark.anyio
async def test_logging_out_while_the_store_is_away_ends_the_cookie(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        with failing(Accounts, "login", "end"):
            answer = await browser.post("/-/logout", {"return_to": "/news"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/news")
        assert not browser.session()


@pytest.mark.anyio
async def test_an_account_that_is_erased_says_so_though_its_letter_cant_be_sent(
    tmp_path: Path,
) -> None:
    async with lodge(tmp_path, settings=MAIL) as inside:
        browser = await inside.logged_in(BOB)
        with failing(MailedLogins, "put_out"):
            answer = await browser.post("/-/account/erase?lang=en", {"confirm": "yes"})
        assert (answer.status_code, "Your account is erased" in answer.text) == (200, True)
        assert not browser.session()


@pytest.mark.anyio
async def test_no_account_is_made_of_a_way_that_was_to_be_added(tmp_path: Path) -> None:
    async with lodge(tmp_path, settings=MAIL) as inside:
        browser = await inside.logged_in()
        other = holding(browser.session(), inside)
        await other.post("/-/account/sessions/end", {"everywhere": "1"})
        asked = {"email": ANA, "add": "1", "return_to": "/-/account"}
        login = "/-/login?return_to=/-/account&lang=en"
        posted = await browser.post("/-/login/mail", asked)
        assert (posted.status_code, posted.headers["location"]) == (303, login)
        assert not await letters(inside)
        link = "/-/login/idp?return_to=/-/account&add=1"
        followed = await browser.get(link, from_site=SITE)
        assert (followed.status_code, followed.headers["location"]) == (303, login)


@pytest.mark.anyio
async def test_pictures_and_frames_use_up_nobodys_logins(tmp_path: Path) -> None:
    settings = "[limits]\nlogin_per_five_minutes = 2\n"

    async with lodge(tmp_path, settings=settings) as inside:

        async def status(dest: str, site: str) -> int:
            headers = {"host": "news.example", "sec-fetch-dest": dest, "sec-fetch-site": site}
            address = inside.shop.gateway + START
            return (await inside.shop.client.get(address, headers=headers)).status_code

        for dest in ("image", "iframe", "script", "empty", "object"):
            assert await status(dest, "cross-site") == 403
        assert await status("image", "same-origin") == 403, "a reader's comment may hold one"
        assert await status("document", "cross-site") == 303
        assert await status("empty", "same-origin") == 303, (
            "a script of the site's own follows links"
        )
        assert await status("document", "none") == 429


@pytest.mark.anyio
async def test_a_login_on_another_name_of_the_site_begins_on_its_own(tmp_path: Path) -> None:
    async with lodge(tmp_path, site='aliases = ["www.news.example"]', settings=MAIL) as inside:

        async def at_alias(path: str, method: str = "GET") -> tuple[int, str]:
            same = {"origin": "https://www.news.example"} if method == "POST" else {}
            answer = await inside.shop.client.request(
                method,
                inside.shop.gateway + path,
                headers={"host": "www.news.example", "accept": "text/html", **same},
                data={"email": ANA} if method == "POST" else None,
            )
            return answer.status_code, answer.headers.get("location", "")

        assert await at_alias("/-/login") == (303, f"{SITE}/-/login?at=site")
        status, there = await at_alias(START)
        assert (status, there) == (303, f"{SITE}{START}&at=site")
        browser = inside.browser()
        assert (await browser.go(there)).status_code == 200
        assert browser.went[-1] == f"{SITE}/members/story"
        assert await inside.reads(browser)
        # Sent on once: a front that names every host alike would send its readers round for ever.
        assert (await at_alias("/-/login?at=site"))[0] == 200
        # A form is answered where it was posted, and what was typed goes nowhere else.
        assert await at_alias("/-/login/mail", "POST") == (303, "/-/login/code?lang=en")
        assert (await at_alias("/-/login/code"))[0] == 200
        assert (await at_alias("/members/story"))[0] == 200
        assert (await at_alias("/-/me"))[0] == 200


@pytest.mark.anyio
async def test_a_page_in_the_sites_own_stands_in_nobodys_frame(tmp_path: Path) -> None:
    async with lodge(tmp_path, site='shell = "/shell"', settings=MAIL) as inside:
        browser = inside.browser()
        link, _ = await mailed(inside, browser)
        for path in ("/-/login", link, "/-/help?from=/news"):
            answer = await browser.get(path)
            assert answer.status_code == 200
            assert answer.headers["content-security-policy"] == "frame-ancestors 'none'", path


@pytest.mark.anyio
async def test_an_error_page_tells_no_address_that_may_hold_a_token(tmp_path: Path) -> None:
    async with lodge(tmp_path, settings=MAIL) as inside:
        browser = inside.browser()
        with failing(MailedLogins, "find"):
            away = await browser.get("/-/login/mail/the-token")
        assert away.status_code == 503
        doubled = await browser.get("/-/login/mail/the-token?lang=en&lang=%ff")
        assert doubled.status_code == 400
        for answer in (away, doubled):
            assert answer.headers["referrer-policy"] == "strict-origin"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/-/login/mail", "GET, HEAD, POST"),
        ("DELETE", "/-/account", "GET, HEAD"),
        ("GET", "/-/account/erase", "POST"),
        ("OPTIONS", "/-/logout", "GET, HEAD, POST"),
        ("GET", "/-/login/idp/backchannel-logout", "POST"),
    ],
)
async def test_another_method_is_refused_on_a_page_of_ours(
    method: str, path: str, allowed: str, tmp_path: Path
) -> None:
    async with lodge(tmp_path, settings=MAIL) as inside:
        answer = await inside.browser()._ask(method, f"{SITE}{path}", from_site=SITE)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-robots-tag"] == "noindex"
        await asyncio.sleep(0)
