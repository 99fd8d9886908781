"""kill -9 while webhooks are appended, and stores that fail under it: nothing acknowledged unsaved."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.clock import SystemClock
from gateway.errors import StoreUnavailable
from gateway.money.ledger import Appender
from gateway.money.proof import verify
from gateway.stores import sqlite as sqlite_store
from gateway.stores.engine import Store
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.migrating import migrate
from tests.contracts.appending import draft
from tests.contracts.stores import postgresql

ROOT = Path(__file__).resolve().parents[2]
KILLS = 6


def killed_after(
    url: str, first: int, lines: int, *, kill: Callable[[], None] | None = None
) -> list[int]:
    """What a process had acknowledged when it (or what ``kill`` kills) died, some lines in."""
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.contracts.appending", url, str(first)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert running.stdout is not None
    said: list[bytes] = []
    watchdog = threading.Timer(60, running.kill)
    watchdog.start()
    for line in running.stdout:
        said.append(line)
        if len(said) == lines:
            (kill or running.kill)()
    watchdog.cancel()
    running.stdout.close()
    running.wait()
    assert len(said) >= lines, "it ended by itself"
    # The last line may be cut; then its sender was told nothing.
    return [int(line) for line in said if line.endswith(b"\n")]


def test_killed_at_any_moment_nothing_is_lost_doubled_or_acknowledged_unsaved(url: str) -> None:
    chance = random.Random(7)
    acknowledged: set[int] = set()
    for _ in range(KILLS):
        first = max(acknowledged, default=0)
        acknowledged.update(killed_after(url, first, chance.randrange(1, 200)))

    look(url, acknowledged)


def test_a_postgresql_that_is_killed_loses_nothing_either() -> None:
    chance = random.Random(8)
    acknowledged: set[int] = set()
    with postgresql() as server:
        migrate(server.url)
        for _ in range(3):

            def kill() -> None:
                assert server.running is not None
                server.running.send_signal(signal.SIGQUIT)  # it drops everything and is gone

            first = max(acknowledged, default=0)
            lines = chance.randrange(1, 200)
            acknowledged.update(killed_after(server.url, first, lines, kill=kill))
            assert server.running is not None
            server.running.wait(20)
            server.start()
        look(server.url, acknowledged)


def look(url: str, acknowledged: set[int]) -> None:
    async def main() -> None:
        store = Store(url)
        ledger = Ledger(store)
        assert (await verify(ledger)).faults == ()
        entries = await ledger.read(after=0, limit=1_000_000)
        ids = [entry.event_id for entry in entries]
        assert len(ids) == len(set(ids))
        assert {f"evt_{number}" for number in acknowledged} <= set(ids)
        # What is in the ledger is in the work list too, whole.
        assert len(await LedgerWork(store).marks([entry.number for entry in entries])) == len(ids)
        # And the next delivery goes on where the killed one was.
        again = await ledger.append([draft(number) for number in sorted(acknowledged)], now=1.0)
        assert not any(each.new for each in again)
        await store.close()

    asyncio.run(main())


def refused(url: str, *, count: int = 3) -> None:
    """Every caller of a batch hears of it, and the appender works again afterwards."""

    async def main() -> None:
        store = Store(url)
        appender = Appender(ledger=Ledger(store), clock=SystemClock())
        results = await asyncio.gather(
            *(appender.append(draft(number)) for number in range(count)), return_exceptions=True
        )
        assert all(isinstance(each, StoreUnavailable) for each in results)
        await appender.close()
        await store.close()

    asyncio.run(main())


def test_a_store_without_a_ledger_acknowledges_nothing(empty_url: str) -> None:
    refused(empty_url)


def test_a_locked_file_acknowledges_nothing_and_then_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 0.2)
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)

    async def main() -> None:
        store = Store(url)
        appender = Appender(ledger=Ledger(store), clock=SystemClock())
        holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            await appender.append(draft(1))
        holder.execute("ROLLBACK")
        holder.close()
        assert (await appender.append(draft(1))).number == 1
        await store.close()

    asyncio.run(main())


def test_a_full_disk_acknowledges_nothing_and_then_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)

    async def main() -> None:
        store = Store(url)
        ledger = Ledger(store)
        await ledger.append([draft(0)], now=1.0)
        # SQLite answers SQLITE_FULL as it does when the disk has no page left.
        await store.write(lambda connection: connection.execute(text("PRAGMA max_page_count=1")))
        with pytest.raises(StoreUnavailable):
            await ledger.append([draft(number) for number in range(1, 100)], now=1.0)
        assert (await ledger.head()).number == 1
        await store.write(
            lambda connection: connection.execute(text("PRAGMA max_page_count=99999"))
        )
        assert (await ledger.append([draft(1)], now=1.0))[0].number == 2
        assert (await verify(ledger)).faults == ()
        await store.close()

    asyncio.run(main())


def test_a_caller_who_leaves_takes_nobody_along(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)

    async def main() -> None:
        store = Store(url)
        appender = Appender(ledger=Ledger(store), clock=SystemClock())
        tasks = [asyncio.create_task(appender.append(draft(number))) for number in range(10)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        tasks[7].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [number for number, each in enumerate(done) if isinstance(each, BaseException)] == [
            3,
            7,
        ]
        await appender.close()
        assert (await Ledger(store).head()).number == 10
        await store.close()

    asyncio.run(main())
