"""Leases: of many nodes, one does what must be done once."""

from __future__ import annotations

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from gateway.stores import schema
from gateway.stores.engine import Store


class Leases:
    """Implements ``jobs.periodic.LeaseHolder``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take(self, name: str, holder: str, *, now: float, seconds: float) -> bool:
        """Whether ``holder`` has the lease now: it was free, had run out, or was its own."""
        lease = schema.lease
        free = (lease.c.until <= now) | (lease.c.holder == holder)
        async with self._store.writing() as connection:
            taken = await connection.execute(
                update(lease)
                .where(lease.c.name == name, free)
                .values(holder=holder, until=now + seconds * 0.9)
            )
            if taken.rowcount:
                return True
            try:
                async with connection.begin_nested():
                    await connection.execute(
                        insert(lease).values(name=name, holder=holder, until=now + seconds * 0.9)
                    )
            except IntegrityError:
                return False
            return True
