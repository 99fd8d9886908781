"""Each test of a port runs once a store; the databases are made once and emptied between tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from gateway.stores.engine import Store
from gateway.stores.migrating import migrate
from tests.contracts.stores import postgresql
from tests.migrated import new_store


@pytest.fixture(scope="session", name="server")
def _server() -> Iterator[str]:
    with postgresql() as server:
        yield server.url


async def _new_database(server: str, name: str) -> None:
    store = Store(server)
    try:
        async with store.engine.connect() as connection:
            alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await alone.execute(text(f'CREATE DATABASE "{name}"'))
    finally:
        await store.close()


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _name(request: pytest.FixtureRequest) -> str:
    return f"t{abs(hash(request.node.nodeid)):x}"


@pytest.fixture(scope="session", name="migrated_database")
def _migrated_database(server: str) -> str:
    """One for all, emptied between tests: a database of its own for each is three hundred files."""
    asyncio.run(_new_database(server, "migrated"))
    migrate(_named(server, "migrated"))
    return _named(server, "migrated")


async def _empty(url: str) -> None:
    """All rows but that of the schema's version. Whoever is still connected isn't any more; triggers
    that keep tables from being emptied rest meanwhile, as they do for a replica."""
    store = Store(url)
    try:
        async with store.engine.begin() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            found = await connection.execute(
                text(
                    "SELECT tablename FROM pg_tables"
                    " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
                )
            )
            tables = ", ".join(f'"{name}"' for name in found.scalars())
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    finally:
        await store.close()


@pytest.fixture(params=["sqlite", "postgresql"], name="empty_url")
def _empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    server: str = request.getfixturevalue("server")
    asyncio.run(_new_database(server, _name(request)))
    return _named(server, _name(request))


@pytest.fixture(params=["sqlite", "postgresql"], name="url")
def _url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store with this version's schema."""
    if request.param == "sqlite":
        return new_store(tmp_path / "store.db")
    url: str = request.getfixturevalue("migrated_database")
    asyncio.run(_empty(url))
    return url
