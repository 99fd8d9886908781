"""Webhooks by the hundred thousand into `lychgate serve`, and what an article waits meanwhile.

    lychgate bench --webhooks

Some are doubled, some forged, all in random order; what readers hold in the end is compared with
what each life ends in (``lives``), and the chain is proved. The store is SQLite as it is always
opened, with synchronous=FULL; Stripe can't be reached, so that events speak for themselves.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import multiprocessing
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.bench import peers
from gateway.bench.lives import EVENTS_EACH, PLANS, forgery, life, raw
from gateway.bench.processes import Server, as_another_machine, free_port
from gateway.bench.reading import Article, read
from gateway.bench.served import KEY, site
from gateway.clock import SystemClock
from gateway.money.proof import verify
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.migrating import migrate

LINES = 32
IDLE_SECONDS = 15.0
FOLD_SECONDS_MAX = 1800.0
_SECRET = "whsec_only-for-a-bench-on-loopback"  # noqa: S105 - of no account
_PLACE = "/-/stripe/webhook"
_CONFIG = """\
[site]
url = "http://127.0.0.1:{port}"
origin = "http://127.0.0.1:{origin}"
name = "Webhooks"
[server]
bind = "127.0.0.1:{port}"
workers = 1
[ops]
bind = "127.0.0.1:{ops}"
access_log = false
[policies]
folder = "policies"
[store]
url = "{store}"
[keys]
cookie = ["{key}"]
[stripe]
secret_key = "sk_test_only-for-a-bench"
webhook_secrets = ["{secret}"]
api_base = "http://127.0.0.1:{nobody}"
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """``statuses`` of genuine ones and of forged ones; seconds that each genuine one took."""

    seconds: float
    genuine: Counter[int]
    forged: Counter[int]
    waits: Sequence[float]

    @property
    def rate(self) -> float:
        return (self.genuine.total() + self.forged.total()) / self.seconds


@dataclass(frozen=True, slots=True)
class Webhooks:
    """``wrong`` are readers who hold something else than their life ends in, ``faults`` the chain's."""

    sent: Sent
    entries: int
    expected: int
    fold_seconds: float
    wrong: int
    readers: int
    faults: tuple[str, ...]
    article: Article

    @property
    def as_the_model(self) -> bool:
        return not (self.wrong or self.faults) and self.entries == self.expected


def run(
    *,
    events: int = 100_000,
    rate: float = 0.0,
    doubled: float = 0.2,
    forged: float = 0.05,
    store: str = "",
    idle_seconds: float = IDLE_SECONDS,
    told: Callable[[str], None] = print,
) -> Webhooks:
    """``rate`` a second; 0: as fast as they are answered. ``store`` empty: a SQLite file of the
    run's own. Raises BenchFailed."""
    parcels = _parcels(events, doubled, forged)
    lives = 1 + max(each.life for each in parcels)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lychgate-hooks-")))
        url = store or f"sqlite:///{folder}/hooks.db"
        migrate(url)
        asyncio.run(_readers(url, lives))
        origin = stack.enter_context(peers.origin(folder))
        server = stack.enter_context(_gateway(folder, origin.port, free_port(), url))
        ports = (server.port, stack.enter_context(peers.proxy_cache(folder, origin.port)).port)
        apart = multiprocessing.get_context("spawn").Pool(2)
        stack.callback(apart.terminate)
        told(f"an article, no webhook, for {idle_seconds:g} s")
        before = apart.apply(read, (ports, idle_seconds))
        told(f"{events:,} webhooks")
        seconds = min(events / (rate or 2000.0), 120.0)
        reading = apart.apply_async(read, (ports, seconds))
        sent = apart.apply_async(_send, (server.port, parcels, rate)).get()
        during = reading.get(timeout=seconds + 60)
        told(f"folding, {sent.rate:,.0f} were taken a second")
        fold_seconds = asyncio.run(_folded(url))
        told("the article again, no webhook")
        after = apart.apply(read, (ports, idle_seconds))
        article = Article.of(idle=(before, after), during=during)
        return asyncio.run(_result(url, sent, lives, fold_seconds, article))


@dataclass(frozen=True, slots=True)
class _Parcel:
    """Which event of which life; ``again`` counts its redeliveries. A forgery has no event."""

    life: int
    event: int
    again: int = 0


def _parcels(events: int, doubled: float, forged: float) -> list[_Parcel]:
    """Whole lives, then doubles and forgeries up to ``events``, in an order to reproduce."""
    chance = random.Random(20)  # noqa: S311 - an order, not a secret
    lives = int(events * (1 - doubled - forged)) // EVENTS_EACH
    genuine = [_Parcel(of, at) for of in range(lives) for at in range(EVENTS_EACH)]
    parcels = list(genuine)
    parcels += [_Parcel(chance.randrange(lives), -1) for _ in range(int(events * forged))]
    for number in range(events - len(parcels)):
        twin = chance.choice(genuine)
        parcels.append(_Parcel(twin.life, twin.event, again=1 + number % 3))
    chance.shuffle(parcels)
    return parcels


async def _readers(url: str, count: int) -> None:
    store, now = Store(url), SystemClock().now()
    rows = [{"id": life(number).reader, "created_at": now} for number in range(count)]
    try:
        await store.write(lambda connection: connection.execute(schema.reader.insert(), rows))
    finally:
        await store.close()


def _gateway(folder: Path, origin: int, port: int, store: str) -> AbstractContextManager[Server]:
    config = _CONFIG.format(
        port=port,
        origin=origin,
        ops=free_port(),
        store=store,
        key=KEY,
        secret=_SECRET,
        nobody=free_port(),
    )
    # The desk opens a moment after the first page: until then a webhook is told to come again.
    return site(folder, "hooks", config + PLANS, port=port, path="/-/login")


def _send(port: int, parcels: Sequence[_Parcel], rate: float) -> Sent:
    return as_another_machine(_sends(port, parcels, rate))  # Stripe


async def _sends(port: int, parcels: Sequence[_Parcel], rate: float) -> Sent:
    """Over kept connections, as Stripe does; each timed from when it was due."""
    genuine: Counter[int] = Counter()
    forged: Counter[int] = Counter()
    waits: list[float] = []
    numbered = iter(enumerate(parcels))
    began = time.monotonic()

    async def line() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, parcel in numbered:
            due = began + number / rate if rate else time.monotonic()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            status = await _post(reader, writer, port, parcel)
            if parcel.event < 0:
                forged[status] += 1
            else:
                genuine[status] += 1
                waits.append(time.monotonic() - due)
        writer.close()

    await asyncio.gather(*(line() for _ in range(LINES)))
    return Sent(time.monotonic() - began, genuine, forged, waits)


async def _post(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, parcel: _Parcel
) -> int:
    """The status of the answer."""
    fake = parcel.event < 0
    event = forgery(parcel.life) if fake else life(parcel.life).events[parcel.event]
    body = raw(event, again=parcel.again)
    at = int(SystemClock().now())
    secret = "whsec_of-somebody-else" if fake else _SECRET
    proof = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    head = (
        f"POST {_PLACE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        f"Stripe-Signature: t={at},v1={proof}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = int(answer.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    await reader.readexactly(length)
    return int(answer.split(b" ", 2)[1])


async def _folded(url: str) -> float:
    """Once nothing waits to be applied: how many seconds that took."""
    store, began = Store(url), time.monotonic()
    try:
        work = LedgerWork(store)
        while await work.due(now=SystemClock().now() + 1e6, limit=1):
            if time.monotonic() - began > FOLD_SECONDS_MAX:
                break
            await asyncio.sleep(0.2)
        return time.monotonic() - began
    finally:
        await store.close()


async def _result(
    url: str, sent: Sent, lives: int, fold_seconds: float, article: Article
) -> Webhooks:
    store = Store(url)
    try:
        known = [life(number) for number in range(lives)]
        held = await Holdings(store).held([each.reader for each in known])
        wrong = sum(
            {entitlement.tier: entitlement.ends_at for entitlement in held[each.reader]}
            != each.ends
            for each in known
        )
        proved = await verify(Ledger(store))
        ours = await Ledger(store).objects(["plans", "settings"])
        entries = proved.entries - len(ours)
        return Webhooks(
            sent=sent,
            entries=entries,
            expected=lives * EVENTS_EACH,
            fold_seconds=fold_seconds,
            wrong=wrong,
            readers=lives,
            faults=proved.faults,
            article=article,
        )
    finally:
        await store.close()


def percentile(waits: Sequence[float], hundredth: int) -> float:
    return statistics.quantiles(waits, n=100)[hundredth - 1]
