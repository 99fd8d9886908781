"""Whether anything at all was written since: for what is looked for many times a second and is rarely there.

SQLite keeps a number for that (PRAGMA data_version), which says for one connection whether others have
committed since. It stands in memory that its processes share, so asking takes 4 µs and waits for nobody:
a thread to ask in would take fifty times as long. PostgreSQL has none that a transaction doesn't have to
ask for, so there whoever asks looks.
"""

from __future__ import annotations

import contextlib
import sqlite3
from urllib.parse import quote

from sqlalchemy import make_url


class Changes:
    """Of the store at ``url``; for one thread. It opens the file when it is first asked, and makes
    none."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._path = parsed.database if parsed.get_backend_name() == "sqlite" else None
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int | None:
        """Another number than before, if a transaction was committed since. None: nobody knows.

        Ask before looking, so that what comes in between is looked for again."""
        if self._path is None:
            return None
        with contextlib.suppress(sqlite3.Error):
            if self._connection is None:
                self._connection = sqlite3.connect(
                    f"file:{quote(self._path)}?mode=rw", uri=True, timeout=0, isolation_level=None
                )
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
