"""All kept pages: never over their bounds, not flushed by a crawler, one fetch at a time, purged."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.errors import OriginFailed, OriginTimeout
from gateway.origin.cache import OTHER_SECONDS, UNKEEPABLE_SECONDS, PageCache
from gateway.origin.record import PageKey, PageRecord, page_key, tags_of
from tests.origin.records import HOST, SetClock, SettingClock, key, record, variant


def cache_of(bytes_max: int, clock: SetClock | None = None) -> PageCache:
    return PageCache(
        bytes_max=bytes_max,
        hosts={HOST.encode(): HOST, b"news.test:80": HOST, b"other.test": "other.test"},
        clock=clock or SetClock(),
    )


def test_a_kept_page_stands_under_every_name_of_its_host_and_no_other() -> None:
    cache = cache_of(1 << 20)
    cache.put(record("/a?page=2"))
    for host in (b"news.test", b"news.test:80"):
        assert cache.targets[host][b"/a?page=2"].key == key("/a?page=2")
    assert b"/a?page=2" not in cache.targets[b"other.test"]
    assert cache.glance(key("/a")) is None
    cache.drop(key("/a?page=2"))
    assert not cache.targets[b"news.test"]


def test_a_crawler_with_10000_query_strings_flushes_no_page_in_use() -> None:
    """Readers come back to 50 pages through the quick lane alone, which only sets a flag."""
    cache = cache_of(1 << 20)
    popular = [f"/popular/{number}" for number in range(50)]
    for target in popular:
        cache.put(record(target))
    for number in range(10_000):
        cache.put(record(f"/a?s={number}"))
        if number % 10 == 0:
            for target in popular:
                kept = cache.targets[HOST.encode()].get(target.encode())
                assert kept is not None, f"{target} was flushed after {number} strings"
                kept.used = True
    assert cache.bytes_used <= 1 << 20


def test_all_the_space_is_used_before_any_page_goes() -> None:
    cache = cache_of(1 << 20)
    for number in range(190):
        cache.put(record(f"/{number}"))
    assert len(cache) == 190
    assert cache.bytes_used > 0.9 * 0.95 * (1 << 20)


def test_a_crawler_flushes_no_protected_page_however_long_it_takes() -> None:
    cache = cache_of(1 << 20)
    for target in range(50):
        cache.put(record(f"/popular/{target}"))
        cache.get(key(f"/popular/{target}"))
    for number in range(100_000):
        cache.put(record(f"/a?s={number}"))
    assert sum(cache.get(key(f"/popular/{target}")) is not None for target in range(50)) == 50


def test_missing_pages_take_a_twentieth_and_push_out_nothing_else() -> None:
    cache = cache_of(1 << 20)
    cache.put(record("/page"))
    for number in range(5_000):
        cache.put(record(f"/missing/{number}", status=404 if number % 2 else 410))
        cache.get(key(f"/missing/{number}"))
    assert cache._missing.bytes_used <= (1 << 20) * 0.05
    assert cache.get(key("/page")) is not None


def test_a_page_over_its_segment_pushes_out_nothing() -> None:
    cache = cache_of(1 << 20)
    cache.put(record("/page"))
    cache.put(record("/huge", size=1 << 20))
    assert cache.get(key("/huge")) is None
    assert cache.get(key("/page")) is not None
    grown = record("/growing")
    cache.put(grown)
    for number in range(30):
        grown.keep(("full", "", "", "", str(number)), variant(10_000))
    assert cache.get(key("/growing")) is None
    assert cache.get(key("/page")) is not None


def test_hot_pages_beyond_the_space_are_let_go_one_by_one() -> None:
    """Every page is in use: finding the one to let go neither recurses nor runs for ever."""
    cache = cache_of(64 << 20)
    for number in range(20_000):
        cache.put(record(f"/{number}"))
        cache.get(key(f"/{number}"))
    assert cache.bytes_used <= 64 << 20
    assert len(cache) > 8_000


class Laws(RuleBasedStateMachine):
    """Whatever happens: bytes are counted exactly, bounds hold, both indexes agree."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = cache_of(200_000)
        self.ever: list[PageRecord] = []

    @rule(
        number=st.integers(0, 30),
        size=st.integers(0, 60_000),
        status=st.sampled_from([200, 200, 301, 404, 410]),
        tag=st.sampled_from(["", "a", "b"]),
    )
    def put(self, number: int, size: int, status: int, tag: str) -> None:
        tags = (tag,) if tag else ()
        made = record(f"/{number}", size=size, status=status, tags=tags)
        self.cache.put(made)
        self.ever.append(made)

    @rule(number=st.integers(0, 30))
    def get(self, number: int) -> None:
        found = self.cache.get(key(f"/{number}"))
        assert found is None or found.key == key(f"/{number}")

    @rule(which=st.integers(0, 100), size=st.integers(0, 60_000), coding=st.sampled_from("abc"))
    def keep_variant(self, which: int, size: int, coding: str) -> None:
        """Of any record that ever was, kept still or long let go."""
        if self.ever:
            chosen = self.ever[which % len(self.ever)]
            chosen.keep(("full", "", "", "", coding), variant(size))

    @rule(which=st.integers(0, 100))
    def renew(self, which: int) -> None:
        """As a 304 does: a copy of the record takes its place."""
        if self.ever:
            made = dataclasses.replace(self.ever[which % len(self.ever)], grew=None)
            self.cache.put(made)
            self.ever.append(made)

    @rule(number=st.integers(0, 30))
    def drop(self, number: int) -> None:
        self.cache.drop(key(f"/{number}"))
        assert self.cache.get(key(f"/{number}")) is None

    @rule(tag=st.sampled_from(["a", "b"]))
    def purge(self, tag: str) -> None:
        before = len(self.cache)
        assert self.cache.purge(tag=tag) == before - len(self.cache)
        for kept in self.cache.targets[HOST.encode()].values():
            assert tag not in kept.tags

    @rule(number=st.integers(0, 30))
    def unkeepable(self, number: int) -> None:
        self.cache.remember_unkeepable(key(f"/{number}"))
        assert self.cache.get(key(f"/{number}")) is None

    @invariant()
    def bounds_and_counts(self) -> None:
        for segment in self.cache._segments:
            weights = [kept.weighed for kept in segment.records.values()]
            assert segment.bytes_used == sum(weights)
        assert self.cache.bytes_used <= 200_000
        assert self.cache._missing.bytes_used <= 10_000
        kept = {item for segment in self.cache._segments for item in segment.records.values()}
        assert kept == set(self.cache.targets[HOST.encode()].values())
        assert len(kept) == len(self.cache)


TestLaws = Laws.TestCase
TestLaws.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_what_is_remembered_for_a_time_is_so_however_the_clock_is_set() -> None:
    clock = SetClock()
    setting = SettingClock(clock)
    cache = PageCache(bytes_max=1 << 20, hosts={HOST.encode(): HOST}, clock=setting)
    cache.remember_unkeepable(key("/a"))
    cache.remember_other(key("/b"))
    setting.set_seconds = -3600.0
    clock.at += OTHER_SECONDS
    assert not cache.known_unkeepable(key("/a"))
    assert not cache.known_as_other(key("/b"))


def test_unkeepable_pages_and_other_kinds_are_forgotten_in_time() -> None:
    clock = SetClock()
    cache = cache_of(1 << 20, clock)
    cache.remember_unkeepable(key("/a"))
    cache.remember_other(key("/b"))
    assert cache.known_unkeepable(key("/a"))
    assert cache.known_as_other(key("/b"))
    clock.at += UNKEEPABLE_SECONDS
    assert not cache.known_unkeepable(key("/a"))
    clock.at += OTHER_SECONDS
    assert not cache.known_as_other(key("/b"))
    cache.remember_other(key("/b"))
    cache.remember_other(key("/b?page=2"))
    cache.purge(path="/b")
    assert not cache.known_as_other(key("/b"))
    assert not cache.known_as_other(key("/b?page=2"))
    cache.remember_unkeepable(key("/a"))
    cache.put(record("/a"))
    assert not cache.known_unkeepable(key("/a"))


def test_a_path_is_purged_with_all_its_queries_and_a_tag_with_all_its_pages() -> None:
    cache = cache_of(1 << 20)
    for target in ("/a", "/a?page=2", "/ab", "/b"):
        cache.put(record(target, tags=("all", target)))
    assert cache.purge(path="/a") == 2
    assert cache.purge(tag="/ab") == 1
    assert cache.purge(tag="no-such") == 0
    assert cache.purge() == 0
    assert cache.purge(everything=True) == 1
    assert cache.bytes_used == 0


def test_tags_are_read_in_each_of_their_headers() -> None:
    assert tags_of(
        ((b"surrogate-key", b"a b"), (b"cache-tag", b"c, d"), (b"xkey", b"e"), (b"x-tag", b"f"))
    ) == {"a", "b", "c", "d", "e"}


# One fetch at a time.


def share(made: PageRecord) -> PageRecord | None:
    return made


def share_not(made: PageRecord) -> PageRecord | None:
    return None


class Fetching:
    """A fetch that ends when a test says so, and counts how often it was begun."""

    def __init__(self, target: str = "/a") -> None:
        self.target = target
        self.begun = 0
        self.may_end = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> PageRecord:
        self.begun += 1
        made = record(self.target)
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return made


async def together(
    cache: PageCache,
    make: Fetching,
    shareable: Callable[[PageRecord], PageRecord | None],
    count: int,
) -> list[asyncio.Task[PageRecord]]:
    asks: list[Awaitable[PageRecord]] = [
        cache.one_at_a_time(key("/a"), make, shareable) for _ in range(count)
    ]
    tasks = [asyncio.ensure_future(ask) for ask in asks]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


@pytest.mark.anyio
async def test_a_hundred_readers_make_one_fetch_and_share_it() -> None:
    cache, make = cache_of(1 << 20), Fetching()
    tasks = await together(cache, make, share, 100)
    assert make.begun == 1
    make.may_end.set()
    assert len({id(made) for made in await asyncio.gather(*tasks)}) == 1
    assert not cache._flights


@pytest.mark.anyio
async def test_what_may_not_be_shared_is_fetched_by_each_at_once() -> None:
    """Two readers never get one answer that was made for the first: its Set-Cookie, say."""
    cache, make = cache_of(1 << 20), Fetching()
    tasks = await together(cache, make, share_not, 10)
    make.may_end.set()
    made = await asyncio.gather(*tasks)
    assert make.begun == 10
    assert len({id(each) for each in made}) == 10
    assert not cache._flights


@pytest.mark.anyio
async def test_the_origins_failure_is_shared_so_that_nobody_waits_twice() -> None:
    cache, make = cache_of(1 << 20), Fetching()
    make.error = OriginTimeout("late")
    tasks = await together(cache, make, share, 10)
    make.may_end.set()
    for made in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(made, OriginFailed)
    assert make.begun == 1
    assert not cache._flights


@pytest.mark.anyio
async def test_an_error_of_our_own_is_the_first_readers_alone() -> None:
    cache, make = cache_of(1 << 20), Fetching()
    make.error = LookupError("a fault of ours")
    tasks = await together(cache, make, share, 3)
    make.may_end.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert make.begun == 3


@pytest.mark.anyio
async def test_when_who_fetches_leaves_one_of_the_waiting_fetches() -> None:
    cache, make = cache_of(1 << 20), Fetching()
    tasks = await together(cache, make, share, 5)
    tasks[0].cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert make.begun == 2
    make.may_end.set()
    made = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(made[0], asyncio.CancelledError)
    assert len({id(each) for each in made[1:]}) == 1
    assert not cache._flights


@pytest.mark.anyio
async def test_a_waiting_reader_who_leaves_takes_nothing_along() -> None:
    cache, make = cache_of(1 << 20), Fetching()
    tasks = await together(cache, make, share, 3)
    tasks[1].cancel()
    await asyncio.sleep(0)
    make.may_end.set()
    made = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(made[1], asyncio.CancelledError)
    assert made[0] is made[2]
    assert make.begun == 1


@pytest.mark.anyio
@pytest.mark.parametrize("purge", [{"path": "/a"}, {"tag": "x"}, {"everything": True}])
async def test_a_fetch_that_a_purge_overtook_is_neither_kept_nor_shared(
    purge: dict[str, bool | str],
) -> None:
    """A publisher corrects a page while it is being fetched: what was purged doesn't come back."""
    cache, make = cache_of(1 << 20), Fetching()

    async def fetch_and_keep() -> PageRecord:
        made = await make()
        cache.put(made)
        return made

    old = asyncio.ensure_future(cache.one_at_a_time(key("/a"), fetch_and_keep, share))
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(cache.one_at_a_time(key("/a"), fetch_and_keep, share))
    await asyncio.sleep(0)
    cache.purge(**purge)  # type: ignore[arg-type]  # each has the type that its name takes
    new = asyncio.ensure_future(cache.one_at_a_time(key("/a"), fetch_and_keep, share))
    await asyncio.sleep(0)
    assert make.begun == 2, "the reader who came after the purge waits for what was before it"
    make.may_end.set()
    made = await asyncio.gather(old, waiting, new)
    assert len({id(each) for each in made}) == 3
    await cache.one_at_a_time(key("/a"), fetch_and_keep, share)
    assert cache.get(key("/a")) is not None


# Keys.

SIGNIFICANT = frozenset(("page", "s"))


def key_of(query: bytes) -> PageKey:
    return page_key(HOST, "/a", query, significant=SIGNIFICANT)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        (b"", b"/a"),
        (b"utm_source=x&gclid=y&FBCLID=z", b"/a"),
        (b"page=2", b"/a?page=2"),
        (b"page=2&utm_source=x", b"/a?page=2"),
        (b"s=b&page=2", b"/a?page=2&s=b"),
        (b"page=2&s=b", b"/a?page=2&s=b"),
        (b"p%61ge=2", b"/a?p%61ge=2"),
        (b"page=2&page=1", b"/a?page=2&page=1"),
        (b"page=1&s=x&page=2", b"/a?page=1&page=2&s=x"),
        (b"&&page=2&", b"/a?page=2"),
    ],
)
def test_keys_that_a_page_is_kept_under(query: bytes, target: bytes) -> None:
    assert key_of(query) == PageKey(HOST, "/a", target)


@pytest.mark.parametrize(
    "query", [b"x=1", b"page=2&x=1", b"page[]=2", b"Page=2", b"=", b"page;s=1", b"s=" + b"a" * 600]
)
def test_a_query_that_the_policy_doesnt_name_travels_whole_and_isnt_kept(query: bytes) -> None:
    assert key_of(query) == PageKey(HOST, "/a", b"/a?" + query, keepable=False)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        (b"utm_source=x&utm_medium=y", b"/a?utm_source=x"),
        (b"utm_medium=y&utm%5fsource=x&page=2", b"/a?page=2&utm%5fsource=x"),
        (b"UTM_SOURCE=x", b"/a"),
    ],
)
def test_a_tracking_parameter_that_a_rule_asks_for_makes_another_page(
    query: bytes, target: bytes
) -> None:
    asked = frozenset(("utm_source", "src"))
    made = page_key(HOST, "/a", query, significant=SIGNIFICANT, asked=asked)
    assert made == PageKey(HOST, "/a", target)
    assert not page_key(HOST, "/a", b"src=x", significant=SIGNIFICANT, asked=asked).keepable


@given(st.binary(max_size=60).map(lambda raw: raw.replace(b" ", b"")))
def test_a_key_never_raises_and_says_what_the_origin_is_asked(query: bytes) -> None:
    made = key_of(query)
    path, _, sent = made.target.partition(b"?")
    assert path == b"/a"
    assert set(sent.split(b"&")) <= set(query.split(b"&")) | {b""}
    if not made.keepable:
        assert sent == query
