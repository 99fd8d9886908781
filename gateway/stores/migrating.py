"""Bringing a store to this version's schema, and telling an old one from a new one.

The migrations stand in ``stores/migrations`` and are found beside this file, in a checkout and in a
wheel alike. Nothing here runs while the gateway serves.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text

from gateway.errors import StoreUnavailable
from gateway.stores.engine import Store, is_sqlite

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
# A thread of aiosqlite that couldn't open its file still has a word for the loop, which ends here.
_SQLITE_TRIES = 4
_LAST_WORD_SECONDS = 0.1
_LOCK = 0x6C796368  # any number that nobody else takes: "lych"


class State(Enum):
    ABSENT = auto()
    OLD = auto()
    CURRENT = auto()
    NEWER = auto()  # written by a later version of the gateway


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def schema_state(url: str) -> State:
    """Raises StoreUnavailable when the store can't be reached."""
    if is_sqlite(url) and not Path(make_url(url).database or "").is_file():
        return State.ABSENT
    return asyncio.run(_state(url))


async def _state(url: str) -> State:
    store = Store(url)
    try:
        async with store.reading() as connection:
            found = await connection.run_sync(_revision)
    except StoreUnavailable:
        await asyncio.sleep(_LAST_WORD_SECONDS)
        raise
    finally:
        await store.close()
    scripts = ScriptDirectory.from_config(_config())
    if found is None:
        return State.ABSENT
    if found == scripts.get_current_head():
        return State.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return State.OLD if found in known else State.NEWER


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def migrate(url: str) -> None:
    """Run what is missing. Safe to run twice. Raises StoreUnavailable."""
    asyncio.run(_tried(url))


async def _tried(url: str) -> None:
    """SQLite refuses the step to WAL at once, busy timeout or not, while another node takes it."""
    tries = _SQLITE_TRIES if is_sqlite(url) else 1
    for attempt in range(tries):
        try:
            return await _migrate(url)
        except StoreUnavailable:
            if attempt == tries - 1:
                raise
    return None


async def _migrate(url: str) -> None:
    store = Store(url, answer_seconds=None)
    try:

        def change(connection: Connection) -> None:
            if not is_sqlite(url):
                # Two nodes that start at once: the second finds the work done.
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            _upgrade(connection)

        await store.write(change)
    except StoreUnavailable:
        await asyncio.sleep(_LAST_WORD_SECONDS)
        raise
    finally:
        await store.close()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
