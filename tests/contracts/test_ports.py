"""The ports on both databases: sessions, readers, openings, news, leases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Connection, insert, select

from gateway.errors import StoreUnavailable
from gateway.model.entitlement import Entitlement
from gateway.model.opening import Opening
from gateway.model.reader import Reader
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.leases import Leases
from gateway.stores.news import BATCH_MAX, Kind, News, tell
from gateway.stores.openings import Openings
from gateway.stores.readers import readers_with
from gateway.stores.sessions import SEEN_SECONDS, Readers, Sessions

NOON = 1_800_000_000.0
DAY = 86400.0
ANA = Reader(id="ana", email="ana@news.example", name="Ana")
GOLD = Entitlement("gold", NOON - DAY, NOON + DAY, mendable=True, entries=(3, 7))


def using(url: str, work: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = Store(url)
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())


def test_a_session_stands_for_its_reader_and_what_they_hold(url: str) -> None:
    async def work(store: Store) -> None:
        await Readers(store).add(ANA, now=NOON)
        await Readers(store).entitle("ana", [GOLD, Entitlement("old", 0.0, 1.0)], now=NOON)
        await Sessions(store).begin("s1", "ana", now=NOON, provider="google")
        session = await Sessions(store).session("s1", now=NOON + 1)
        assert session is not None
        assert session.reader.email == "ana@news.example"
        assert set(session.reader.entitlements) == {GOLD, Entitlement("old", 0.0, 1.0)}
        assert session.reader.tiers(NOON) == {"gold"}
        await Readers(store).entitle("ana", [], now=NOON)
        again = await Sessions(store).session("s1", now=NOON + 1)
        assert again is not None
        assert again.reader.entitlements == ()
        assert await Sessions(store).session("another", now=NOON) is None

    using(url, work)


def test_many_sessions_are_what_each_is_alone(url: str) -> None:
    async def work(store: Store) -> None:
        sessions, readers = Sessions(store), Readers(store)
        ids = []
        for number in range(12):
            reader_id = f"r{number % 5}"
            if number < 5:
                await readers.add(Reader(id=reader_id, name=f"n{number}"), now=NOON)
                await readers.entitle(reader_id, [GOLD][: number % 2], now=NOON)
            ids.append(f"s{number}")
            await sessions.begin(ids[-1], reader_id, now=NOON, absolute_seconds=60 + number)
        await sessions.end("s3", now=NOON)
        ids.append("never")
        found = await sessions.sessions(ids, now=NOON + 61)
        alone = {each: await sessions.session(each, now=NOON + 61) for each in ids}
        assert found == {each: session for each, session in alone.items() if session is not None}
        assert set(ids) - set(found) == {"s0", "s1", "s3", "never"}
        assert found["s6"].reader.entitlements == (GOLD,)
        assert await sessions.sessions((), now=NOON) == {}

    using(url, work)


def test_a_session_ends_by_age_by_idleness_and_by_hand(url: str) -> None:
    async def work(store: Store) -> None:
        sessions = Sessions(store)
        await Readers(store).add(ANA, now=NOON)
        for one in ("s1", "s2"):
            await sessions.begin(
                one, "ana", now=NOON, absolute_seconds=3 * DAY, idle_seconds=2 * DAY
            )
        assert await sessions.session("s1", now=NOON + 2 * DAY) is None
        await sessions.seen({"s1": NOON + DAY})
        kept = await sessions.session("s1", now=NOON + 2 * DAY)
        assert kept is not None
        assert kept.expires_at == NOON + 3 * DAY
        seen = await sessions.session("s2", now=NOON + DAY / 2)
        assert seen is not None
        assert (seen.expires_at, seen.seen_expires_at) == (NOON + 2 * DAY, NOON + 2.5 * DAY)
        assert await sessions.session("s1", now=NOON + 3 * DAY) is None
        assert await sessions.session("s2", now=NOON) is not None
        await sessions.end("s2", now=NOON)
        assert await sessions.session("s2", now=NOON) is None
        news = await News(store).since(0)
        assert (news[-1].kind, news[-1].key) == (Kind.SESSION, "s2")

    using(url, work)


def test_seen_is_written_once_in_five_minutes_and_never_goes_back(url: str) -> None:
    async def last_seen(store: Store) -> float:
        async with store.reading() as connection:
            found = await connection.execute(select(schema.session.c.last_seen_at))
            value: float = found.scalar_one()
            return value

    async def work(store: Store) -> None:
        sessions = Sessions(store)
        await Readers(store).add(ANA, now=NOON)
        await sessions.begin("s1", "ana", now=NOON)
        for second, seen in (
            (SEEN_SECONDS - 1, 0.0),
            (SEEN_SECONDS, SEEN_SECONDS),
            (SEEN_SECONDS + 150, SEEN_SECONDS),  # another worker's telling
            (10.0, SEEN_SECONDS),
        ):
            await sessions.seen({"s1": NOON + second, "gone": NOON})
            assert await last_seen(store) == NOON + seen

    using(url, work)


def test_what_is_over_is_swept_and_what_lives_stays(url: str) -> None:
    async def work(store: Store) -> None:
        sessions = Sessions(store)
        await Readers(store).add(ANA, now=NOON)
        await sessions.begin("ended", "ana", now=NOON)
        await sessions.end("ended", now=NOON)
        await sessions.begin("aged", "ana", now=NOON, absolute_seconds=60)
        await sessions.begin("idle", "ana", now=NOON, idle_seconds=60)
        await sessions.begin("alive", "ana", now=NOON)
        assert await sessions.sweep(before=NOON + 30) == 1
        assert await sessions.sweep(before=NOON + DAY) == 2
        assert await sessions.session("alive", now=NOON + DAY) is not None
        assert await News(store).sweep(before=NOON + DAY) == 1
        number = await News(store).last()
        await News(store).tell(Kind.PURGE, "all", now=NOON)
        assert await News(store).last() > number, "numbers are never given twice"

    using(url, work)


def test_readers_are_found_by_address_which_several_may_bear(url: str) -> None:
    async def work(store: Store) -> None:
        await Readers(store).add(ANA, now=NOON)
        await Readers(store).add(Reader(id="two", email="ANA@news.example"), now=NOON + 1)
        await Readers(store).entitle("ana", [GOLD], now=NOON)
        found = await readers_with(store, "Ana@News.example")
        assert [reader.id for reader in found] == ["two", "ana"]
        assert found[1].entitlements == (GOLD,)

    using(url, work)


def test_openings_are_audited_told_and_end(url: str) -> None:
    async def work(store: Store) -> None:
        opening = Opening("/storm", NOON + 60, "a storm warning", "ops")
        await Openings(store).open(opening, now=NOON)
        await Openings(store).open(Opening("", NOON + 10, "strike", "ops"), now=NOON)
        assert set(await Openings(store).live(now=NOON + 30)) == {opening}
        assert await Openings(store).live(now=NOON + 60) == ()
        assert [each.kind for each in await News(store).since(0)] == [Kind.OPENING] * 2
        async with store.reading() as connection:
            rows = (await connection.execute(select(schema.audit))).mappings().all()
        assert [(row["who"], row["act"], row["what"], row["why"]) for row in rows] == [
            ("ops", "open", "/storm", "a storm warning"),
            ("ops", "open", "all", "strike"),
        ]

    using(url, work)


def test_news_comes_in_batches_and_in_order(url: str) -> None:
    async def work(store: Store) -> None:
        def change(connection: Connection) -> None:
            rows = [{"at": NOON, "kind": "purge", "key": str(n)} for n in range(BATCH_MAX + 5)]
            connection.execute(insert(schema.news), rows)

        await store.write(change)
        first = await News(store).since(0)
        rest = await News(store).since(first[-1].number)
        assert (len(first), len(rest)) == (BATCH_MAX, 5)
        assert [each.key for each in first + rest] == [str(n) for n in range(BATCH_MAX + 5)]
        assert await News(store).since(rest[-1].number) == []

    using(url, work)


def test_no_poll_steps_over_news_that_is_still_being_committed(url: str) -> None:
    """Two transactions tell at once: whoever commits later has the higher number."""

    async def work(store: Store) -> None:
        told = asyncio.Event()
        go = asyncio.Event()

        async def slow() -> None:
            async with store.engine.begin() as connection:
                await connection.run_sync(tell, Kind.SESSION, "slow", now=NOON)
                told.set()
                await go.wait()

        async def quick() -> None:
            await News(store).tell(Kind.SESSION, "quick", now=NOON)

        first = asyncio.create_task(slow())
        await told.wait()
        second = asyncio.create_task(quick())
        await asyncio.wait({second}, timeout=0.3)
        seen = await News(store).since(0)
        go.set()
        await asyncio.gather(first, second)
        last = seen[-1].number if seen else 0
        everything = seen + await News(store).since(last)
        assert sorted(each.key for each in everything) == ["quick", "slow"]

    using(url, work)


def test_whoever_polls_is_woken_when_news_is_committed_and_only_then(url: str) -> None:
    async def work(store: Store) -> None:
        woken = []
        store.after_news = lambda: woken.append(1)
        await Readers(store).add(ANA, now=NOON)
        assert woken == []

        def change(connection: Connection) -> None:
            tell(connection, Kind.READER, "ana", now=NOON)
            assert woken == []

        await store.write(change)
        assert woken == [1]
        await Sessions(store).begin("s1", "ana", now=NOON)
        assert woken == [1]

    using(url, work)


def test_a_lease_has_one_holder_until_it_runs_out(url: str) -> None:
    async def work(store: Store) -> None:
        leases = Leases(store)
        names = [f"n{number}" for number in range(5)]
        taken = await asyncio.gather(
            *(leases.take("sweep", name, now=NOON, seconds=100) for name in names)
        )
        assert sum(taken) == 1
        holder = names[taken.index(True)]
        assert await leases.take("sweep", holder, now=NOON + 1, seconds=100)
        assert not await leases.take("sweep", "other", now=NOON + 50, seconds=100)
        assert await leases.take("another", "other", now=NOON + 50, seconds=100)
        assert await leases.take("sweep", "other", now=NOON + 95, seconds=100)
        assert not await leases.take("sweep", holder, now=NOON + 96, seconds=100)

    using(url, work)


def test_nothing_of_a_failed_transaction_stays(url: str) -> None:
    async def work(store: Store) -> None:
        with pytest.raises(StoreUnavailable):
            await Sessions(store).begin("s1", "nobody", now=NOON)

        async def fail() -> None:
            def change(connection: Connection) -> None:
                tell(connection, Kind.PURGE, "all", now=NOON)
                raise ZeroDivisionError

            await store.write(change)

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert await News(store).since(0) == []

    using(url, work)


def test_a_read_before_a_write_never_loses_to_another_writer(url: str) -> None:
    """As a ledger's chain is written: look at the last, then add the next."""

    async def work(store: Store) -> None:
        async def add(number: int) -> None:
            def change(connection: Connection) -> None:
                connection.execute(select(schema.reader.c.id))
                connection.execute(insert(schema.reader).values(id=f"r{number}", created_at=NOON))

            await store.write(change)

        await asyncio.gather(*(add(number) for number in range(12)))
        async with store.reading() as connection:
            rows = (await connection.execute(select(schema.reader.c.id))).all()
        assert len(rows) == 12

    using(url, work)
