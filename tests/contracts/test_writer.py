"""The one writer of a process on SQLite: in turns, together, and each piece for itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from gateway.errors import StoreUnavailable
from gateway.stores.engine import Store
from gateway.stores.sqlite import TOGETHER_MAX, Writer

PIECES = 150


def at_a_table(tmp_path: Path, work: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        store = Store(f"sqlite:///{tmp_path}/store.db")
        try:
            await store.write(
                lambda connection: connection.execute(text("CREATE TABLE one (k TEXT PRIMARY KEY)"))
            )
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())


def put(key: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO one VALUES (:key)"), {"key": key})
        return key

    return work


async def held(store: Store) -> list[str]:
    def rows(connection: Connection) -> list[str]:
        return list(connection.execute(text("SELECT k FROM one ORDER BY rowid")).scalars())

    return await store.read(rows)


class Held:
    """A piece that holds the writer up, so that others wait behind it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, connection: Connection) -> None:
        self.begun.set()
        assert self.go.wait(10)


async def behind(store: Store, *pieces: Callable[[Connection], object]) -> list[object]:
    """What each came to, all of them having waited for one that was under way."""
    first = Held()
    holding = asyncio.create_task(store.write(first))
    await asyncio.to_thread(first.begun.wait, 10)
    waiting = [asyncio.create_task(store.write(each)) for each in pieces]
    await asyncio.sleep(0)
    first.go.set()
    await asyncio.gather(holding, return_exceptions=True)
    return list(await asyncio.gather(*waiting, return_exceptions=True))


def test_what_waits_is_written_together_and_in_its_order(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        commits: list[Connection] = []
        assert isinstance(store._writer, Writer)
        event.listen(store._writer._engine, "commit", commits.append)
        keys = [f"key {number}" for number in range(PIECES)]
        assert await behind(store, *map(put, keys)) == keys
        assert await held(store) == keys
        assert len(commits) == 1 + -(-PIECES // TOGETHER_MAX)

    at_a_table(tmp_path, work)


def test_a_piece_that_fails_takes_no_other_along(tmp_path: Path) -> None:
    def halfway(connection: Connection) -> None:
        put("never")(connection)
        raise ZeroDivisionError

    async def work(store: Store) -> None:
        came = await behind(store, put("a"), halfway, put("b"), put("a"), put("c"))
        assert came[::2] == ["a", "b", "c"]
        assert isinstance(came[1], ZeroDivisionError)
        assert isinstance(came[3], StoreUnavailable)  # the key is there already
        assert await held(store) == ["a", "b", "c"]

    at_a_table(tmp_path, work)


def test_a_transaction_that_sqlite_itself_ended_is_nobodys_success(tmp_path: Path) -> None:
    """As it ends one on a full disk, whatever savepoints there are."""

    def ended(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")
        raise ZeroDivisionError

    async def work(store: Store) -> None:
        came = await behind(store, put("a"), ended, put("b"))
        assert all(isinstance(each, Exception) for each in came)
        assert await held(store) == []
        assert await store.write(put("later")) == "later"

    at_a_table(tmp_path, work)


def test_a_commit_that_fails_fails_all_that_were_in_it(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        def refuse(connection: Connection) -> None:
            raise OSError("no disk")

        assert isinstance(store._writer, Writer)
        event.listen(store._writer._engine, "commit", refuse)
        came = await behind(store, put("a"), put("b"))
        assert all(isinstance(each, StoreUnavailable) for each in came)
        event.remove(store._writer._engine, "commit", refuse)
        assert await held(store) == []

    at_a_table(tmp_path, work)


def test_who_gives_up_waiting_holds_nobody_up(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        first = Held()
        holding = asyncio.create_task(store.write(first))
        await asyncio.to_thread(first.begun.wait, 10)
        gone = asyncio.create_task(store.write(put("gone")))
        other = asyncio.create_task(store.write(put("other")))
        await asyncio.sleep(0)
        gone.cancel()
        first.go.set()
        await holding
        assert await other == "other"

    at_a_table(tmp_path, work)


def test_nobody_waits_for_a_writer_that_is_closed(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await store.close()
        for key in ("a", "b"):
            with pytest.raises(StoreUnavailable):
                await asyncio.wait_for(store.write(put(key)), 5)

    at_a_table(tmp_path, work)


@pytest.mark.parametrize("at_once", [400])
def test_many_at_once_open_no_connections_of_their_own(tmp_path: Path, at_once: int) -> None:
    async def work(store: Store) -> None:
        opened = []
        assert isinstance(store._writer, Writer)
        for engine in (store._writer._engine, store.engine.sync_engine):
            event.listen(engine, "connect", lambda *_: opened.append(1))
        await asyncio.gather(*(store.write(put(f"key {number}")) for number in range(at_once)))
        await asyncio.gather(*(held(store) for _ in range(60)))
        assert len(await held(store)) == at_once
        assert len(opened) <= 5

    at_a_table(tmp_path, work)
