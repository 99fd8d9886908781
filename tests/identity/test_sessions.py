"""The session cache against a store that is slow, wrong, away, or overtaken by news."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Collection, Mapping
from typing import TypeVar

from gateway.errors import StoreUnavailable
from gateway.identity import sessions as sessions_module
from gateway.identity.cookies import CookieSigner
from gateway.identity.sessions import Session, SessionCache
from gateway.model.reader import ANONYMOUS, Reader

SIGNER = CookieSigner(["a key"])
NOON = 1_800_000_000.0
ANA = Reader(id="ana", email="ana@news.example")
T = TypeVar("T")


def raw(session_id: str) -> bytes:
    return SIGNER.sign(session_id).encode()


def header(session_id: str) -> bytes:
    return b"lychgate=" + raw(session_id)


class Shelf:
    """A store in memory that can be slow or away, and counts what it is asked."""

    def __init__(self) -> None:
        self.live = {"s1": Session("s1", ANA, NOON + 86400)}
        self.asked = 0
        self.asked_for: list[int] = []  # how many sessions, each time several were
        self.away = False
        self.gate: asyncio.Event | None = None
        self.sightings: list[Mapping[str, float]] = []

    async def session(self, session_id: str, *, now: float) -> Session | None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable
        return (await self._found((session_id,))).get(session_id)

    async def sessions(self, ids: Collection[str], *, now: float) -> Mapping[str, Session]:
        self.asked_for.append(len(ids))
        if self.away:
            raise StoreUnavailable
        return await self._found(ids)

    async def _found(self, ids: Collection[str]) -> Mapping[str, Session]:
        found = {each: self.live[each] for each in ids if each in self.live}
        if self.gate is not None:
            await self.gate.wait()
        return found

    async def seen(self, sightings: Mapping[str, float]) -> None:
        if self.away:
            raise StoreUnavailable
        self.sightings.append(dict(sightings))


def cache_of(shelf: Shelf) -> SessionCache:
    cache = SessionCache(store=shelf, signer=SIGNER, cookie_name=b"lychgate")
    cache.last_news_at = NOON
    return cache


def run(work: Awaitable[T]) -> T:
    async def main() -> T:
        return await work

    return asyncio.run(main())


def test_a_cookie_that_proves_nothing_never_reaches_the_store() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    doubled = header("s1") + b"; " + header("s1")
    for cookies in (None, b"", b"a=b", b"lychgate=s1", header("s1") + b"x", doubled):
        assert run(cache.reader_of(cookies, NOON)) is ANONYMOUS
    assert shelf.asked == 0
    assert len(cache) == 0


def test_the_store_is_asked_once_and_again_when_the_answer_is_old() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    assert cache.cached(raw("s1"), NOON) is None
    assert run(cache.reader_of(header("s1"), NOON)) == ANA
    assert cache.cached(raw("s1"), NOON) == ANA
    # While news arrives: five minutes. Without: five seconds.
    cache.last_news_at = NOON + 299.5
    assert cache.cached(raw("s1"), NOON + 299) == ANA
    assert cache.cached(raw("s1"), NOON + 300.1) is None
    cache.last_news_at = NOON
    assert cache.cached(raw("s1"), NOON + 4.9) == ANA
    assert cache.cached(raw("s1"), NOON + 5.1) is None
    assert shelf.asked == 1


def test_who_is_noted_as_seen_isn_t_idle_while_the_store_waits_to_hear_of_it() -> None:
    shelf = Shelf()
    shelf.live["s1"] = Session("s1", ANA, NOON + 5, seen_expires_at=NOON + 200)
    cache = cache_of(shelf)
    run(cache.reader_of(header("s1"), NOON))
    for second, reader in ((6, ANA), (199, ANA), (200, None)):
        cache.last_news_at = NOON + second
        assert cache.cached(raw("s1"), NOON + second) == reader


def test_a_session_ends_by_the_clock_also_in_memory() -> None:
    shelf = Shelf()
    shelf.live["s1"] = Session("s1", ANA, NOON + 2)
    cache = cache_of(shelf)
    run(cache.reader_of(header("s1"), NOON))
    assert cache.cached(raw("s1"), NOON + 1.9) == ANA
    assert cache.cached(raw("s1"), NOON + 2.0) is None
    assert run(cache.reader_of(header("s1"), NOON + 2.0)) is ANONYMOUS


def test_a_clock_set_back_makes_no_reader_last_longer() -> None:
    cache = cache_of(Shelf())
    run(cache.reader_of(header("s1"), NOON))
    assert cache.cached(raw("s1"), NOON - 3600) is None
    cache.last_news_at = NOON + 3600
    assert cache.cached(raw("s1"), NOON + 60) is None


def test_one_that_ended_is_remembered_as_anonymous() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    for _ in range(3):
        assert run(cache.reader_of(header("gone"), NOON)) is ANONYMOUS
    assert shelf.asked == 1
    assert cache.cached(raw("gone"), NOON) is ANONYMOUS
    run(cache.flush_sightings())
    assert shelf.sightings == []


def test_a_store_that_is_away_leaves_the_last_known_for_five_minutes() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    run(cache.reader_of(header("s1"), NOON))
    shelf.away = True
    assert run(cache.reader_of(header("s1"), NOON + 60)) == ANA
    assert shelf.asked == 2
    assert run(cache.reader_of(header("s1"), NOON + 60.5)) == ANA
    assert shelf.asked == 2, "it is left alone for a second"
    assert run(cache.reader_of(header("s1"), NOON + 299)) == ANA
    assert run(cache.reader_of(header("s1"), NOON + 301)) is ANONYMOUS
    assert run(cache.reader_of(header("s2"), NOON + 301)) is ANONYMOUS
    shelf.away = False
    assert run(cache.reader_of(header("s1"), NOON + 303)) == ANA


def test_a_store_that_hangs_costs_two_seconds_once() -> None:
    async def main() -> None:
        shelf = Shelf()
        cache = cache_of(shelf)
        await cache.reader_of(header("s1"), NOON)
        shelf.gate = asyncio.Event()
        began = time.monotonic()
        assert await cache.reader_of(header("s1"), NOON + 60) == ANA
        assert time.monotonic() - began < sessions_module.STORE_SECONDS + 1
        assert await cache.reader_of(header("s1"), NOON + 60.5) == ANA
        assert shelf.asked == 2

    asyncio.run(main())


def test_many_requests_ask_once_and_one_that_leaves_takes_nobody_along() -> None:
    async def main() -> None:
        shelf = Shelf()
        shelf.gate = asyncio.Event()
        cache = cache_of(shelf)
        asking = [asyncio.create_task(cache.reader_of(header("s1"), NOON)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking[0].cancel()
        shelf.gate.set()
        readers = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(readers[0], asyncio.CancelledError)
        assert readers[1:] == [ANA] * 19
        assert shelf.asked == 1

    asyncio.run(main())


def test_an_answer_older_than_the_news_is_not_kept() -> None:
    async def main() -> None:
        shelf = Shelf()
        shelf.gate = asyncio.Event()
        cache = cache_of(shelf)
        before = asyncio.create_task(cache.reader_of(header("s1"), NOON))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        # The store has looked already, its answer is on its way; now the session ends.
        del shelf.live["s1"]
        cache.forget("s1")
        after = asyncio.create_task(cache.reader_of(header("s1"), NOON))
        await asyncio.sleep(0)
        shelf.gate.set()
        assert await before == ANA
        assert await after is ANONYMOUS
        assert cache.cached(raw("s1"), NOON) is not ANA
        assert shelf.asked == 2

    asyncio.run(main())


def test_news_of_a_session_and_of_a_reader_forget_theirs_alone() -> None:
    shelf = Shelf()
    ben = Reader(id="ben")
    shelf.live |= {
        "s2": Session("s2", ANA, NOON + 86400),
        "s3": Session("s3", ben, NOON + 86400),
    }
    cache = cache_of(shelf)
    for one in ("s1", "s2", "s3"):
        run(cache.reader_of(header(one), NOON))
    cache.forget("s1")
    known = [cache.cached(raw(one), NOON) for one in ("s1", "s2", "s3")]
    assert known == [None, ANA, ben]
    cache.forget_reader("ana")
    assert [cache.cached(raw(one), NOON) for one in ("s2", "s3")] == [None, ben]
    cache.forget_all()
    assert len(cache) == 0


def test_memory_is_bounded() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    bound, sessions_module.SESSIONS_MAX = sessions_module.SESSIONS_MAX, 10
    try:
        for number in range(100):
            one = f"n{number}"
            shelf.live[one] = Session(one, Reader(id=one), NOON + 86400)
            run(cache.reader_of(header(one), NOON))
        assert len(cache) == 10
        assert cache.cached(raw("n99"), NOON) is not None
        assert cache.cached(raw("n89"), NOON) is None
    finally:
        sessions_module.SESSIONS_MAX = bound


def test_sightings_are_one_in_five_minutes_and_survive_a_store_that_is_away() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    for second in (0, 10, 20, 299):
        run(cache.reader_of(header("s1"), NOON + second))
    shelf.away = True
    run(cache.flush_sightings())
    shelf.away = False
    run(cache.flush_sightings())
    run(cache.flush_sightings())
    assert shelf.sightings == [{"s1": NOON}]
    run(cache.reader_of(header("s1"), NOON + 310))
    run(cache.flush_sightings())
    assert shelf.sightings[1:] == [{"s1": NOON + 310}]


def test_the_quick_look_costs_next_to_nothing() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    cookies = []
    for number in range(10_000):
        one = f"n{number}"
        shelf.live[one] = Session(one, Reader(id=one), NOON + 86400)
        cookies.append(raw(one))

    async def fill() -> None:
        for number in range(10_000):
            await cache.reader_of(header(f"n{number}"), NOON)

    asyncio.run(fill())
    best = min(_seconds(cache, cookies) for _ in range(5)) / len(cookies)
    assert best < 3e-6, f"{best * 1e6:.2f} µs"


def _seconds(cache: SessionCache, cookies: list[bytes]) -> float:
    began = time.perf_counter()
    for cookie in cookies:
        cache.cached(cookie, NOON + 1)
    return time.perf_counter() - began
