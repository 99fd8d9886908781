"""Sessions in use are checked many at once, before they are too old, and by nobody's page."""

from __future__ import annotations

import asyncio

from gateway.identity.sessions import Session
from gateway.model.reader import ANONYMOUS, Reader
from tests.identity.test_sessions import ANA, NOON, Shelf, cache_of, header, raw, run


def test_sessions_in_use_are_asked_for_again_before_they_are_too_old() -> None:
    shelf = Shelf()
    shelf.live["s2"] = Session("s2", Reader(id="ben"), NOON + 86400)
    cache = cache_of(shelf)
    for one in ("s1", "s2", "gone"):
        run(cache.reader_of(header(one), NOON))
    cache.last_news_at = NOON + 200
    assert cache.cached(raw("s1"), NOON + 200) == ANA
    assert cache.cached(raw("gone"), NOON + 200) is ANONYMOUS
    run(cache.refresh(NOON + 239))
    assert not shelf.asked_for, "they are young yet"
    changed = Reader(id="ana", name="Ana")
    shelf.live["s1"] = Session("s1", changed, NOON + 86400)
    run(cache.refresh(NOON + 241))
    assert shelf.asked_for == [2], "nobody came with s2"
    cache.last_news_at = NOON + 400
    assert cache.cached(raw("s1"), NOON + 400) == changed
    assert cache.cached(raw("gone"), NOON + 400) is ANONYMOUS
    assert cache.cached(raw("s2"), NOON + 400) is None
    run(cache.refresh(NOON + 400))
    assert len(cache) == 2, "and what is too old is let go"
    assert shelf.asked == 3, "no page had to ask"
    cache.forget_reader("ana")
    assert cache.cached(raw("s1"), NOON + 400) is None


def test_a_session_that_ended_unheard_is_over_at_the_refresh() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    run(cache.reader_of(header("s1"), NOON))
    assert cache.cached(raw("s1"), NOON + 1) == ANA
    del shelf.live["s1"]
    run(cache.refresh(NOON + 250))
    assert cache.cached(raw("s1"), NOON + 251) is ANONYMOUS
    cache.forget_reader("ana")
    assert cache.cached(raw("s1"), NOON + 251) is ANONYMOUS, "it is hers no more"


def test_a_refresh_older_than_the_news_is_not_kept() -> None:
    async def main() -> None:
        shelf = Shelf()
        cache = cache_of(shelf)
        await cache.reader_of(header("s1"), NOON)
        assert cache.cached(raw("s1"), NOON + 1) == ANA
        shelf.gate = asyncio.Event()
        asking = asyncio.create_task(cache.refresh(NOON + 250))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        cache.forget("s1")
        shelf.gate.set()
        await asking
        assert shelf.asked_for == [1]
        assert cache.cached(raw("s1"), NOON + 250) is None

    asyncio.run(main())


def test_a_refresh_that_fails_changes_nothing_and_is_tried_again() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    run(cache.reader_of(header("s1"), NOON))
    cache.last_news_at = NOON + 260
    assert cache.cached(raw("s1"), NOON + 260) == ANA
    shelf.away = True
    run(cache.refresh(NOON + 260))
    assert cache.cached(raw("s1"), NOON + 260) == ANA
    shelf.away = False
    run(cache.refresh(NOON + 265))
    assert shelf.asked_for == [1, 1]
    cache.last_news_at = NOON + 500
    assert cache.cached(raw("s1"), NOON + 500) == ANA


def test_many_are_asked_for_a_few_hundred_at_a_time_and_seen_again() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    ids = [f"n{number}" for number in range(450)]
    for one in ids:
        shelf.live[one] = Session(one, Reader(id=one), NOON + 86400)
        run(cache.reader_of(header(one), NOON))
        assert cache.cached(raw(one), NOON + 1) is not None
    run(cache.flush_sightings())
    run(cache.refresh(NOON + 299.5))
    assert shelf.asked_for == [200, 200, 50]
    for one in ids:
        assert cache.cached(raw(one), NOON + 300) is not None
    run(cache.refresh(NOON + 560))
    run(cache.flush_sightings())
    assert shelf.sightings == [dict.fromkeys(ids, NOON), dict.fromkeys(ids, NOON + 560)]


def test_a_clock_set_back_leaves_no_session_from_the_future() -> None:
    cache = cache_of(Shelf())
    run(cache.reader_of(header("s1"), NOON))
    run(cache.refresh(NOON - 3600))
    assert len(cache) == 0
