"""Connections to the store, and every driver's error as StoreUnavailable.

On SQLite (``stores.sqlite``) reading and writing have connections of their own, since they wait for
the file in different ways.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec
from typing import TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import Faults, StoreUnavailable
from gateway.model.fault import Fault, Place
from gateway.stores import sqlite

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


def open_engine(url: str, *, answer_seconds: float | None, writing: bool = False) -> AsyncEngine:
    """``writing``: for transactions that write. ``answer_seconds`` bounds each statement on PostgreSQL; None is for migrations alone.

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
        driver_url(url), pool_size=5, pool_timeout=CONNECT_SECONDS, hide_parameters=True
    )
    sqlite.set_up(engine.sync_engine, writing=writing)
    return engine


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
        self._writing = self.engine
        if is_sqlite(url):
            self._writing = open_engine(url, answer_seconds=answer_seconds, writing=True)
        self._thread: sqlite.Thread | None = None

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
        """One transaction of a function that waits for nothing else. On SQLite it runs in a thread as a
        whole; ``writing`` goes there and back several times a statement, which is most of the cost
        of a short one, and keeps others from writing meanwhile. Raises StoreUnavailable."""
        if not is_sqlite(self.url):
            async with self.writing() as connection:
                return await connection.run_sync(work)
        if self._thread is None:
            self._thread = sqlite.Thread(self.url)
        try:
            done, told = await self._thread.run(partial(_noting_news, work))
        except Exception as error:
            if _foreign(error):
                raise StoreUnavailable(type(error).__name__) from error
            raise
        if told:
            self.after_news()
        return done

    async def close(self) -> None:
        if self._thread is not None:
            self._thread.close()
        await self.engine.dispose()
        if self._writing is not self.engine:
            await self._writing.dispose()


def _noting_news(
    work: Callable[[Connection], Result], connection: Connection
) -> tuple[Result, bool]:
    connection.info[NEWS_TOLD] = False
    return work(connection), connection.info[NEWS_TOLD]
