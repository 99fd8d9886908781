"""SQLite as it is always opened, and the one writer of a process.

WAL mode with synchronous=FULL: what was committed survives a power cut. A writing transaction takes
the write lock when it begins: one that reads first and writes later would be refused in the middle,
without waiting, whenever another wrote in between.

Within a process, what is to be written takes turns (``Writer``). Many connections that fight over the
file's lock look fair and are not: once more logins were under way than connections were kept, each
opened one of its own, so that all took longer, and more were under way; after a pause of half a second
a storm of 50 logins a second never came to rest again.

Between processes there is only the file's lock. SQLite's own waiting for it sleeps longer each time, up
to 100 ms, and whoever comes in between is served first: under a storm of webhooks some waited for over
a second. So a writer looks again every few milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

from gateway.errors import StoreUnavailable

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
Work = Callable[[Connection], Any]

TOGETHER_MAX = 64  # other processes wait for the file meanwhile


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


@dataclass(slots=True)
class _Piece:
    """What somebody asked to be written, and who waits for it."""

    work: Work
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def try_within(self, connection: Connection) -> None:
        """In a savepoint, so that it fails alone. Raises what ends the whole transaction."""
        try:
            with connection.begin_nested():
                self.result = self.work(connection)
        except Exception as error:
            self.error = error
            # On a full disk, for one, SQLite rolls back all of it by itself.
            if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]  # there is one
                raise

    def tell(self) -> None:
        if self.future.done():  # nobody waits any more
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """One connection in one thread, and first come, first served.

    What comes in while a transaction is under way is written in the next one, all of it together: a
    commit waits for the disk once, however many wait for the commit.
    """

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
        self._lock = threading.Lock()
        self._waiting: deque[_Piece] = deque()
        self._at_work = False

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """What ``work`` returned, once that is committed. ``work`` may find others' changes in its
        transaction, and none of those that failed. Raises what it raises, the driver's errors, and
        StoreUnavailable once closed."""
        loop = asyncio.get_running_loop()
        piece = _Piece(work, loop, loop.create_future())
        with self._lock:
            self._waiting.append(piece)
            begin, self._at_work = not self._at_work, True
        if begin:
            try:
                self._executor.submit(self._work_off)
            except RuntimeError as error:  # it was closed: a job that outlives its store
                self._at_work = False
                self._waiting.clear()
                raise StoreUnavailable("closed") from error
        result: Result = await piece.future
        return result

    def _work_off(self) -> None:
        while True:
            with self._lock:
                count = min(len(self._waiting), TOGETHER_MAX)
                pieces = [self._waiting.popleft() for _ in range(count)]
                self._at_work = bool(pieces)
            if not pieces:
                return
            self._write(pieces)
            for piece in pieces:
                with contextlib.suppress(RuntimeError):  # its loop is closed, and nobody waits
                    piece.loop.call_soon_threadsafe(piece.tell)

    def _write(self, pieces: Sequence[_Piece]) -> None:
        try:
            with self._engine.begin() as connection:
                if len(pieces) == 1:
                    pieces[0].result = pieces[0].work(connection)
                else:
                    for piece in pieces:
                        piece.try_within(connection)
        except Exception as error:
            for piece in pieces:
                piece.error = piece.error or error

    def close(self) -> None:
        """What waits is written first."""
        self._executor.shutdown()
        self._engine.dispose()
