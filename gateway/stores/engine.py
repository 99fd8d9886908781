"""Connections to the store, and every driver's error as StoreUnavailable.

SQLite runs in WAL mode with synchronous=FULL: what was committed survives a power cut.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import StoreUnavailable

SQLITE_BUSY_SECONDS = 5
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={SQLITE_BUSY_SECONDS * 1000}",
)


def driver_url(url: str) -> str:
    """A store's URL as configured, with the asynchronous driver named."""
    scheme, _, rest = url.partition("://")
    name = scheme.split("+")[0]
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    return f"{drivers[name]}://{rest}"


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def open_engine(url: str) -> AsyncEngine:
    if not is_sqlite(url):
        return create_async_engine(
            driver_url(url), pool_size=5, max_overflow=10, pool_timeout=3, pool_pre_ping=True
        )
    engine = create_async_engine(
        driver_url(url), connect_args={"timeout": SQLITE_BUSY_SECONDS}, pool_size=5, pool_timeout=3
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    return engine


class Store:
    """One engine, and the two ways to use it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Raises StoreUnavailable for whatever the driver raises."""
        try:
            async with self.engine.connect() as connection:
                yield connection
        except (DBAPIError, SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(type(error).__name__) from error

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the block's end. Raises StoreUnavailable."""
        try:
            async with self.engine.begin() as connection:
                yield connection
        except (DBAPIError, SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        await self.engine.dispose()
