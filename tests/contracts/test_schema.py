"""The schema on both databases: made, found, refused when old, append-only where it says so."""

from __future__ import annotations

import asyncio
import threading
from operator import methodcaller

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Executable, delete, insert, text, update

from gateway.errors import Faults, StoreUnavailable
from gateway.stores import schema
from gateway.stores.engine import Store, is_sqlite
from gateway.stores.first import make_if_absent
from gateway.stores.migrating import State, migrate, schema_state


async def _execute(url: str, statement: str) -> None:
    store = Store(url)
    try:
        await store.write(lambda connection: connection.execute(text(statement)))
    finally:
        await store.close()


def test_a_store_is_absent_then_current_and_migrating_twice_is_safe(empty_url: str) -> None:
    assert schema_state(empty_url) is State.ABSENT
    migrate(empty_url)
    assert schema_state(empty_url) is State.CURRENT
    migrate(empty_url)
    assert schema_state(empty_url) is State.CURRENT


def test_two_nodes_that_migrate_at_once_both_succeed(empty_url: str) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            migrate(empty_url)
        except BaseException as error:
            failed.append(error)

    nodes = [threading.Thread(target=run) for _ in range(3)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join()
    assert failed == []
    assert schema_state(empty_url) is State.CURRENT


def test_serve_makes_an_absent_sqlite_store_and_names_the_command_for_others(
    empty_url: str,
) -> None:
    if is_sqlite(empty_url):
        make_if_absent(empty_url)
        assert schema_state(empty_url) is State.CURRENT
    else:
        with pytest.raises(Faults, match="lychgate migrate"):
            make_if_absent(empty_url)
        assert schema_state(empty_url) is State.ABSENT


def test_a_later_schema_is_refused(url: str) -> None:
    asyncio.run(_execute(url, "UPDATE alembic_version SET version_num = '9999'"))
    assert schema_state(url) is State.NEWER
    with pytest.raises(Faults, match="later version"):
        make_if_absent(url)


def test_the_migrations_come_to_the_tables_that_the_code_uses(url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, schema.metadata))

    async def compare() -> list[object]:
        store = Store(url)
        try:
            async with store.reading() as connection:
                return await connection.run_sync(differences)
        finally:
            await store.close()

    assert asyncio.run(compare()) == []


def test_the_audit_log_can_only_grow(url: str) -> None:
    async def tamper() -> None:
        store = Store(url)
        line = {"at": 1.0, "who": "ops", "act": "open", "what": "all", "why": "storm"}
        await store.write(
            lambda connection: connection.execute(insert(schema.audit).values(number=1, **line))
        )
        changes: list[Executable] = [
            update(schema.audit).values(who="nobody"),
            delete(schema.audit),
            text("INSERT OR REPLACE INTO audit SELECT number, at, 'x', act, what, why FROM audit")
            if is_sqlite(url)
            else text("TRUNCATE audit"),
        ]
        for change in changes:
            with pytest.raises(StoreUnavailable):
                await store.write(methodcaller("execute", change))
        async with store.reading() as connection:
            rows = (await connection.execute(schema.audit.select())).mappings().all()
        await store.close()
        assert [row["who"] for row in rows] == ["ops"]

    asyncio.run(tamper())
