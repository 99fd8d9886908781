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


@pytest.fixture(params=["sqlite", "postgresql"], name="empty_url")
def _empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    server: str = request.getfixturevalue("server")
    name = f"t{abs(hash(request.node.nodeid)):x}"
    asyncio.run(_new_database(server, name))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(name="url")
def _url(empty_url: str) -> str:
    """A store with this version's schema."""
    migrate(empty_url)
    return empty_url
