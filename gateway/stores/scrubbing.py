"""Old versions of a row outlive its change: in SQLite's log, in PostgreSQL's table. They go here."""

from __future__ import annotations

from sqlalchemy import text

from gateway.stores.engine import Store, is_sqlite


async def scrub(store: Store, *tables: str) -> None:
    """Raises StoreUnavailable. SQLite overwrites in its file what is freed (``engine``), so its log is
    all that is left; PostgreSQL frees the rows of each table that nobody sees any more."""
    sqlite = is_sqlite(store.url)
    steps = ["PRAGMA wal_checkpoint(TRUNCATE)"] if sqlite else [f"VACUUM {each}" for each in tables]
    async with store.reading() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for step in steps:
            await alone.execute(text(step))
