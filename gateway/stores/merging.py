"""Accounts as operators look for them, and two accounts of one person made one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from gateway.identity.merging import Summary
from gateway.model.identity import MAIL_ISSUER
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
            entering.lock(connection, *(f"ways {each}" for each in (kept, gone)))
            there = connection.execute(
                select(reader.id, reader.email).where(reader.id.in_((kept, gone)))
            )
            emails = {row.id: row.email for row in there}
            if len(emails) != 2:
                return False
            # Nobody joins it by its address meanwhile.
            if emails[gone]:
                entering.lock(connection, f"{MAIL_ISSUER} {emails[gone]}", emails[gone])
            connection.execute(
                update(schema.reader_identity).where(way.reader_id == gone).values(reader_id=kept)
            )
            _lead(connection, gone, kept, now=now)
            connection.execute(delete(imported).where(imported.c.reader_id == gone))
            account_rows.end(connection, session.reader_id == gone, now=now)
            tell(connection, Kind.READER, kept, gone, now=now)
            return True

        return await self._store.write(work)


def _lead(connection: Connection, gone: str, kept: str, *, now: float) -> None:
    """The address that ``gone`` has proved leads to ``kept``, as by a mailed link: a letter to it made
    one more account otherwise. ``gone``'s row stays, so that it can be undone, and has proved nothing."""
    reader = schema.reader.c
    own = select(reader.email, reader.email_verified).where(reader.id == gone)
    row = connection.execute(own.with_for_update(key_share=True)).one()
    if row.email_verified:
        way = {
            "issuer": MAIL_ISSUER,
            "subject": row.email,
            "reader_id": kept,
            "added_at": now,
            "provider": MAIL_ISSUER,
            "email": row.email,
            "proved": True,
        }
        entering.inserted(connection, insert(schema.reader_identity), way)
    connection.execute(update(schema.reader).where(reader.id == gone).values(email_verified=False))
