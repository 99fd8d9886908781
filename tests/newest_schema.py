"""What the migrations come to on an empty SQLite file: ``make schema`` keeps it as ``stores/newest.sql``."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import tempfile
from pathlib import Path

from tests.migrated import new_store


def migrated() -> str:
    with tempfile.TemporaryDirectory(prefix="lychgate-schema-") as folder:
        path = Path(folder) / "store.db"
        new_store(path)
        return dumped(path)


def dumped(path: Path) -> str:
    with contextlib.closing(sqlite3.connect(path)) as file:
        lines = "\n".join(file.iterdump()).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(migrated())
