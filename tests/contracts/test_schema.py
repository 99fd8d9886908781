"""The schema on both databases: made, found, refused when old, append-only where it says so."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
import subprocess
import sys
import threading
from operator import methodcaller
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Executable, delete, insert, text, update

from gateway.errors import Faults, StoreUnavailable
from gateway.stores import schema
from gateway.stores.engine import Store, is_sqlite
from gateway.stores.first import make_if_absent
from gateway.stores.migrating import State, migrate, schema_state
from tests import newest_schema


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


def test_a_new_file_is_what_the_migrations_come_to(tmp_path: Path) -> None:
    """Where it isn't, `make schema` writes it anew."""
    made = tmp_path / "made.db"
    make_if_absent(f"sqlite:///{made}")
    assert newest_schema.dumped(made) == newest_schema.migrated()
    with contextlib.closing(sqlite3.connect(made)) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    before = made.read_bytes()
    make_if_absent(f"sqlite:///{made}")
    assert made.read_bytes() == before


def test_nodes_that_make_one_file_at_once_all_find_it_made(tmp_path: Path) -> None:
    """Processes: each begins when its input ends."""
    url = f"sqlite:///{tmp_path / 'made.db'}"
    program = f"import sys; from gateway.stores.first import make_if_absent; sys.stdin.read(); make_if_absent({url!r})"
    nodes = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) for _ in range(4)
    ]
    for node in nodes:
        assert node.stdin is not None
        node.stdin.close()
    assert [node.wait(30) for node in nodes] == [0] * len(nodes)
    assert schema_state(url) is State.CURRENT


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


def test_indexes_of_some_rows_are_so_on_both_databases(url: str) -> None:
    wanted = {
        str(index.name): str(index.dialect_options["sqlite"]["where"])
        for table in schema.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }

    async def read() -> dict[str, str]:
        source = (
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '%% WHERE %%'"
            if is_sqlite(url)
            else "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '%% WHERE %%'"
        )
        store = Store(url)
        try:
            async with store.reading() as connection:
                rows = (await connection.execute(text(source))).all()
        finally:
            await store.close()
        return {name: said.partition(" WHERE ")[2] for name, said in rows}

    found = asyncio.run(read())
    assert found.keys() == wanted.keys() != set()
    # PostgreSQL writes a condition in its own way, of the same columns and values.
    parts = re.compile(r"\w+|<>|[<>=]+")
    for name, where in wanted.items():
        assert set(parts.findall(where.lower())) <= set(parts.findall(found[name].lower())), (
            name,
            found[name],
        )


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
