"""The catalogue of prices on both databases: the later answer counts, and only news is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from gateway.model.amount import Amount
from gateway.model.price import Price
from gateway.stores.engine import Store
from gateway.stores.news import Kind, News
from gateway.stores.prices import Prices

NOON = 1_800_000_000.0
MONTHLY = Price(
    id="price_monthly",
    product="prod_gold",
    amount=Amount(990, "eur"),
    options=(Amount(950, "chf"), Amount(1090, "usd")),
    interval="month",
    tax_behavior="inclusive",
    active=True,
    fetched_at=NOON,
)
ODD = Price(id="price_odd", product="prod_gold", interval="year", livemode=True, fetched_at=NOON)


def using(url: str, work: Callable[[Store, Prices], Awaitable[None]]) -> None:
    async def main() -> None:
        store = Store(url)
        try:
            await work(store, Prices(store))
        finally:
            await store.close()

    asyncio.run(main())


async def told(store: Store) -> int:
    return [each.kind for each in await News(store).since(0)].count(Kind.PRICES)


def test_what_is_kept_is_read_as_it_was(url: str) -> None:
    async def work(store: Store, prices: Prices) -> None:
        assert await prices.all() == {}
        assert await prices.keep([MONTHLY, ODD], now=NOON)
        assert await prices.all() == {"price_monthly": MONTHLY, "price_odd": ODD}
        assert await told(store) == 1

    using(url, work)


def test_only_what_is_otherwise_is_told(url: str) -> None:
    async def work(store: Store, prices: Prices) -> None:
        await prices.keep([MONTHLY], now=NOON)
        same = replace(MONTHLY, fetched_at=NOON + 1)
        assert not await prices.keep([same], gone=["price_never_known"], now=NOON)
        assert await prices.all() == {"price_monthly": same}
        assert await told(store) == 1
        dearer = replace(MONTHLY, amount=Amount(1090, "eur"), fetched_at=NOON + 2)
        assert await prices.keep([dearer], now=NOON)
        assert await told(store) == 2

    using(url, work)


def test_of_two_answers_the_later_counts_and_what_is_gone_goes(url: str) -> None:
    async def work(store: Store, prices: Prices) -> None:
        await prices.keep([MONTHLY, ODD], now=NOON)
        assert not await prices.keep(
            [replace(MONTHLY, active=False, fetched_at=NOON - 1)], now=NOON
        )
        assert await prices.keep([], gone=["price_odd"], now=NOON)
        assert await prices.all() == {"price_monthly": MONTHLY}

    using(url, work)
