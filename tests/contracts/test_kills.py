"""kill -9 in the middle of anything: a webhook's way in, the fold behind it, the database under both.

A sender redelivers what wasn't acknowledged, as Stripe does. At the end nothing is lost, doubled or
acknowledged unsaved, and every reader holds what they would hold had nobody been killed. ``KILLS``
in the environment makes it a thousand.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.clock import SystemClock
from gateway.demo.stripe.server import StandIn
from gateway.money.proof import verify
from gateway.money.routes import WEBHOOK
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.migrating import migrate
from gateway.stores.wants import Wants
from gateway.wiring.money import projector
from tests.contracts.shop import SETTINGS, Sender, Shop, reader
from tests.contracts.stores import PostgreSQL, postgresql
from tests.demo.stripe.world import served
from tests.ways.house import KEY

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("KILLS", "12"))
DATABASE_KILLS = max(2, KILLS // 20)
LEASE_SECONDS = 90.0
STEPS_MAX = 400
_CONFIG = """[site]
url = "http://127.0.0.1:{port}"
origin = "http://127.0.0.1:1"
name = "La Gazette"
[ops]
access_log = false
[policies]
folder = "policies"
[keys]
cookie = ["{key}"]
[store]
url = "{store}"
"""


@dataclass
class Lives:
    """One gateway after another on one socket. ``port`` is where they listen."""

    port: int
    nursery: asyncio.subprocess.Process
    count: int = 0
    pid: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{WEBHOOK}"

    @property
    def ahead_seconds(self) -> float:
        return self.count * LEASE_SECONDS

    async def begin(self, *, step: int = 0) -> None:
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.count += 1
        self.over.clear()
        self.nursery.stdin.write(b"%d %f\n" % (step, self.ahead_seconds))
        await self.nursery.stdin.drain()
        self.pid = int(await self.nursery.stdout.readline())

    async def end(self) -> None:
        """Returns once it is over, by its own hand or another's."""
        assert self.nursery.stdout is not None
        line = await self.nursery.stdout.readline()
        assert line == b"over\n", line
        self.over.set()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it may have done so itself just now
            os.kill(self.pid, signal.SIGKILL)


@contextlib.asynccontextmanager
async def lives(folder: Path, store_url: str, stripe_url: str) -> AsyncIterator[Lives]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    port = listener.getsockname()[1]
    (folder / "policies").mkdir()
    (folder / "policies" / "policy.yaml").write_text("version: 1\ndefault: public\n", "utf-8")
    config = folder / "lychgate.toml"
    written = _CONFIG.format(port=port, key=KEY, store=store_url)
    config.write_text(written + SETTINGS.format(stripe=stripe_url), "utf-8")
    with (folder / "kills.log").open("wb") as log:
        nursery = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.contracts.mortal", str(config), str(listener.fileno())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            pass_fds=(listener.fileno(),),
            cwd=ROOT,
        )
    one = Lives(port, nursery)
    try:
        yield one
    finally:
        if one.pid and not one.over.is_set():
            one.kill()
        assert nursery.stdin is not None
        nursery.stdin.close()
        await nursery.wait()
        listener.close()


Killing = Callable[[Lives, Sender, "asyncio.Task[None]"], Awaitable[None]]


async def story(folder: Path, store_url: str, *, readers: int, killing: Killing) -> None:
    """Events are delivered while ``killing`` does its worst; then one life has peace."""
    await _accounts(store_url, readers)
    shop: list[Shop] = []

    def make(url: str) -> StandIn:
        shop.append(Shop(url))
        return shop[0].stand_in

    async with served(make) as (_, stripe_url):
        await shop[0].open(readers)
        async with lives(folder, store_url, stripe_url) as made:
            sender = Sender(made.url, shop[0])
            delivering = asyncio.create_task(sender.deliver())
            try:
                await killing(made, sender, delivering)
                await delivering
                await _settled(store_url, made.ahead_seconds)
            finally:
                delivering.cancel()
        await look(store_url, shop[0], sender)
        await shop[0].stand_in.close()


async def look(store_url: str, shop: Shop, sender: Sender) -> None:
    store = Store(store_url)
    try:
        ledger = Ledger(store)
        assert (await verify(ledger)).faults == ()
        entries = await ledger.read(after=0, limit=1_000_000)
        ids = [entry.event_id for entry in entries]
        told = {event["id"] for event in shop.events()}
        assert sender.acknowledged == told
        assert len(ids) == len(set(ids)), "doubled"
        assert told <= set(ids), "acknowledged, and not there"
        numbers = [entry.number for entry in entries]
        assert len(await LedgerWork(store).marks(numbers)) == len(ids)
        owed = shop.owed()
        held = await Holdings(store).held(owed)
        found = {each: {one.tier: one.ends_at for one in these} for each, these in held.items()}
        assert found == owed
        assert all(len(these) <= 1 for these in held.values())
        assert await projector(store, SystemClock()).replay() == []
    finally:
        await store.close()


async def _accounts(store_url: str, count: int) -> None:
    store = Store(store_url)
    rows = [{"id": reader(number), "created_at": 1.0} for number in range(count)]
    await store.write(lambda connection: connection.execute(schema.reader.insert(), rows))
    await store.close()


async def _settled(store_url: str, ahead_seconds: float) -> None:
    """Until nothing waits to be applied, nor to be asked. What the fold asks after again now and
    then, since its period is over and no renewal came, is asked after for ever."""
    store = Store(store_url)
    work, wants = LedgerWork(store), Wants(store)
    async with asyncio.timeout(120 + KILLS):
        while (
            await work.due(now=1e12, limit=1)
            or await work.hints(now=1e12, limit=1)
            or await wants.due(now=SystemClock().now() + ahead_seconds, limit=1)
        ):
            await asyncio.sleep(0.02)
    await store.close()


async def by_process(made: Lives, sender: Sender, delivering: asyncio.Task[None]) -> None:
    """At a step of its work with the store, or at any instant."""
    chance = random.Random(9)
    for number in range(KILLS):
        step = 0 if number % 3 == 0 else chance.randrange(1, STEPS_MAX)
        await made.begin(step=step)
        sender.ahead_seconds = made.ahead_seconds
        if not step:
            await asyncio.sleep(chance.uniform(0.2, 0.9))
            made.kill()
            await made.end()
            continue
        try:
            await asyncio.wait_for(made.end(), 2)
        except TimeoutError:  # it had nothing left to do
            made.kill()
            await made.end()
    await made.begin()
    sender.ahead_seconds = made.ahead_seconds


def test_a_gateway_that_is_killed_at_any_moment(url: str, tmp_path: Path) -> None:
    asyncio.run(story(tmp_path, url, readers=2 * KILLS, killing=by_process))


def test_a_database_that_is_killed_at_any_moment(tmp_path: Path) -> None:
    """The gateway lives on, says that it couldn't keep what came, and takes it when it can."""
    with postgresql() as server:
        migrate(server.url)

        async def by_database(made: Lives, sender: Sender, delivering: asyncio.Task[None]) -> None:
            chance = random.Random(10)
            await made.begin()
            sender.ahead_seconds = made.ahead_seconds
            for _ in range(DATABASE_KILLS):
                await asyncio.sleep(chance.uniform(0.1, 0.8))
                await asyncio.to_thread(_kill, server)

        readers = max(30, 2 * DATABASE_KILLS)
        asyncio.run(story(tmp_path, server.url, readers=readers, killing=by_database))


def _kill(server: PostgreSQL) -> None:
    """It drops everything and is gone, and then it is back."""
    assert server.running is not None
    server.running.send_signal(signal.SIGQUIT)
    server.running.wait(20)
    server.start()
