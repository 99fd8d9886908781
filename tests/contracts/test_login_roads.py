"""The roads in and out through the whole gateway, on both databases: provider, mail, joining, account."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.mailed import Letters
from tests.hostile.browsing import SITE, Browser
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import SOUND, Manner

STORY = "/members/story"
ANA = "ana@news.example"
MAIL = '[mail]\nurl = "smtp://localhost:1"\nsender = "La Gazette <bonjour@news.example>"\n'
BY_GOOGLE = Manner(
    id_token={"sub": "ana", "email": ANA, "email_verified": True, "name": "Ana"},
    userinfo={"sub": "ana", "email": ANA, "email_verified": True},
)


def through(
    url: str, folder: Path, work: Callable[[Lodge], Awaitable[None]], *, settings: str = MAIL
) -> None:
    async def main() -> None:
        async with lodge(folder, settings=settings, store_url=url) as inside:
            await work(inside)

    asyncio.run(main())


async def letters(inside: Lodge) -> list[tuple[str, str, str]]:
    """What waits to be sent, taken out: recipient, subject and text of each."""
    assert isinstance(inside.lychgate.store, Store)
    waiting = Letters(inside.lychgate.store)
    found = await waiting.claim(now=inside.clock.now())
    for each in found:
        await waiting.sent(each.number)
    return [(each.recipient, each.letter.subject, each.letter.text) for each in found]


async def mailed(inside: Lodge, browser: Browser, email: str = ANA) -> tuple[str, str]:
    """Ask for a link; the path of the link and the code that came."""
    answer = await browser.post("/-/login/mail", {"email": email, "return_to": STORY})
    assert (answer.status_code, answer.headers["location"][:13]) == (303, "/-/login/code")
    ((to, _, text),) = await letters(inside)
    assert to == email.lower()
    link = re.search(rf"{re.escape(SITE)}(/-/login/mail/[\w-]+)", text)
    code = re.search(r"\b(\d{3}) (\d{3})\b", text)
    assert link
    assert code
    return link[1], code[1] + code[2]


def test_a_mailed_link_logs_in_once_and_looking_at_it_does_nothing(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Lodge) -> None:
        browser = inside.browser()
        link, _ = await mailed(inside, browser, "Ana@News.example")
        for _ in range(2):
            looked = await browser.get(link)
            assert looked.status_code == 200
            assert ANA in looked.text
            assert not browser.session()
        entered = await browser.post(link)
        assert (entered.status_code, entered.headers["location"]) == (303, STORY)
        assert await inside.reads(browser)
        again = inside.browser()
        assert (await again.get(link)).status_code == 400
        assert (await again.post(link, {"confirm": "1"})).status_code == 400
        assert not again.session()

    through(url, tmp_path, work)


def test_a_link_in_another_browser_names_the_address_and_is_confirmed(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Lodge) -> None:
        link, _ = await mailed(inside, inside.browser())
        other = inside.browser()
        shown = await other.post(link)
        assert shown.status_code == 200
        assert not other.session()
        assert ANA in shown.text
        assert (await other.post(link, {"confirm": "1"})).status_code == 303
        assert await inside.reads(other)

    through(url, tmp_path, work)


def test_a_link_is_over_after_fifteen_minutes_and_hundred_clicks_are_one(
    url: str, tmp_path: Path
) -> None:
    async def work(inside: Lodge) -> None:
        browser = inside.browser()
        link, _ = await mailed(inside, browser)
        clicks = await asyncio.gather(*(browser.post(link) for _ in range(100)))
        assert sum(each.status_code == 303 for each in clicks) == 1
        late = inside.browser()
        link, code = await mailed(inside, late)
        inside.clock.pass_time(900)
        assert (await late.post(link)).status_code == 400
        assert (await late.post("/-/login/code", {"code": code})).status_code == 400
        assert not late.session()

    through(url, tmp_path, work)


def test_a_code_holds_in_its_own_browser_and_for_five_tries(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        browser, other = inside.browser(), inside.browser()
        _, code = await mailed(inside, browser)
        assert (await other.post("/-/login/code", {"code": code})).status_code == 400
        assert (await browser.post("/-/login/code", {"code": "12 34"})).status_code == 400
        entered = await browser.post("/-/login/code", {"code": f"{code[:3]} {code[3:]}"})
        assert entered.headers["location"] == STORY
        guesser = inside.browser()
        _, code = await mailed(inside, guesser)
        for number in range(5):
            wrong = f"{(int(code) + number + 1) % 10**6:06d}"
            assert (await guesser.post("/-/login/code", {"code": wrong})).status_code == 400
        assert (await guesser.post("/-/login/code", {"code": code})).status_code == 400
        assert not guesser.session()

    through(url, tmp_path, work)


def test_it_says_the_same_of_known_and_unknown_addresses(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        browser = inside.browser()
        link, _ = await mailed(inside, browser)
        await browser.post(link)
        pages = []
        for email in (ANA, "bea@news.example"):
            asks = inside.browser()
            answer = await asks.post("/-/login/mail", {"email": email})
            page = await asks.get(answer.headers["location"])
            pages.append((answer.status_code, page.status_code, page.text.replace(email, "X")))
        assert pages[0] == pages[1]
        assert (await browser.post("/-/login/mail", {"email": "a@b@c"})).status_code == 400

    through(url, tmp_path, work)


def test_mails_are_limited_for_a_network_and_said_so(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        for number in range(2):
            answer = await inside.browser().post(
                "/-/login/mail", {"email": f"a{number}@news.example"}
            )
            assert answer.status_code == 303
        refused = await inside.browser().post("/-/login/mail", {"email": ANA})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert len(await letters(inside)) == 2
        for _ in range(3):
            await inside.browser().get("/-/login/idp")
        over = await inside.browser().get("/-/login/idp")
        assert over.status_code == 429
        assert (await inside.browser().get(STORY)).status_code == 200

    limits = "[limits]\nmail_per_hour = 2\nlogin_per_five_minutes = 3\n"
    through(url, tmp_path, work, settings=MAIL + limits)


def test_one_address_with_two_ways_is_joined_by_a_mailed_code(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        first = inside.browser()
        link, _ = await mailed(inside, first)
        await first.post(link)
        inside.provider.manner = BY_GOOGLE
        second = inside.browser()
        asked = await second.go(f"/-/login/idp?return_to={STORY}")
        assert asked.status_code == 200
        assert not second.session(), "nothing is linked on the provider's word alone"
        assert ANA in asked.text
        ((to, _, text),) = await letters(inside)
        assert to == ANA
        assert "/-/login/mail/" not in text, "a link could be followed by somebody else"
        found = re.search(r"\b(\d{3}) (\d{3})\b", text)
        assert found
        wrong = await second.post("/-/login/code", {"code": "000000"})
        assert (wrong.status_code, second.session()) == (400, "")
        joined = await second.post("/-/login/code", {"code": found[1] + found[2]})
        assert joined.headers["location"] == STORY
        account = (await second.get("/-/account?lang=en")).text
        assert account.count('name="key"') >= 2, "two ways in, each to be removed"
        third = await inside.logged_in(BY_GOOGLE)
        assert "Ana" in (await third.get("/-/me")).text
        ((told, _, _),) = await letters(inside)
        assert told == ANA, "the account's own address hears of the new way"

    through(url, tmp_path, work)


def test_every_address_of_an_account_hears_of_a_way_that_is_added(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        ana = await inside.logged_in(BY_GOOGLE)
        home = "ana@home.example"
        asked = {"email": home, "add": "1", "return_to": "/-/account"}
        await ana.post("/-/login/mail", asked)
        ((_, _, text),) = await letters(inside)
        found = re.search(r"\b(\d{3}) (\d{3})\b", text)
        assert found
        await ana.post("/-/login/code", {"code": found[1] + found[2]})
        assert {to for to, _, _ in await letters(inside)} == {ANA, home}
        # By a mailed link nobody asks an account for leave, so it hears of that too.
        other = inside.browser()
        link, _ = await mailed(inside, other)
        await other.post(link)
        assert {to for to, _, _ in await letters(inside)} == {ANA, home}
        alone = inside.browser()
        link, _ = await mailed(inside, alone, "bob@news.example")
        await alone.post(link)
        assert await letters(inside) == [], "the first way of all is nobody's news"

    through(url, tmp_path, work)


def test_whoever_wants_two_accounts_has_two(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        first = inside.browser()
        link, _ = await mailed(inside, first)
        await first.post(link)
        inside.provider.manner = BY_GOOGLE
        second = inside.browser()
        await second.go("/-/login/idp")
        apart = await second.post("/-/login/code/apart")
        assert apart.status_code == 303
        kept = [
            json.loads((await each.get("/-/account/export")).content) for each in (first, second)
        ]
        assert kept[0]["reader"]["id"] != kept[1]["reader"]["id"]

    through(url, tmp_path, work)


def test_the_account_page_changes_what_it_says(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        anonymous = await inside.browser().get("/-/account")
        assert anonymous.headers["location"].startswith("/-/login?return_to=/-/account")
        reader, elsewhere = await inside.logged_in(BY_GOOGLE), await inside.logged_in(BY_GOOGLE)
        name = {"name": "  Ana\u202e  Lise ", "language": "fr"}
        assert (await reader.post("/-/account/name", name)).status_code == 303
        assert "Ana Lise" in (await reader.get("/-/account")).text
        assert (await reader.post("/-/account/name", name, from_site=None)).status_code == 403
        kept = json.loads((await reader.get("/-/account/export")).content)
        assert (kept["reader"]["name"], len(kept["session"])) == ("Ana Lise", 2)
        await reader.post("/-/account/sessions/end", {"all": "1"})
        assert not await inside.reads(elsewhere)
        assert await inside.reads(reader)
        asked = await reader.post("/-/account/erase")
        assert asked.status_code == 200
        assert await inside.reads(reader), "asking isn't erasing"
        gone = await reader.post("/-/account/erase?lang=en", {"confirm": "yes"})
        assert (gone.status_code, "Your account is erased" in gone.text) == (200, True)
        assert not reader.session()
        again = await inside.logged_in(BY_GOOGLE)
        assert "Ana Lise" not in (await again.get("/-/account")).text

    through(url, tmp_path, work)


def test_an_account_has_the_language_of_the_pages_it_was_made_on(url: str, tmp_path: Path) -> None:
    """By a provider that knows of none, by a link, by a code: no address says it any more by then."""

    async def language(browser: Browser) -> str:
        kept = json.loads((await browser.get("/-/account/export")).content)
        return str(kept["reader"]["language"])

    async def work(inside: Lodge) -> None:
        inside.provider.manner = BY_GOOGLE
        by_provider = inside.browser()
        await by_provider.go("/-/login/idp?return_to=/members/story&lang=fr")
        assert await language(by_provider) == "fr"
        for email, typed in (("lou@news.example", False), ("max@news.example", True)):
            browser = inside.browser()
            form = {"email": email, "return_to": STORY}
            await browser.post("/-/login/mail?lang=fr", form)
            ((_, _, text),) = await letters(inside)
            link = re.search(r"/-/login/mail/[\w-]+", text)
            code = re.search(r"\b(\d{3}) (\d{3})\b", text)
            assert link
            assert code
            assert '<html lang="fr"' in (await browser.get(link[0])).text
            if typed:
                await browser.post("/-/login/code", {"code": code[1] + code[2]})
            else:
                await browser.post(link[0])
            assert await language(browser) == "fr"
        # A later login in another language changes nothing.
        again = inside.browser()
        await again.go("/-/login/idp?return_to=/members/story&lang=en")
        assert await language(again) == "fr"

    through(url, tmp_path, work)


def test_the_login_page_says_who_is_in_and_how_to_come_as_another(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        there = f"/-/login?return_to={STORY}&lang=en"
        said = "logged in as Ana"
        assert said not in (await inside.browser().get(there)).text
        reader = await inside.logged_in(BY_GOOGLE)
        page = (await reader.get(there)).text
        assert said in page
        assert ANA in page
        assert f'<a class="lg-page-button" href="{STORY}">' in page
        assert "/-/login/idp?return_to=" in page
        # An operator whose login is old is sent here to log in again: going on would lead in a circle.
        assert said not in (await reader.get("/-/login?return_to=/-/finance/days&lang=en")).text
        out = '<form method="post" action="/-/logout?lang=en">'
        assert f'{out}<input type="hidden" name="return_to" value="{STORY}">' in page
        left = await reader.post("/-/logout?lang=en", {"return_to": STORY})
        # By the provider's own way out, so that it doesn't bring the same one back.
        assert "state=%2Fmembers%2Fstory" in left.headers["location"]
        assert not reader.session()
        assert said not in (await reader.get(there)).text

    through(url, tmp_path, work)


def test_the_account_page_pretends_no_choice_of_a_language(url: str, tmp_path: Path) -> None:
    chosen = re.compile(r'<option value="([^"]*)"[^>]* selected>')

    async def work(inside: Lodge) -> None:
        reader = await inside.logged_in(BY_GOOGLE)
        assert chosen.findall((await reader.get("/-/account")).text) == ["en"]
        kept = json.loads((await reader.get("/-/account/export")).content)
        assert isinstance(inside.lychgate.store, Store)
        accounts = Accounts(inside.lychgate.store)
        for known, shown in (("", ""), ("de", ""), ("fr-CA", "fr")):
            now = inside.clock.now()
            await accounts.rename(kept["reader"]["id"], name="Ana", language=known, now=now)
            assert chosen.findall((await reader.get("/-/account")).text) == [shown]
        await accounts.rename(kept["reader"]["id"], name="Ana", language="", now=now)
        await reader.post("/-/account/name", {"name": "Ana Lise", "language": ""})
        page = (await reader.get("/-/account")).text
        assert "Ana Lise" in page
        assert chosen.findall(page) == [""]

    through(url, tmp_path, work)


def test_logging_out_everywhere_and_here(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        one, two = await inside.logged_in(SOUND), await inside.logged_in(SOUND)
        session = one.session()
        out = await one.post("/-/logout", {"return_to": STORY})
        assert out.status_code == 303
        assert not one.session()
        one.cookies["__Host-lychgate"] = two.cookies["__Host-lychgate"]
        assert await inside.reads(one)
        await one.post("/-/account/sessions/end", {"everywhere": "1"})
        assert not await inside.reads(two)
        assert session

    through(url, tmp_path, work)


def test_only_who_is_logged_out_is_told_so(url: str, tmp_path: Path) -> None:
    async def work(inside: Lodge) -> None:
        said = "You’re logged out"
        assert said in (await inside.browser().get("/-/logout?lang=en")).text
        reader = await inside.logged_in(SOUND)
        still = await reader.get("/-/logout?lang=en")
        assert (still.status_code, said in still.text) == (303, False)
        assert 'action="/-/logout?lang=en"' in (await reader.get(still.headers["location"])).text
        kept = reader.cookies["__Host-lychgate"]
        await reader.post("/-/logout", {"return_to": "/"})
        assert said in (await reader.get("/-/logout?state=/&lang=en")).text, "from the provider"
        reader.cookies["__Host-lychgate"] = kept
        assert said in (await reader.get("/-/logout?lang=en")).text, "its session is over"

    through(url, tmp_path, work)
