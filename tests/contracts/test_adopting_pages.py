"""``/-/adopt`` and erasing as a browser meets them: the whole gateway, Stripe's stand-in behind it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load_settings
from gateway.money.parse import parse
from gateway.stores.engine import Store
from gateway.stores.ledger import Ledger
from gateway.stores.mailed import Letters
from gateway.wiring.adopting import AdoptingWork
from gateway.wiring.money import folding
from gateway.wiring.pages import templates_of
from tests.demo.stripe.world import KEY, SECRET, World, world
from tests.hostile.browsing import SITE, Browser
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import Manner

STORY = "/members/story"
MAIL = '[mail]\nurl = "smtp://localhost:1"\nsender = "La Gazette <bonjour@news.example>"\n'
PAYS, LOGS_IN = "ana@work.example", "ana@home.example"
SOLD = """[stripe]
secret_key = "{key}"
webhook_secrets = ["{secret}"]
api_base = "{stripe}"
[[plan]]
id = "gold"
name = {{ en = "Gold", fr = "Or" }}
tiers = ["gold"]
prices = ["price_gold"]
"""


def who(email: str, subject: str = "ana") -> Manner:
    told = {"sub": subject, "email": email, "email_verified": True}
    return Manner(id_token={**told, "name": "Ana"}, userinfo=dict(told))


@dataclass
class Street:
    """A newspaper that sells, the browsers before it, and Stripe."""

    lodge: Lodge
    stripe: World
    folder: Path
    heard: int = 0

    def __post_init__(self) -> None:
        assert isinstance(self.lodge.lychgate.store, Store)
        self.store: Store = self.lodge.lychgate.store
        settings = load_settings(self.folder / "lychgate.toml", {})
        mails = templates_of(settings)
        clock: Any = self.lodge.clock
        self.work = AdoptingWork(settings, store=self.store, clock=clock, mails=mails)
        self.folding = folding(settings, store=self.store, clock=clock)

    async def pays(self, email: str = PAYS, **more: Any) -> str:
        """Somebody buys at Stripe, knowing nothing of accounts; unless ``more`` says whose it is."""
        customer = await self.stripe.v1.customers.create_async({"email": email})
        session = await self.stripe.v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": "price_gold", "quantity": 1}],
                "success_url": f"{SITE}/done",
                "customer": customer.id,
                **more,
            }
        )
        await self.stripe.stand_in.hook("pay", session=session.id)
        await self.settled()
        return str(customer.id)

    async def settled(self) -> None:
        """What Stripe sent is in the ledger and folded, and what is to be mailed is put out."""
        await self.stripe.stand_in.settle()
        bodies = self.stripe.receiver.bodies[self.heard :]
        self.heard += len(bodies)
        if bodies:
            drafts = [parse(each) for each in bodies]
            await Ledger(self.store).append(drafts, now=self.lodge.clock.now())
        await self.folding.fold_due()
        await self.work.job.work()

    async def letters(self) -> list[tuple[str, str]]:
        await self.settled()
        waiting = Letters(self.store)
        found = await waiting.claim(now=self.lodge.clock.now())
        for each in found:
            await waiting.sent(each.number)
        return [(each.recipient, each.letter.text) for each in found]

    async def link(self, browser: Browser, email: str = PAYS) -> str:
        """Ask for one as a reader does; its path."""
        asked = await browser.post("/-/adopt", {"email": email, "return_to": STORY})
        assert asked.status_code == 303
        ((to, text),) = await self.letters()
        assert to == email
        found = re.search(rf"{re.escape(SITE)}(/-/adopt/[\w-]+)", text)
        assert found
        return found[1]

    async def tiers(self, browser: Browser) -> list[str]:
        await self.settled()
        await self.lodge.reads(browser)
        found: list[str] = json.loads((await browser.get("/-/me")).content)["tiers"]
        return found


def on_the_street(
    url: str, folder: Path, work: Callable[[Street], Awaitable[None]], *, settings: str = MAIL
) -> None:
    async def main() -> None:
        async with world(at=1_795_000_000.0) as stripe:
            await stripe.stand_in.hook("offer", id="price_gold", name="Gold", unit_amount=990)
            sold = SOLD.format(key=KEY, secret=SECRET, stripe=stripe.url)
            async with lodge(folder, settings=settings + sold, store_url=url) as inside:
                street = Street(inside, stripe, folder)
                try:
                    await street.settled()
                    await work(street)
                finally:
                    await street.work.close()

    asyncio.run(main())


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
        gone = await reader.post("/-/account/erase", {"confirm": "yes"})
        assert gone.headers["location"] == "/"
        (subscription,) = street.stripe.stand_in.account.all("subscription")
        assert subscription["status"] == "canceled"
        assert [to for to, _ in await street.letters()] == [LOGS_IN], "told, and then forgotten"
        assert await street.folding.projector.replay() == []
        back = await street.lodge.logged_in(who(LOGS_IN))
        assert await street.tiers(back) == []

    on_the_street(url, tmp_path, work)
