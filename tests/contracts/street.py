"""A newspaper that sells, the browsers before it, and Stripe: the whole gateway, the stand-in behind it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.config import load_settings
from gateway.money.entries.parse import parse
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
prices = ["price_gold", "price_gold_year"]
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
        self.settings = load_settings(self.folder / "lychgate.toml", {})
        mails = templates_of(self.settings)
        clock: Any = self.lodge.clock
        self.work = AdoptingWork(self.settings, store=self.store, clock=clock, mails=mails)
        self.folding = folding(self.settings, store=self.store, clock=clock)

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
            offer = stripe.stand_in.hook
            gold = {"product": "prod_gold", "name": "Gold"}
            await offer("offer", id="price_gold", unit_amount=990, **gold)
            yearly = {"interval": "year", "unit_amount": 9900}
            await offer("offer", id="price_gold_year", **yearly, **gold)
            sold = SOLD.format(key=KEY, secret=SECRET, stripe=stripe.url)
            async with lodge(folder, settings=settings + sold, store_url=url) as inside:
                street = Street(inside, stripe, folder)
                try:
                    await street.settled()
                    await work(street)
                finally:
                    await street.work.close()

    asyncio.run(main())
