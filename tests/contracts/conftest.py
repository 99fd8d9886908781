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


async def _new_database(server: str, name: str, *, like: str = "template1") -> None:
    store = Store(server)
    try:
        async with store.engine.connect() as connection:
            alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await alone.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'))
    finally:
        await store.close()


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _name(request: pytest.FixtureRequest) -> str:
    return f"t{abs(hash(request.node.nodeid)):x}"


@pytest.fixture(scope="session", name="migrated_database")
def _migrated_database(server: str) -> str:
    """As ``tests.migrated``: a database is copied in a tenth of the time that migrating takes."""
    asyncio.run(_new_database(server, "migrated"))
    migrate(_named(server, "migrated"))
    return "migrated"


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
    server: str = request.getfixturevalue("server")
    like: str = request.getfixturevalue("migrated_database")
    asyncio.run(_new_database(server, _name(request), like=like))
    return _named(server, _name(request))
