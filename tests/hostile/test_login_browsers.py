"""What a browser may do around a login: tabs, places to return to, cookies, foreign forms."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.login.checks import Refusal
from gateway.login.keys import LIFETIME_SECONDS
from gateway.wiring.login import Login
from gateway.wiring.rooms import RoomsHere
from tests.hostile.browsing import Browser
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import CLIENT, SOUND, SUBJECT, Manner
from tests.login.claims import GONE
from tests.ways.house import Asked, Page

START = "/-/login/idp?return_to=/members/story"
FORM_POST = 'response_mode = "form_post"'
SECOND = f"""
[[login.provider]]
id = "other"
issuer = "https://other.example"
client_id = "{CLIENT}"
client_secret = "x"
"""
HOSTILE = [
    json.loads(f'"{line}"')
    for line in (Path(__file__).parent / "return_to.txt").read_text("ascii").splitlines()
    if not line.startswith("##")
]


async def begun(browser: Browser, start: str = START) -> str:
    """The address of the callback that would come next."""
    answer = await browser.get((await browser.get(start)).headers["location"])
    return str(answer.headers["location"])


@pytest.mark.anyio
async def test_no_login_leads_away_from_the_site(tmp_path: Path) -> None:
    """Each 40th of the corpus, all the way; tests/login has all of it."""
    async with lodge(tmp_path) as inside:
        issuer = quote(inside.provider.address, safe="")
        for written in HOSTILE[::40]:
            if len(written) > 1_000 or "\ud800" <= written <= "\udfff":
                continue
            told = quote(written.encode("utf-8", "surrogatepass"), safe="")
            browser = inside.browser()
            start = await browser.get(f"/-/login/idp?return_to={told}")
            if start.status_code == 400:  # a query that isn't UTF-8
                continue
            callback = await browser.get(start.headers["location"])
            entered = await browser.get(callback.headers["location"])
            assert (entered.status_code, entered.headers["location"]) == (303, "/"), written
            third = await browser.get(f"/-/login/idp/start?iss={issuer}&target_link_uri={told}")
            assert third.headers["location"].startswith("/-/login/idp?return_to=%2F"), written


@pytest.mark.anyio
async def test_tabs_dont_disturb_one_another(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        first = await begun(browser, "/-/login/idp?return_to=/members/story")
        second = await begun(browser, "/-/login/idp?return_to=/news")
        assert (await browser.get(second)).headers["location"] == "/news"
        assert (await browser.get(first)).headers["location"] == "/members/story"
        assert await inside.reads(browser)


@pytest.mark.anyio
async def test_a_browser_remembers_few_logins_at_once(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        for _ in range(12):
            await browser.get(START)
            assert len(browser.cookies) <= 5
            inside.clock.pass_time(1)
        assert (await browser.go(START)).status_code == 200


@pytest.mark.anyio
async def test_a_login_is_over_after_ten_minutes(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        callback = await begun(browser)
        inside.clock.pass_time(601)
        assert (await browser.get(callback)).status_code == 400
        assert not browser.session()
        assert not inside.provider.times("/token")


@pytest.mark.anyio
async def test_a_session_is_new_at_each_login_and_the_old_one_is_dead(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        old = dict(browser.cookies)
        await browser.go(START)
        assert browser.session() != old["__Host-lychgate"].value
        assert await inside.reads(browser)
        copy = inside.browser()
        copy.cookies = old
        assert not await inside.reads(copy)


@pytest.mark.anyio
async def test_a_session_that_was_planted_before_the_login_is_worth_nothing(
    tmp_path: Path,
) -> None:
    async with lodge(tmp_path) as inside:
        attacker = await inside.logged_in()
        victim = inside.browser()
        victim.cookies = dict(attacker.cookies)
        inside.provider.manner = Manner(id_token={"sub": "victim"}, userinfo=_somebody("victim"))
        await victim.go(START)
        assert victim.session() != attacker.session()
        assert (await victim.get("/-/me")).json()["email"] == "victim@news.example"
        assert not await inside.reads(attacker), "the planted one ended with the login"


def _somebody(name: str) -> dict[str, object]:
    return {"sub": name, "email": f"{name}@news.example", "name": name}


@pytest.mark.anyio
async def test_cookies_are_ours_alone(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = inside.browser()
        await begun(browser)
        (began,) = browser.cookies.values()
        assert (began.secure, began.http_only, began.same_site) == (True, True, "Lax")
        await browser.go(START)
        session = browser.cookies["__Host-lychgate"]
        assert (session.secure, session.http_only, session.same_site) == (True, True, "Lax")


@pytest.mark.anyio
async def test_only_the_login_travels_with_a_posted_answer(tmp_path: Path) -> None:
    """The session's cookie stays Lax; a form of the provider's brings the login's own."""
    async with lodge(tmp_path, provider_extra=FORM_POST) as inside:
        browser = inside.browser()
        await browser.get(START)
        (began,) = browser.cookies.values()
        assert (began.secure, began.http_only, began.same_site) == (True, True, "None")
        await browser.go(START)
        assert browser.cookies["__Host-lychgate"].same_site == "Lax"
        assert await inside.reads(browser)


@pytest.mark.anyio
@pytest.mark.parametrize("form_post", [False, True])
async def test_the_answer_comes_the_way_it_was_asked_for(form_post: bool, tmp_path: Path) -> None:
    async with lodge(tmp_path, provider_extra=FORM_POST if form_post else "") as inside:
        browser = inside.browser()
        await browser.get(START)
        place = "/-/login/idp/callback"
        if form_post:
            answer = await browser.get(f"{place}?code=a&state=b")
        else:
            answer = await browser.post(place, {"code": "a", "state": "b"}, from_site="http://a")
        assert answer.status_code == 405
        assert not browser.session()


@pytest.mark.anyio
async def test_a_code_goes_to_the_provider_that_it_came_from(tmp_path: Path) -> None:
    """A mix-up: the answer of one provider at the address of another."""
    async with lodge(tmp_path, provider_extra=SECOND) as inside:
        browser = inside.browser()
        callback = await begun(browser)
        answer = await browser.get(callback.replace("/idp/", "/other/"))
        assert answer.status_code == 400
        assert not browser.session()
        assert (await browser.go(callback)).status_code == 200


@pytest.mark.anyio
async def test_what_a_provider_writes_isnt_shown(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        words = "<script>alert(1)</script>"
        inside.provider.manner = Manner(
            callback={"code": GONE, "error": words, "error_description": words, "error_uri": words}
        )
        answer = await inside.browser().go(START)
        assert answer.status_code == 400
        assert "alert(1)" not in answer.text
        assert inside.reasons() == [Refusal.PROVIDER_SAID_NO]
        assert "alert(1)" not in str(inside.log)


@pytest.mark.anyio
async def test_a_third_round_in_vain_is_the_last(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        inside.provider.manner = Manner(id_token={"nonce": "another"})
        browser = inside.browser()
        for number in (1, 2, 3):
            answer = await browser.go(f"{START}&round={number}")
            assert ("/-/login/idp?" in answer.text) is (number < 3)
        inside.provider.manner = SOUND
        assert (await browser.go(START)).status_code == 200, "it is never for ever"


@pytest.mark.anyio
async def test_an_address_joins_no_accounts_by_itself(tmp_path: Path) -> None:
    """Another person at the provider, with the verified address of an account that is there."""
    async with lodge(tmp_path) as inside:
        await inside.logged_in()
        inside.provider.manner = Manner(
            id_token={"sub": "somebody-else"}, userinfo={"sub": "somebody-else"}
        )
        stranger = inside.browser()
        answer = await stranger.go(START)
        assert answer.status_code < 500
        assert not stranger.session()
        assert not await inside.reads(stranger)


@pytest.mark.anyio
async def test_a_name_that_changes_its_address_is_the_same_reader(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        await inside.logged_in()
        moved = Manner(userinfo={"sub": SUBJECT, "email": "doe@news.example", "name": "Other"})
        browser = await inside.logged_in(moved)
        told = (await browser.get("/-/me")).json()
        assert (told["email"], told["name"]) == ("doe@news.example", "Jane Doe")


@pytest.mark.anyio
async def test_a_refresh_token_is_neither_asked_for_nor_used(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        browser = await inside.logged_in()
        inside.clock.pass_time(4_000)
        assert await inside.reads(browser)
        assert inside.provider.times("/token") == 1
        assert inside.provider.faults == []
        assert b"never-asked-for" not in (tmp_path / "lychgate.db").read_bytes()


@pytest.mark.anyio
async def test_a_client_that_proves_itself_in_the_body(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        inside.provider.token_auth = "client_secret_post"
        await inside.logged_in()
        assert inside.provider.faults == []


@contextlib.asynccontextmanager
async def slow_server(*, drips: bool) -> AsyncIterator[str]:
    """Takes a request and answers nothing, or a byte whenever it is let."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" if drips else b"")
            while drips and not reader.at_eof():
                writer.write(b" ")
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1 << 16), 0.2)
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.anyio
@pytest.mark.parametrize("drips", [False, True])
@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
async def test_a_provider_that_hangs_costs_its_reader_three_seconds(
    endpoint: str, drips: bool, tmp_path: Path
) -> None:
    async with slow_server(drips=drips) as slow, lodge(tmp_path) as inside:
        inside.provider.metadata = {endpoint: f"{slow}/x"}
        browser = inside.browser()
        loop = asyncio.get_running_loop()
        began = loop.time()
        waiting = asyncio.create_task(browser.go(START))
        assert (await inside.browser().get("/news")).status_code == 200
        assert loop.time() - began < 1, "readers of articles wait for nobody"
        answer = await waiting
        assert answer.status_code == 503
        assert loop.time() - began < 3.5
        assert not browser.session()


@pytest.mark.anyio
async def test_a_provider_that_is_away(tmp_path: Path) -> None:
    async with lodge(tmp_path) as inside:
        inside.provider.server.down = True
        answer = await inside.browser().go(START)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


def _closed(asked: Asked) -> Page:
    raise ConnectionError


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["says so", "closes", "hangs"])
async def test_what_a_provider_published_stands_in_while_it_is_away(
    how: str, tmp_path: Path
) -> None:
    async with slow_server(drips=False) as slow, lodge(tmp_path) as inside:
        await inside.logged_in()
        inside.clock.pass_time(LIFETIME_SECONDS + 1)
        pages = inside.provider.server.pages
        there: dict[str, Page | Callable[[Asked], Page]] = {
            "says so": Page(status=503),
            "closes": _closed,
            "hangs": Page(status=307, headers=(("location", slow),)),
        }
        pages["/keys"] = pages["/.well-known/openid-configuration"] = there[how]
        if how == "hangs":
            login = _login_of(inside)
            login.providers["idp"].issuer = slow  # where its metadata is looked up
        browser = await inside.logged_in()
        assert browser.session()


def _login_of(inside: Lodge) -> Login:
    assert isinstance(inside.lychgate.rooms, RoomsHere)
    (found,) = (each for each in inside.lychgate.rooms.opened if isinstance(each, Login))
    return found


@pytest.mark.anyio
async def test_a_form_that_logs_out_may_lead_to_where_the_provider_ends_sessions(
    tmp_path: Path,
) -> None:
    """Chromium follows a posted form's redirect to no origin that the page doesn't name."""
    console = '[console]\nproviders = ["idp"]\nfinance = ["jane@news.example"]\n'
    elsewhere = "http://localhost:9"
    async with lodge(tmp_path, settings=console) as inside:
        inside.provider.metadata = {"end_session_endpoint": f"{elsewhere}/logout"}

        async def named(browser: Browser, path: str) -> bool:
            answer = await browser.get(path)
            assert answer.status_code == 200
            return f" {elsewhere};" in answer.headers["content-security-policy"]

        # Nobody has logged in since this process began: it is asked for beside the first page.
        assert not await named(inside.browser(), "/-/login")
        async with asyncio.timeout(10):
            while not await named(inside.browser(), "/-/login"):
                await asyncio.sleep(0.01)
        assert inside.provider.times("/.well-known/openid-configuration") == 1
        browser = await inside.logged_in()
        assert await named(browser, "/-/account")
        assert await named(browser, "/-/finance/journal")
        out = await browser.post("/-/logout", {"return_to": "/"})
        assert out.headers["location"].startswith(f"{elsewhere}/logout?")
