"""SQLite stores with this version's schema: migrated once a run, and copied from then on.

Migrating takes a third of a second, and hundreds of tests begin with a store of their own.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from gateway.stores.migrating import migrate


@cache
def _image() -> bytes:
    with tempfile.TemporaryDirectory(prefix="lychgate-schema-") as folder:
        path = Path(folder) / "store.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


def new_store(path: Path) -> str:
    """A fresh one at ``path``; its URL."""
    path.write_bytes(_image())
    return f"sqlite:///{path}"
