"""Connections to the store, and every driver's error as StoreUnavailable.

SQLite runs in WAL mode with synchronous=FULL: what was committed survives a power cut. A writing
transaction takes the write lock when it begins: one that reads first and writes later would be
refused in the middle, without waiting, whenever another wrote in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import Faults, StoreUnavailable
from gateway.model.fault import Fault, Place

SQLITE_BUSY_SECONDS = 5
CONNECT_SECONDS = 3
ANSWER_SECONDS = 5
_SQLITE_PRAGMAS = (
    f"PRAGMA busy_timeout={SQLITE_BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # Freed bytes are overwritten, and not just unlinked: what is erased is gone from the file.
    "PRAGMA secure_delete=ON",
)
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_WRITING = "lychgate_writing"
NEWS_TOLD = "lychgate_news_told"
Result = TypeVar("Result")


def driver_url(url: str) -> str:
    """A store's URL as configured, with the asynchronous driver named.

    libpq's ``sslmode`` is what publishers know; asyncpg calls the same words ``ssl``.
    """
    parsed = make_url(url)
    named = parsed.set(drivername=_DRIVERS[parsed.get_backend_name()])
    sslmode = named.query.get("sslmode")
    if isinstance(sslmode, str):
        named = named.difference_update_query(["sslmode"]).update_query_dict({"ssl": sslmode})
    return named.render_as_string(hide_password=False)


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def open_engine(url: str, *, answer_seconds: float | None) -> AsyncEngine:
    """``answer_seconds`` bounds each statement on PostgreSQL; None is for migrations alone.

    Raises Faults where the driver isn't installed.
    """
    if not is_sqlite(url):
        if find_spec("asyncpg") is None:
            told = "needs the extra `postgres`: pip install 'lychgate[postgres]'"
            raise Faults((Fault(Place("[store] url"), told),))
        return create_async_engine(
            driver_url(url),
            connect_args={"timeout": CONNECT_SECONDS, "command_timeout": answer_seconds},
            pool_size=5,
            max_overflow=10,
            pool_timeout=CONNECT_SECONDS,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    engine = create_async_engine(
        driver_url(url),
        connect_args={"timeout": SQLITE_BUSY_SECONDS},
        pool_size=5,
        pool_timeout=CONNECT_SECONDS,
        hide_parameters=True,
    )
    _set_up(engine.sync_engine)
    return engine


def _set_up(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)


def _prepare(connection: Any, record: Any) -> None:
    # The driver begins no transaction by itself: `_begin` says which kind is wanted.
    connection.isolation_level = None
    try:
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()
    except Exception:
        connection.close()  # or its thread would stay, one more at each attempt
        raise


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _nobody_to_wake() -> None:
    return


def _foreign(error: Exception) -> bool:
    """asyncpg's own errors come through bare while a connection is being made."""
    return isinstance(error, SQLAlchemyError | OSError) or type(error).__module__.startswith(
        ("asyncpg.", "sqlite3")
    )


class Store:
    """One engine, and the two ways to use it. ``after_news`` is called when a transaction that told
    news is committed: whoever polls may be woken."""

    def __init__(self, url: str, *, answer_seconds: float | None = ANSWER_SECONDS) -> None:
        self.url = url
        self.after_news: Callable[[], None] = _nobody_to_wake
        self.engine = open_engine(url, answer_seconds=answer_seconds)
        self._writing = self.engine.execution_options(**{_WRITING: True})
        self._thread: _SqliteThread | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Raises StoreUnavailable for whatever the driver raises."""
        try:
            async with self.engine.connect() as connection:
                yield connection
        except Exception as error:
            if _foreign(error):
                raise StoreUnavailable(type(error).__name__) from error
            raise

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the block's end. Raises StoreUnavailable."""
        try:
            async with self._writing.begin() as connection:
                connection.info[NEWS_TOLD] = False
                yield connection
                told = connection.info[NEWS_TOLD]
            if told:
                self.after_news()
        except Exception as error:
            if _foreign(error):
                raise StoreUnavailable(type(error).__name__) from error
            raise

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """One transaction of a function that waits for nothing else and tells no news. On SQLite it runs
        in a thread as a whole; ``writing`` goes there and back several times a statement, which is
        most of the cost of a short one. Raises StoreUnavailable."""
        if not is_sqlite(self.url):
            async with self.writing() as connection:
                return await connection.run_sync(work)
        if self._thread is None:
            self._thread = _SqliteThread(self.url)
        try:
            return await self._thread.run(work)
        except Exception as error:
            if _foreign(error):
                raise StoreUnavailable(type(error).__name__) from error
            raise

    async def close(self) -> None:
        if self._thread is not None:
            self._thread.close()
        await self.engine.dispose()


class _SqliteThread:
    """One connection in one thread: SQLite has one writer at a time anyway."""

    def __init__(self, url: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="lychgate-store")
        engine = create_engine(
            make_url(url).set(drivername="sqlite+pysqlite"),
            connect_args={"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
            pool_size=1,
            max_overflow=0,
            hide_parameters=True,
        )
        _set_up(engine)
        self._engine = engine.execution_options(**{_WRITING: True})

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        def whole() -> Result:
            with self._engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._executor, whole)

    def close(self) -> None:
        self._executor.shutdown()
        self._engine.dispose()
