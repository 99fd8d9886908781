"""Connections to the store, and every driver's error as StoreUnavailable.

What reads has a few connections. What writes is a function that is run with one as a whole and waits
for nothing else meanwhile; on SQLite all of them take turns (``stores.sqlite``).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, event, make_url
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import Faults, StoreUnavailable
from gateway.model.fault import Fault, Place
from gateway.stores import sqlite
from gateway.stores.changes import Changes

CONNECT_SECONDS = 3
ANSWER_SECONDS = 5
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
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
    # No more than are kept: one beyond would be opened and closed again each time, thread and all.
    engine = create_async_engine(
        driver_url(url),
        pool_size=5,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        hide_parameters=True,
    )
    sqlite.set_up(engine.sync_engine, writing=False)
    return engine


def give_way() -> None:
    """From now on every statement of this process lets others run first: for a process that no article
    waits for (``ops.priority``)."""
    event.listen(Engine, "before_cursor_execute", _let_others_run)


def _let_others_run(*_: Any) -> None:
    os.sched_yield()


def _nobody_to_wake() -> None:
    return


def _foreign(error: Exception) -> bool:
    """asyncpg's own errors come through bare while a connection is being made."""
    return isinstance(error, SQLAlchemyError | OSError) or type(error).__module__.startswith(
        ("asyncpg.", "sqlite3")
    )


def _told(url: str, error: Exception) -> str:
    """Which store, and why, without its password; nor in the words of a driver that may quote a row."""
    cause = getattr(error, "orig", None) or error
    why = type(cause).__name__
    if isinstance(cause, OSError):
        why = cause.strerror or why
    elif is_sqlite(url) and type(error) in (OperationalError, DatabaseError):
        why = str(cause)
    place = make_url(url).set(query={}).render_as_string(hide_password=True)
    return f"{place}: {why}"


class Store:
    """One engine, and the two ways to use it. ``changes`` tells whether to look at all. ``after_news`` is
    called when a transaction that told news is committed: whoever polls may be woken."""

    def __init__(self, url: str, *, answer_seconds: float | None = ANSWER_SECONDS) -> None:
        self.url = url
        self.after_news: Callable[[], None] = _nobody_to_wake
        self.engine = open_engine(url, answer_seconds=answer_seconds)
        self.changes = Changes(url)
        self._writer: sqlite.Writer | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Raises StoreUnavailable for whatever the driver raises."""
        try:
            async with self.engine.connect() as connection:
                yield connection
        except Exception as error:
            if _foreign(error):
                raise StoreUnavailable(_told(self.url, error)) from error
            raise

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """What ``work`` found, in one transaction. Raises StoreUnavailable."""
        async with self.reading() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """What ``work`` returned, once its transaction is committed. Raises what it raises, and then nothing
        of it is written; StoreUnavailable for whatever the driver raises."""
        try:
            done, told = await self._written(partial(_noting_news, work))
        except Exception as error:
            if _foreign(error):
                raise StoreUnavailable(_told(self.url, error)) from error
            raise
        if told:
            self.after_news()
        return done

    async def execute(self, statement: Executable) -> int:
        """``write`` of one statement; how many rows it touched. Raises StoreUnavailable."""

        def work(connection: Connection) -> int:
            return connection.execute(statement).rowcount

        return await self.write(work)

    async def _written(self, work: Callable[[Connection], Result]) -> Result:
        if not is_sqlite(self.url):
            async with self.engine.begin() as connection:
                return await connection.run_sync(work)
        if self._writer is None:
            self._writer = sqlite.Writer(self.url)
        return await self._writer.run(work)

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self.changes.close()
        await self.engine.dispose()


def _noting_news(
    work: Callable[[Connection], Result], connection: Connection
) -> tuple[Result, bool]:
    connection.info[NEWS_TOLD] = False
    return work(connection), connection.info[NEWS_TOLD]
