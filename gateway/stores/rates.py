"""Windows of rate limits on the store, so that all workers and nodes count together.

A storage of the ``limits`` library: what is asked of it, and nothing more (fixed windows).
"""

from __future__ import annotations

from limits.aio.storage import Storage
from sqlalchemy import Connection, case, delete, select
from sqlalchemy.dialects import sqlite

from gateway.clock import Clock
from gateway.errors import StoreUnavailable
from gateway.stores import schema
from gateway.stores.engine import Store


class RateStorage(Storage):
    STORAGE_SCHEME = None

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__()
        self._store = store
        self._clock = clock

    @property
    def base_exceptions(self) -> type[Exception]:
        return StoreUnavailable

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and begin a new window where the last one is over."""
        rate, now = schema.rate, self._clock.now()
        row = {"key": key[:200], "count": amount, "until": now + expiry}
        over = rate.c.until <= now
        changed = {
            "count": case((over, amount), else_=rate.c.count + amount),
            "until": case((over, now + expiry), else_=rate.c.until),
        }

        def work(connection: Connection) -> int:
            if connection.dialect.name == "postgresql":
                from sqlalchemy.dialects import postgresql

                added = postgresql.insert(rate).values(**row)
                counted = added.on_conflict_do_update(index_elements=["key"], set_=changed)
                found = connection.execute(counted.returning(rate.c.count))
            else:
                plain = sqlite.insert(rate).values(**row)
                upserted = plain.on_conflict_do_update(index_elements=["key"], set_=changed)
                found = connection.execute(upserted.returning(rate.c.count))
            return int(found.scalar_one())

        return await self._store.write(work)

    async def get(self, key: str) -> int:
        count, until = await self._row(key)
        return count if until > self._clock.now() else 0

    async def get_expiry(self, key: str) -> float:
        return (await self._row(key))[1]

    async def _row(self, key: str) -> tuple[int, float]:
        rate = schema.rate.c
        async with self._store.reading() as connection:
            found = await connection.execute(
                select(rate.count, rate.until).where(rate.key == key[:200])
            )
            row = found.first()
        if row is None:
            return 0, self._clock.now()
        count, until = row
        return count, until

    async def check(self) -> bool:
        await self._row("")
        return True

    async def reset(self) -> int | None:
        return await self._store.execute(delete(schema.rate))

    async def clear(self, key: str) -> None:
        await self._store.execute(delete(schema.rate).where(schema.rate.c.key == key[:200]))
