"""Accounts as operators look for them, and two accounts of one person made one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, or_, select, update

from gateway.identity.merging import Summary
from gateway.stores import account_rows, entering, schema
from gateway.stores.adopting_schema import imported
from gateway.stores.engine import Store
from gateway.stores.news import Kind, tell
from gateway.stores.selling_schema import customer

FOUND_MAX = 50


class Directory:
    """Implements ``identity.merging.Directory``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, text: str) -> Sequence[str]:
        reader, way = schema.reader.c, schema.reader_identity.c
        by_way = select(way.reader_id).where(func.lower(way.email) == text.lower())
        wanted = (
            select(reader.id)
            .where(or_(reader.id == text, func.lower(reader.email) == text.lower()))
            .union(by_way)
            .limit(FOUND_MAX)
        )
        async with self._store.reading() as connection:
            return sorted((await connection.execute(wanted)).scalars())

    async def summaries(self, reader_ids: Sequence[str]) -> Sequence[Summary]:
        reader = schema.reader.c
        wanted = select(reader.id, reader.email, reader.name, reader.created_at)
        some = wanted.where(reader.id.in_(list(reader_ids)[:FOUND_MAX]))
        async with self._store.reading() as connection:
            rows = await connection.execute(some.order_by(reader.created_at))
            return [Summary(row.id, row.email, row.name, row.created_at) for row in rows]

    async def ways(self, reader_id: str) -> Sequence[str]:
        way = schema.reader_identity.c
        wanted = select(way.issuer, way.subject).where(way.reader_id == reader_id)
        async with self._store.reading() as connection:
            return sorted(
                account_rows.key(row.issuer, row.subject)
                for row in await connection.execute(wanted)
            )

    async def customers(self, reader_id: str) -> Sequence[str]:
        wanted = select(customer.c.customer_id).where(customer.c.reader_id == reader_id)
        async with self._store.reading() as connection:
            return sorted((await connection.execute(wanted)).scalars())

    async def merge(self, kept: str, gone: str, *, now: float) -> bool:
        reader, way, session = schema.reader.c, schema.reader_identity.c, schema.session.c

        def work(connection: Connection) -> bool:
            entering.lock(connection, *(f"ways {each}" for each in sorted((kept, gone))))
            there = connection.execute(select(reader.id).where(reader.id.in_((kept, gone))))
            if len(set(there.scalars())) != 2:
                return False
            connection.execute(
                update(schema.reader_identity).where(way.reader_id == gone).values(reader_id=kept)
            )
            # Its address leads nobody there any more; the row stays, so that it can be undone.
            connection.execute(
                update(schema.reader).where(reader.id == gone).values(email_verified=False)
            )
            connection.execute(delete(imported).where(imported.c.reader_id == gone))
            account_rows.end(connection, session.reader_id == gone, now=now)
            tell(connection, Kind.READER, kept, gone, now=now)
            return True

        return await self._store.write(work)
