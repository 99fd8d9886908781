"""SQLite as it is always opened, how a writer waits for it, and a thread that writes.

WAL mode with synchronous=FULL: what was committed survives a power cut. A writing transaction takes
the write lock when it begins: one that reads first and writes later would be refused in the middle,
without waiting, whenever another wrote in between. SQLite's own waiting sleeps longer each time, up
to 100 ms, and whoever comes in between is served first: under a storm of webhooks some waited for
over a second. So writers look again every few milliseconds.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

BUSY_SECONDS = 5.0
_LOOK_AGAIN_MILLIS = 3  # SQLite looks after 1 ms and after 3, then says that it is busy
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # Freed bytes are overwritten, and not just unlinked: what is erased is gone from the file.
    "PRAGMA secure_delete=ON",
)
_CODE = 0xFF  # SQLite's errors have their kind in the first byte
Result = TypeVar("Result")


def set_up(engine: Engine, *, writing: bool) -> None:
    """All connections of an engine, for transactions that write or for those that only read."""

    def prepare(connection: Any, record: Any) -> None:
        # The driver begins no transaction by itself: which kind is wanted is said below.
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")
            for pragma in _PRAGMAS:
                cursor.execute(pragma)
            if writing:
                cursor.execute(f"PRAGMA busy_timeout={_LOOK_AGAIN_MILLIS}")
            cursor.close()
        except Exception:
            connection.close()  # or its thread would stay, one more at each attempt
            raise

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_to_write if writing else _begin_to_read)


def _begin_to_read(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_to_write(connection: Connection) -> None:
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            busy = getattr(error.orig, "sqlite_errorcode", 0) & _CODE == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
        else:
            return


class Thread:
    """One connection in one thread: SQLite has one writer at a time anyway."""

    def __init__(self, url: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="lychgate-store")
        self._engine = create_engine(
            make_url(url).set(drivername="sqlite+pysqlite"),
            connect_args={"check_same_thread": False},
            pool_size=1,
            max_overflow=0,
            hide_parameters=True,
        )
        set_up(self._engine, writing=True)

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """One transaction, committed when ``work`` returns."""

        def whole() -> Result:
            with self._engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._executor, whole)

    def close(self) -> None:
        self._executor.shutdown()
        self._engine.dispose()
