"""``/-/plans``, ``/-/checkout`` and ``/-/portal`` as a browser meets them: the whole gateway, Stripe's
stand-in behind it, on both databases.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from gateway.config import load_settings
from gateway.stores.engine import Store
from gateway.wiring.syncing import Syncing
from tests.demo.stripe.world import BAD_DEBIT, DEBIT, KEY, SECRET, World, world
from tests.hostile.browsing import SITE, Browser
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import Manner

STORY = "/members/story"
SOLD = """[mail]
url = "smtp://localhost:1"
sender = "La Gazette <bonjour@news.example>"
[stripe]
secret_key = "{key}"
webhook_secrets = ["{secret}"]
api_base = "{stripe}"
[[plan]]
id = "gold"
name = {{ en = "Gold", fr = "Or" }}
tiers = ["gold"]
prices = ["price_gold", "price_gold_year"]
[[plan]]
id = "old"
name = {{ en = "Bygone", fr = "Ancien" }}
tiers = ["gold"]
prices = ["price_old"]
"""
HOSTILE = (
    "//evil.example/",
    "https://evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/-/login?return_to=//evil.example",
    '/"><script>alert(1)</script>',
    "/%0d%0aset-cookie:x=1",
)


@dataclass
class Street:
    lodge: Lodge
    stripe: World
    syncing: Syncing

    def things(self, kind: str) -> list[Any]:
        return self.stripe.stand_in.account.all(kind)

    async def reader(self, subject: str = "ana") -> Browser:
        told = {"sub": subject, "email": f"{subject}@news.example", "email_verified": True}
        manner = Manner(id_token={**told, "name": subject.title()}, userinfo=dict(told))
        return await self.lodge.logged_in(manner)

    async def tiers(self, browser: Browser) -> list[str]:
        await self.lodge.reads(browser)
        found: list[str] = json.loads((await browser.get("/-/me")).content)["tiers"]
        return found

    async def order(self, browser: Browser, **more: str) -> str:
        wish = {"plan": "gold", "price": "price_gold", "return_to": STORY, **more}
        answer = await browser.post("/-/checkout", wish)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def pay(self, **more: Any) -> str:
        session = self.things("checkout.session")[0]["id"]
        await self.stripe.stand_in.hook("pay", session=session, **more)
        return f"/-/checkout/done?session_id={session}"


def on_the_street(url: str, folder: Path, work: Callable[[Street], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(at=1_795_000_000.0) as stripe:
            offer = stripe.stand_in.hook
            more = {"product": "prod_gold", "name": "Gold", "tax_behavior": "inclusive"}
            await offer("offer", id="price_gold", unit_amount=990, **more)
            year = {"unit_amount": 9900, "interval": "year"}
            await offer("offer", id="price_gold_year", **year, **more)
            sold = SOLD.format(key=KEY, secret=SECRET, stripe=stripe.url)
            async with lodge(folder, settings=sold, store_url=url, clock=stripe.clock) as inside:
                store = inside.lychgate.store
                assert isinstance(store, Store)
                settings = load_settings(folder / "lychgate.toml", {})
                syncing = Syncing(settings, store=store, clock=stripe.clock)
                try:
                    await syncing.fetching.refresh_prices()
                    await work(Street(inside, stripe, syncing))
                finally:
                    await syncing.close()

    asyncio.run(main())


def test_from_the_plans_to_the_article_with_no_webhook_at_all(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        reader = street.lodge.browser()
        plans = await reader.get(f"/-/plans?return_to={STORY}")
        assert plans.status_code == 200
        assert "x-robots-tag" not in plans.headers
        assert '<meta name="robots"' not in plans.text
        assert "€9.90" in plans.text
        assert "€8.25 a month" in plans.text, "a year's price, a month"
        assert "Bygone" not in plans.text, "Stripe doesn't sell it"
        chosen = re.search(
            r'href="(/-/checkout\?plan=gold&amp;price=price_gold&[^"]+)"', plans.text
        )
        assert chosen
        asked = await reader.get(chosen[1].replace("&amp;", "&"))
        assert asked.status_code == 303
        login = parse_qs(urlsplit(asked.headers["location"]).query)
        assert login["return_to"] == [f"/-/checkout?plan=gold&price=price_gold&return_to={STORY}"]
        reader = await street.reader()
        recap = await reader.get(login["return_to"][0])
        assert "Subscribe with obligation to pay" in recap.text
        policy = recap.headers["content-security-policy"]
        assert f"form-action 'self' {street.stripe.url};" in policy
        location = await street.order(reader)
        assert location.startswith(street.stripe.url)
        done = await reader.get(await street.pay())
        assert done.status_code == 303
        assert done.headers["location"] == STORY
        assert await street.tiers(reader) == ["gold"]
        account = await reader.get("/-/account")
        assert "<p>€9.90 a month</p>" in account.text
        assert 'href="/-/cancel"' in account.text
        mine = await reader.get("/-/plans")
        assert "You already have a subscription" in mine.text

    on_the_street(url, tmp_path, work)


def test_a_debit_that_is_under_way_is_told_and_opens_nothing_yet(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        for number, means in enumerate((DEBIT, BAD_DEBIT)):
            reader = await street.reader(f"reader{number}")
            await street.order(reader)
            done = await reader.get(await street.pay(card=means))
            if done.status_code == 303:
                continue  # Stripe let it begin before the money came
            assert "payment is under way" in done.text
            assert await street.tiers(reader) == []

    on_the_street(url, tmp_path, work)


def test_another_readers_session_shows_and_changes_nothing(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        ana = await street.reader()
        await street.order(ana)
        done = await street.pay()
        ben = await street.reader("ben")
        asked = len(street.stripe.stand_in.api.seen)
        answer = await ben.get(done)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/-/account")
        assert len(street.stripe.stand_in.api.seen) == asked, "Stripe isn't even asked"
        assert await street.tiers(ben) == []
        assert await street.tiers(ana) == []
        for session in ("cs_test_" + "a" * 40, "cs_x", "sub_1", "../x", ""):
            answer = await ben.get(f"/-/checkout/done?session_id={session}")
            assert answer.status_code in (303, 404)
        assert (await ana.get(done)).headers["location"] == STORY

    on_the_street(url, tmp_path, work)


def test_a_subscriber_goes_to_the_portal_and_a_stranger_to_the_login(
    url: str, tmp_path: Path
) -> None:
    async def work(street: Street) -> None:
        stranger = street.lodge.browser()
        for path in ("/-/portal", "/-/checkout"):
            wish = {"plan": "gold", "price": "price_gold"}
            answer = await stranger.post(path, {"return_to": STORY, **wish})
            assert answer.headers["location"].startswith("/-/login?return_to=/")
        reader = await street.reader()
        free = await reader.post("/-/portal", {"return_to": "/-/account"})
        assert free.headers["location"].startswith("/-/plans"), "Stripe knows nothing of them"
        await street.order(reader)
        await reader.get(await street.pay())
        answer = await reader.post("/-/portal", {"return_to": "/-/account"})
        assert "/p/session/" in answer.headers["location"]
        assert street.things("billing_portal.session")[0]["return_url"] == f"{SITE}/-/account"
        assert "/p/session/" in await street.order(reader)
        assert len(street.things("checkout.session")) == 1

    on_the_street(url, tmp_path, work)


@pytest.mark.parametrize("back", HOSTILE)
def test_nothing_leads_away_from_the_site(url: str, tmp_path: Path, back: str) -> None:
    async def work(street: Street) -> None:
        reader = await street.reader()
        for path in ("/-/plans", "/-/checkout?plan=gold&price=price_gold"):
            mark = "&" if "?" in path else "?"
            page = await reader.get(f"{path}{mark}return_to={quote(back, safe='')}")
            assert page.status_code in (200, 303)
            assert "evil.example" not in page.text
            assert "<script" not in page.text
        location = await street.order(reader, return_to=back)
        assert location.startswith(street.stripe.url)
        (session,) = street.things("checkout.session")
        assert session["cancel_url"].startswith(f"{SITE}/-/plans?return_to=/")
        assert "evil.example" not in session["cancel_url"]

    on_the_street(url, tmp_path, work)


@pytest.mark.parametrize(
    ("plan", "price"),
    [("gold", "price_other"), ("gold", ""), ("x", "price_gold"), ("old", "price_old"), ("", "")],
)
def test_what_isnt_on_sale_leads_back_to_the_plans(
    url: str, tmp_path: Path, plan: str, price: str
) -> None:
    async def work(street: Street) -> None:
        reader = await street.reader()
        location = await street.order(reader, plan=plan, price=price)
        assert location == f"/-/plans?return_to={STORY}&lang=en"
        page = await reader.get(f"/-/checkout?plan={plan}&price={price}")
        assert page.status_code == 303
        assert street.things("customer") == []

    on_the_street(url, tmp_path, work)


def test_while_stripe_is_away_plans_are_shown_and_an_order_says_that_nothing_was_charged(
    url: str, tmp_path: Path
) -> None:
    async def work(street: Street) -> None:
        reader = await street.reader()
        stand_in = street.stripe.stand_in
        working, stand_in.api = stand_in.api, Broken()  # type: ignore[assignment]  # as in an outage
        try:
            assert (await reader.get("/-/plans")).status_code == 200
            wish = {"plan": "gold", "price": "price_gold", "return_to": STORY}
            answer = await reader.post("/-/checkout", wish)
            assert answer.status_code == 503
            assert "Nothing was charged" in answer.text
            assert "retry-after" in answer.headers
        finally:
            stand_in.api = working
        await street.order(reader)
        done = await street.pay()
        stand_in.api = Broken()  # type: ignore[assignment]  # as in an outage
        try:
            waiting = await reader.get(done)
            assert waiting.status_code == 200
            assert "waiting for confirmation" in waiting.text
        finally:
            stand_in.api = working
        assert (await reader.get(done)).headers["location"] == STORY

    on_the_street(url, tmp_path, work)


class Broken:
    def begin(self, asked: Any) -> Any:
        from gateway.demo.stripe.refused import Refused

        raise Refused("down", status=500, type="api_error")


def test_forms_of_other_sites_order_nothing(url: str, tmp_path: Path) -> None:
    async def work(street: Street) -> None:
        reader = await street.reader()
        for path in ("/-/checkout", "/-/portal"):
            wish = {"plan": "gold", "price": "price_gold"}
            answer = await reader.post(path, wish, from_site="https://evil.example")
            assert answer.status_code == 403
        assert street.things("customer") == []

    on_the_street(url, tmp_path, work)
