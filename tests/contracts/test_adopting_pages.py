"""``/-/adopt`` and erasing as a browser meets them: the whole gateway, Stripe's stand-in behind it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.contracts.street import LOGS_IN, MAIL, PAYS, STORY, Street, on_the_street, who
from tests.hostile.browsing import SITE
from tests.hostile.misbehaving_provider import Manner


def test_who_pays_with_another_address_takes_the_subscription_along(
    url: str, tmp_path: Path
) -> None:
    async def work(street: Street) -> None:
        await street.pays()
        reader = await street.lodge.logged_in(who(LOGS_IN))
        assert await street.tiers(reader) == []
        link = await street.link(reader)
        for _ in range(2):
            looked = await reader.get(link)
            assert looked.status_code == 200
            assert LOGS_IN in looked.text, "whose account it will be"
            assert PAYS not in looked.text
        assert await street.tiers(reader) == []
        elsewhere = await reader.post(link, from_site="https://evil.example")
        assert elsewhere.status_code == 403
        done = await reader.post(link)
        assert done.status_code == 303
        assert done.headers["location"].startswith("/-/adopt?return_to=/members/story")
        shown = await reader.get(done.headers["location"])
        assert f'href="{STORY}"' in shown.text
        assert await street.tiers(reader) == ["gold"]
        again = await reader.post(link)
        assert again.status_code == 400

    on_the_street(url, tmp_path, work)


def test_a_link_waits_in_the_browser_while_its_reader_logs_in(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        await street.pays()
        link = await street.link(street.lodge.browser())
        reader = street.lodge.browser()
        looked = await reader.get(link)
        assert "<form" not in looked.text.partition("<main")[2].partition("</main>")[0]
        to_login = re.search(r'href="(/-/login\?return_to=/-/adopt/mine[^"]*)"', looked.text)
        assert to_login, "the token itself goes nowhere"
        assert (await reader.post(link)).status_code == 200, "nothing is taken by nobody"
        street.lodge.provider.manner = who(LOGS_IN)
        page = await reader.go("/-/login/idp?return_to=/-/adopt/mine")
        assert page.status_code == 200
        assert LOGS_IN in page.text
        assert (await reader.post("/-/adopt/mine")).status_code == 303
        assert await street.tiers(reader) == ["gold"]
        assert not any(name.endswith("-adopt") for name in reader.cookies)
        assert (await reader.get("/-/adopt/mine")).status_code == 400

    on_the_street(url, tmp_path, work)


def test_it_is_offered_at_login_to_whose_own_address_pays(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        await street.pays(LOGS_IN)
        street.lodge.provider.manner = who(LOGS_IN)
        reader = street.lodge.browser()
        offered = await reader.go(f"/-/login/idp?return_to={STORY}&lang=en")
        assert reader.went[-1].startswith(f"{SITE}/-/adopt?return_to={STORY}")
        assert "seems to be paid with your address" in offered.text
        assert f'value="{LOGS_IN}"' in offered.text
        assert f'href="{STORY}">Go on without' in offered.text
        assert await street.tiers(reader) == [], "an address alone opens nothing"
        await reader.post(await street.link(reader, LOGS_IN))
        assert await street.tiers(reader) == ["gold"]
        street.lodge.provider.manner = who(LOGS_IN)
        again = street.lodge.browser()
        await again.go(f"/-/login/idp?return_to={STORY}")
        assert again.went[-1] == f"{SITE}{STORY}"

    on_the_street(url, tmp_path, work)


def test_an_unproved_address_is_offered_nothing(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        await street.pays(LOGS_IN)
        told = {"sub": "eve", "email": LOGS_IN, "email_verified": False}
        street.lodge.provider.manner = Manner(id_token=told, userinfo=dict(told))
        reader = street.lodge.browser()
        await reader.go(f"/-/login/idp?return_to={STORY}")
        assert not any("/-/adopt" in each for each in reader.went)
        shown = await reader.get("/-/adopt?lang=en")
        assert "seems to be paid" not in shown.text

    on_the_street(url, tmp_path, work)


def test_the_page_says_the_same_of_every_address(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        await street.pays()
        pages = []
        for email in (PAYS, "nobody@work.example"):
            browser = street.lodge.browser()
            asked = await browser.post("/-/adopt", {"email": email, "return_to": STORY})
            page = await browser.get(asked.headers["location"])
            headers = sorted(asked.headers.items())
            pages.append((asked.status_code, headers, page.status_code, page.text))
        assert pages[0] == pages[1]
        assert len(await street.letters()) == 1
        wrong = await street.lodge.browser().post("/-/adopt", {"email": "ana@", "return_to": "//x"})
        assert wrong.status_code == 400
        assert 'name="return_to" value="/"' in wrong.text

    on_the_street(url, tmp_path, work)


def test_letters_are_limited_and_said_so(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        for _ in range(2):
            asked = await street.lodge.browser().post("/-/adopt", {"email": PAYS})
            assert asked.status_code == 303
        refused = await street.lodge.browser().post("/-/adopt", {"email": PAYS})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 3600

    limits = "[limits]\nmail_per_hour = 2\n"
    on_the_street(url, tmp_path, work, settings=MAIL + limits)


def test_where_no_mail_is_set_up_there_is_no_such_page(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        browser = street.lodge.browser()
        assert (await browser.get("/-/adopt")).status_code == 404
        assert "/-/adopt" not in (await browser.get("/-/login")).text

    on_the_street(url, tmp_path, work, settings="")


def test_whoever_pays_already_finds_the_page_from_login_help_and_account(
    url: str, tmp_path: Path
) -> None:
    async def work(street: Street) -> None:
        reader = await street.lodge.logged_in(who(LOGS_IN))
        for page in (f"/-/login?return_to={STORY}", f"/-/help?from={STORY}", "/-/account"):
            assert 'href="/-/adopt?return_to=' in (await reader.get(page)).text, page

    on_the_street(url, tmp_path, work)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_account_is_erased_only_once_its_subscription_has_ended(
    url: str, tmp_path: Path, method: str
) -> None:
    async def work(street: Street) -> None:
        reader = await street.lodge.logged_in(who(LOGS_IN))
        exported = json.loads((await reader.get("/-/account/export")).content)
        await street.pays(client_reference_id=exported["reader"]["id"])
        assert await street.tiers(reader) == ["gold"]
        asked = await reader.post("/-/account/erase?lang=en")
        assert "Your subscription (Gold) ends with your account." in asked.text
        trouble = {"status": 503, "times": 10_000, "method": method}
        await street.stripe.stand_in.hook("trouble", **trouble)
        later = await reader.post("/-/account/erase?lang=en", {"confirm": "yes"})
        assert later.status_code == 503
        assert later.headers["retry-after"] == "60"
        assert "Nothing was erased" in later.text
        assert await street.tiers(reader) == ["gold"]
        street.stripe.stand_in.api.troubles.clear()
        gone = await reader.post("/-/account/erase?lang=en", {"confirm": "yes"})
        assert "<h1>Your account is erased</h1>" in gone.text
        assert not reader.session()
        (subscription,) = street.stripe.stand_in.account.all("subscription")
        assert subscription["status"] == "canceled"
        assert [to for to, _ in await street.letters()] == [LOGS_IN], "told, and then forgotten"
        assert await street.folding.projector.replay() == []
        back = await street.lodge.logged_in(who(LOGS_IN))
        assert await street.tiers(back) == []

    on_the_street(url, tmp_path, work)
