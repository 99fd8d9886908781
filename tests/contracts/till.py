"""A gateway's money way with the stand-in for Stripe behind it, on one clock that only tests move.

Webhooks are taken by ``hear``, and not by a socket of the gateway's: what is lost, late or doubled is
for the test to say. What asks Stripe goes through the official library to the stand-in.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.config import Settings, load_settings
from gateway.jobs.folding import Folding
from gateway.model.entry import Entry
from gateway.model.mark import Mark
from gateway.model.reader import Reader
from gateway.money.entries.parse import parse
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.sessions import Readers
from gateway.wiring.money import folding
from gateway.wiring.syncing import Syncing
from tests.demo.stripe.world import KEY, SECRET, START, World, world
from tests.ways.house import KEY as COOKIE_KEY

DAY = 86400.0
HOUR = 3600.0
PLAN = """[[plan]]
id = "gold"
name = { en = "Gold", fr = "Or" }
tiers = ["gold"]
prices = ["price_gold", "price_gold_year"]
"""


def config(folder: Path, *, store_url: str, api_base: str, plans: str, stripe: str) -> Settings:
    folder.mkdir(exist_ok=True)
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "policy.yaml").write_text("version: 1\ndefault: public\n", "utf-8")
    (folder / "lychgate.toml").write_text(
        f"""[site]
url = "https://news.example"
origin = "http://127.0.0.1:9"
name = "La Gazette"
languages = ["en", "fr"]
[policies]
folder = "policies"
[keys]
cookie = ["{COOKIE_KEY}"]
[store]
url = "{store_url}"
[stripe]
secret_key = "{KEY}"
webhook_secrets = ["{SECRET}"]
api_base = "{api_base}"
{stripe}
{plans}
""",
        "utf-8",
    )
    return load_settings(folder / "lychgate.toml", {})


@dataclass
class Till:
    world: World
    settings: Settings
    store: Store
    syncing: Syncing
    job: Folding
    _heard: int = 0
    bought: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = self.world.clock
        self.ledger, self.work = Ledger(self.store), LedgerWork(self.store)
        self.holdings = Holdings(self.store)

    async def hear(self, *, but: Sequence[str] = ()) -> int:
        """Take in what Stripe has sent since; ``but`` are kinds that are lost on the way."""
        await self.world.stand_in.settle()
        bodies = self.world.receiver.bodies[self._heard :]
        self._heard += len(bodies)
        drafts = [parse(body) for body in bodies]
        kept = [draft for draft in drafts if draft.kind not in but]
        if kept:
            await self.ledger.append(kept, now=self.clock.now())
        return len(kept)

    def forget(self) -> None:
        """All that was sent so far is lost on the way."""
        self._heard = len(self.world.receiver.bodies)

    async def settled(self) -> None:
        """Fold and ask until there is nothing left to do at this moment."""
        for _ in range(20):
            await self.job.fold_due()
            await self.syncing.fetching.fetch_due()
            if not await self.syncing.fetching.fetcher.due() and not await self.work.due(
                now=self.clock.now(), limit=1
            ):
                return
        raise AssertionError("there is always more to ask")

    async def pass_time(self, seconds: float) -> None:
        await self.world.stand_in.advance(seconds)

    async def buy(self, reader: str, price: str = "price_gold", **more: Any) -> Any:
        """A reader's subscription, bought at the Checkout that names them."""
        customer = await self.world.v1.customers.create_async({"email": f"{reader}@news.example"})
        session = await self.world.v1.checkout.sessions.create_async(
            {
                "mode": "subscription",
                "line_items": [{"price": price, "quantity": 1}],
                "success_url": "https://news.example/done",
                "customer": customer.id,
                "client_reference_id": reader,
            }
        )
        await self.world.stand_in.hook("pay", session=session.id, **more)
        session = await self.world.v1.checkout.sessions.retrieve_async(session.id)
        return await self.world.v1.subscriptions.retrieve_async(session.subscription)

    async def holds(self, reader: str) -> dict[str, float]:
        """Until when each tier is open to a reader; 0 for one on hold."""
        held = (await self.holdings.held([reader])).get(reader, ())
        return {each.tier: each.ends_at for each in held}

    async def entries(self) -> list[Entry]:
        return await self.ledger.read(after=0, limit=9999)

    async def marks(self) -> dict[str, Mark]:
        entries = await self.entries()
        marks = await self.work.marks([entry.number for entry in entries])
        return {entry.event_id: marks[entry.number] for entry in entries}

    def asked(self, path: str) -> int:
        """How often Stripe was asked for what begins so."""
        seen = self.world.stand_in.api.seen
        return sum(each[1].startswith(path) and each[0] == "GET" for each in seen)


@contextlib.asynccontextmanager
async def till(
    url: str,
    folder: Path,
    *,
    readers: Sequence[str] = ("ana", "ben"),
    plans: str = PLAN,
    stripe: str = "",
    at: float | None = START,
) -> AsyncIterator[Till]:
    """``at`` None: in real time, for what reads the real clock."""
    async with world(at=at) as around, contextlib.AsyncExitStack() as stack:
        offer = around.stand_in.hook
        await offer("offer", id="price_gold", product="prod_gold", name="Gold", unit_amount=990)
        await offer(
            "offer",
            id="price_gold_year",
            product="prod_gold",
            name="Gold",
            unit_amount=9900,
            interval="year",
        )
        settings = config(
            folder / "till", store_url=url, api_base=around.url, plans=plans, stripe=stripe
        )
        store = Store(url)
        stack.push_async_callback(store.close)
        syncing = Syncing(settings, store=store, clock=around.clock)
        stack.push_async_callback(syncing.close)
        for reader in readers:
            await Readers(store).add(Reader(id=reader), now=around.clock.now())
        job = folding(settings, store=store, clock=around.clock)
        await job.fold_due()
        open_till = Till(around, settings, store, syncing, job)
        await open_till.hear()
        yield open_till


def at_the_till(
    url: str, folder: Path, work: Callable[[Till], Awaitable[None]], **more: Any
) -> None:
    async def main() -> None:
        async with till(url, folder, **more) as inside:
            await work(inside)

    asyncio.run(main())
