"""Stores that are away, locked, full, read-only or not what they should be: StoreUnavailable, in time."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text

from gateway.errors import StoreUnavailable
from gateway.stores import sqlite
from gateway.stores.engine import CONNECT_SECONDS, Store, driver_url
from gateway.stores.migrating import migrate, schema_state
from gateway.stores.news import Kind, News
from gateway.stores.sessions import Sessions


async def _read(store: Store) -> None:
    await Sessions(store).session("s1", now=1.0)


async def _write(store: Store) -> None:
    await News(store).tell(Kind.PURGE, "all", now=1.0)


def fails(url: str, work: Callable[[Store], Awaitable[None]]) -> float:
    """Seconds until StoreUnavailable."""

    async def main() -> None:
        store = Store(url)
        try:
            with pytest.raises(StoreUnavailable):
                await work(store)
        finally:
            await store.close()

    began = time.monotonic()
    asyncio.run(main())
    return time.monotonic() - began


@pytest.mark.parametrize("work", [_read, _write])
def test_a_database_without_a_schema(
    empty_url: str, work: Callable[[Store], Awaitable[None]]
) -> None:
    fails(empty_url, work)


def test_postgresql_that_refuses(server: str) -> None:
    right = make_url(server)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    for wrong in (
        right.set(password="wrong"),
        right.set(username="nobody"),
        right.set(database="missing"),
        right.set(port=port),
        right.set(host="database.invalid"),
    ):
        url = wrong.render_as_string(hide_password=False)
        assert fails(url, _read) < CONNECT_SECONDS + 2
        with pytest.raises(StoreUnavailable) as raised:
            schema_state(url)
        assert "wrong" not in str(raised.value)


def test_postgresql_that_never_answers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://a:b@127.0.0.1:{silent.getsockname()[1]}/c"
        assert fails(url, _read) < CONNECT_SECONDS + 2


def test_postgresql_that_ends_its_connections(server: str) -> None:
    """A restart between two requests costs nobody an error: a dead connection is replaced."""

    async def main() -> None:
        store = Store(server)
        async with store.reading() as connection:
            await connection.execute(text("SELECT 1"))
        other = Store(server)
        await other.write(
            lambda connection: connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = 'lychgate' AND pid <> pg_backend_pid()"
                )
            )
        )
        async with store.reading() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar() == 1
        with pytest.raises(StoreUnavailable):
            async with store.reading() as connection:
                await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        await store.close()
        await other.close()

    asyncio.run(main())


def test_a_locked_sqlite_file_still_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.3)
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert 0.2 < fails(url, _write) < 2

        async def read() -> None:
            store = Store(url)
            await _read(store)
            await store.close()

        asyncio.run(read())
    finally:
        holder.close()


def test_a_writer_is_not_kept_from_a_busy_file(tmp_path: Path) -> None:
    """Where another takes the file again and again, SQLite's own waiting may last for seconds."""
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    over = threading.Event()

    def busy() -> None:
        holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None, timeout=5)
        while not over.is_set():
            holder.execute("BEGIN IMMEDIATE")
            time.sleep(0.02)
            holder.execute("ROLLBACK")
            time.sleep(0.003)
        holder.close()

    async def waits() -> list[float]:
        store = Store(url)
        took = []
        for _ in range(25):
            began = time.monotonic()
            await _write(store)
            took.append(time.monotonic() - began)
        await store.close()
        return took

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        assert max(asyncio.run(waits())) < 0.4
    finally:
        over.set()
        thread.join()


def test_a_full_disk_refuses_writing_and_still_reads(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)

    async def main() -> None:
        store = Store(url)

        async def fill() -> None:
            def change(connection: Connection) -> None:
                # SQLite answers SQLITE_FULL as it does when the disk has no page left.
                connection.execute(text("PRAGMA max_page_count = 1"))
                for _ in range(100):
                    connection.execute(
                        text("INSERT INTO news (at, kind, key) VALUES (1, 'purge', :key)"),
                        {"key": "x" * 2000},
                    )

            await store.write(change)

        with pytest.raises(StoreUnavailable):
            await fill()
        assert await News(store).since(0) == []
        await _read(store)
        await store.close()

    asyncio.run(main())


def test_a_read_only_file_still_reads(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/store.db")
    url = f"sqlite:///file:{tmp_path}/store.db?mode=ro&uri=true"
    fails(url, _write)

    async def read() -> None:
        store = Store(url)
        await _read(store)
        await store.close()

    asyncio.run(read())


def test_a_file_that_is_no_database_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database, and long enough to be looked at" * 100)
    fails(f"sqlite:///{tmp_path}/store.db", _read)
    with pytest.raises(StoreUnavailable):
        schema_state(f"sqlite:///{tmp_path}/store.db")
    with pytest.raises(StoreUnavailable):
        migrate(f"sqlite:///{tmp_path}/missing/store.db")


def test_sqlite_is_as_durable_as_promised(tmp_path: Path) -> None:
    async def main() -> None:
        store = Store(f"sqlite:///{tmp_path}/store.db")
        async with store.reading() as connection:
            for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
                found = await connection.execute(text(f"PRAGMA {pragma}"))
                assert found.scalar() == value
        await store.close()

    asyncio.run(main())


def test_urls_are_understood_as_publishers_write_them() -> None:
    assert driver_url("sqlite:///a b.db") == "sqlite+aiosqlite:///a b.db"
    assert driver_url("sqlite:////var/lib/store.db") == "sqlite+aiosqlite:////var/lib/store.db"
    assert (
        driver_url("postgresql://u:p%40ss@db/news?sslmode=require")
        == "postgresql+asyncpg://u:p%40ss@db/news?ssl=require"
    )
