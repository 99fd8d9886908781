"""The whole gateway with a stand-in for Stripe behind it: readers with browsers, who pay and leave.

One clock, which only tests move. Webhooks come when ``till.hear`` is called; letters wait in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.config import load_settings
from gateway.model.letter import Outgoing
from gateway.stores.engine import Store
from gateway.stores.mailed import Letters
from gateway.wiring.leaving import LeavingWork
from gateway.wiring.life import LifeWork
from gateway.wiring.money import folding
from gateway.wiring.syncing import Syncing
from tests.contracts.till import PLAN, Till
from tests.demo.stripe.world import KEY, SECRET, world
from tests.hostile.browsing import SITE, Browser
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import Manner

MAIL = '[mail]\nurl = "smtp://localhost:1"\nsender = "La Gazette <bonjour@news.example>"\n'
ANA = "ana@news.example"
BY_GOOGLE = Manner(
    id_token={"sub": "ana", "email": ANA, "email_verified": True, "name": "Ana"},
    userinfo={"sub": "ana", "email": ANA, "email_verified": True},
)


@dataclass
class Counter:
    lodge: Lodge
    till: Till
    leaving: LeavingWork
    living: LifeWork

    async def reader(self, manner: Manner = BY_GOOGLE) -> tuple[Browser, str]:
        """Somebody logged in, and the id of their account."""
        browser = await self.lodge.logged_in(manner)
        kept = json.loads((await browser.get("/-/account/export")).content)
        return browser, kept["reader"]["id"]

    async def bought(self, reader: str, price: str = "price_gold", **more: Any) -> Any:
        subscription = await self.till.buy(reader, price, **more)
        await self.settle()
        await self.till.pass_time(10)  # what Stripe says twice within a second has no order
        return subscription

    async def settle(self) -> None:
        await self.till.hear()
        await self.till.settled()

    async def letters(self) -> list[Outgoing]:
        """What waits to be sent, taken out."""
        waiting, found = Letters(self.till.store), []
        while some := await waiting.claim(now=self.till.clock.now()):
            for each in some:
                await waiting.sent(each.number)
            found += some
        return found

    async def told(self) -> list[tuple[str, str]]:
        """Let the life job work; to whom it wrote what."""
        await self.living.life.work()
        return [(each.recipient, each.letter.subject) for each in await self.letters()]

    async def link(self, way: str = "cancel") -> str:
        """The path of the one link that was mailed."""
        (sent,) = await self.letters()
        found = re.search(rf"{re.escape(SITE)}(/-/{way}/[\w-]+)\?lang", sent.letter.text)
        assert found, sent.letter.text
        return found[1]

    async def at_stripe(self, subscription: Any) -> Any:
        return await self.till.world.again(subscription)

    def asked(self, method: str, path: str) -> int:
        seen = self.till.world.stand_in.api.seen
        return sum(each[0] == method and each[1].startswith(path) for each in seen)


@contextlib.asynccontextmanager
async def counter(url: str, folder: Path, *, more: str = MAIL) -> AsyncIterator[Counter]:
    async with world() as around, contextlib.AsyncExitStack() as stack:
        for price, interval, amount in (
            ("price_gold", "month", 990),
            ("price_gold_year", "year", 9900),
        ):
            await around.stand_in.hook(
                "offer",
                id=price,
                product="prod_gold",
                name="Gold",
                unit_amount=amount,
                interval=interval,
            )
        stripe = f"""[stripe]
secret_key = "{KEY}"
webhook_secrets = ["{SECRET}"]
api_base = "{around.url}"
{PLAN}"""
        inside = await stack.enter_async_context(
            lodge(folder, settings=more + stripe, store_url=url, clock=around.clock)
        )
        settings = load_settings(folder / "lychgate.toml", {})
        store = inside.lychgate.store
        assert isinstance(store, Store)
        syncing = Syncing(settings, store=store, clock=around.clock)
        stack.push_async_callback(syncing.close)
        job = folding(settings, store=store, clock=around.clock)
        await job.fold_due()
        till = Till(around, settings, store, syncing, job)
        till.forget()
        work = LeavingWork(
            settings, store=store, clock=around.clock, mails=inside.lychgate.templates
        )
        stack.push_async_callback(work.close)
        living = LifeWork(
            settings, store=store, clock=around.clock, mails=inside.lychgate.templates
        )
        stack.push_async_callback(living.close)
        yield Counter(inside, till, work, living)


def at_the_counter(
    url: str, folder: Path, work: Callable[[Counter], Awaitable[None]], **more: Any
) -> None:
    async def main() -> None:
        async with counter(url, folder, **more) as inside:
            await work(inside)

    asyncio.run(main())
