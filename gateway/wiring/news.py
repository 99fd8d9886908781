"""News from the store to whatever keeps something in memory, and the telling of it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from gateway.bus.polling import Polling
from gateway.bus.valkey import Bell
from gateway.clock import Clock
from gateway.errors import StoreUnavailable
from gateway.identity.sessions import SessionCache
from gateway.origin.cache import PageCache
from gateway.policy.reload import PolicyHolder
from gateway.stores.engine import Store
from gateway.stores.news import Kind, News
from gateway.stores.openings import Openings
from gateway.stores.prices import Prices
from gateway.stores.schema import NEWS_KEY_MAX
from gateway.wiring.walls import Walls


def teller(store: Store | None, clock: Clock) -> Callable[[str], Awaitable[None]]:
    """Passes a purge on to every worker. What it makes raises StoreUnavailable: whoever purges is to
    know that the others still keep what they kept. What is longer than news can be drops all."""

    async def tell(key: str) -> None:
        if store is not None:
            told = key if len(key) <= NEWS_KEY_MAX else "all"
            await News(store).tell(Kind.PURGE, told, now=clock.now())

    return tell


def forgetting(
    store: Store | None, sessions: SessionCache, clock: Clock
) -> Callable[[str], Awaitable[None]]:
    """Makes this worker at once, and the others by news, ask the store for a reader again."""

    async def forget(reader_id: str) -> None:
        sessions.forget_reader(reader_id)
        if store is not None:
            with contextlib.suppress(StoreUnavailable):
                await News(store).tell(Kind.READER, reader_id, now=clock.now())

    return forget


def polling(
    store: Store,
    sessions: SessionCache,
    policies: PolicyHolder,
    cache: PageCache,
    walls: Walls,
    clock: Clock,
) -> Polling:
    openings, prices = Openings(store), Prices(store)

    async def read_openings() -> None:
        policies.open_stories(await openings.live(now=clock.now()))

    async def read_prices() -> None:
        if walls.take_over(await prices.all()):
            policies.draw_walls_anew(walls.version)

    async def read_again() -> None:
        await read_openings()
        await read_prices()

    async def hear(kind: str, key: str) -> None:
        if kind == Kind.SESSION:
            sessions.forget(key)
        elif kind == Kind.READER:
            sessions.forget_reader(key)
        elif kind == Kind.OPENING:
            await read_openings()
        elif kind == Kind.PRICES:
            await read_prices()
        elif kind == Kind.PURGE:
            word, _, value = key.partition(":")
            cache.purge(**{word: value} if value else {"everything": True})

    def polled(now: float) -> None:
        sessions.last_news_at = now

    watching = Polling(
        source=News(store),
        clock=clock,
        hear=hear,
        polled=polled,
        missed=sessions.forget_all,
        catch_up=read_again,
    )
    store.after_news = watching.wake
    return watching


def bell(url: str, store: Store | None, watching: Polling | None) -> Bell | None:
    """With a bus, this worker's own news rings on all nodes, and theirs wakes its poll."""
    if not url or store is None or watching is None:
        return None
    rung = Bell(url, heard=watching.wake)

    def wake_and_ring() -> None:
        watching.wake()
        rung.ring()

    store.after_news = wake_and_ring
    return rung
