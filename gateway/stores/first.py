"""What `serve` asks of the store before it starts: an absent SQLite file is made, an old one refused.

The usual start finds a SQLite file of this version, and the first one makes it from what the migrations
come to (``newest.sql``), both by the standard library alone: SQLAlchemy and Alembic would take half a
second of the two that a start may take.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from gateway.errors import Faults
from gateway.model.fault import Fault, Place

_HERE = Path(__file__).resolve().parent
_VERSIONS = _HERE / "migrations" / "versions"
_BUSY_SECONDS = 5.0


def make_if_absent(url: str) -> None:
    """Raises Faults with the command to run, or StoreUnavailable."""
    if _is_current_sqlite(url) or _is_made(url):
        return
    from gateway.stores.migrating import State, migrate, schema_state

    state = schema_state(url)
    if state is State.CURRENT:
        return
    if state is State.ABSENT and url.startswith("sqlite"):
        migrate(url)
        return
    what = {
        State.ABSENT: "the store has no schema yet: run `lychgate migrate`",
        State.OLD: "the store's schema is older than this version: run `lychgate migrate`",
        State.NEWER: "the store was written by a later version of Lychgate: install that one",
    }
    raise Faults((Fault(Place("[store] url"), what[state]),))


def newest() -> str:
    """The revision of this version's schema: each file of migrations begins with its own."""
    return max(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


def _is_current_sqlite(url: str) -> bool:
    """Whether the store is a SQLite file of this very version; False leaves the question open."""
    path = _file(url)
    if path is None or not path.is_file():
        return False
    with contextlib.suppress(sqlite3.Error):
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as file:
            found = file.execute("SELECT version_num FROM alembic_version").fetchall()
        return found == [(newest(),)]
    return False


def _is_made(url: str) -> bool:
    """Whether a SQLite file that wasn't there is now; False leaves it to the migrations, and to whoever
    makes it at this moment."""
    path = _file(url)
    if path is None or path.exists():
        return False
    newest_schema = (_HERE / "newest.sql").read_text("utf-8")
    with contextlib.suppress(sqlite3.Error):
        with contextlib.closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as file:
            file.execute("PRAGMA journal_mode=WAL")
            file.executescript(
                newest_schema
            )  # one transaction: killed in the middle, there is none
        return True
    return False


def _file(url: str) -> Path | None:
    """Of a SQLite store with nothing but a path in its URL."""
    name = url.partition("///")[2]
    plain = url.startswith("sqlite") and name and not name.startswith(":") and "?" not in name
    return Path(name) if plain else None
