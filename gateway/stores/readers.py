"""Readers as operators look for them: by e-mail address, which several accounts may bear."""

from __future__ import annotations

from sqlalchemy import func, select

from gateway.model.reader import Reader
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.entitlements import entitlement_of


async def readers_with(store: Store, email: str) -> tuple[Reader, ...]:
    """The newest account first. Raises StoreUnavailable."""
    wanted = (
        select(schema.reader)
        .where(func.lower(schema.reader.c.email) == email.lower())
        .order_by(schema.reader.c.created_at.desc())
    )
    found = []
    async with store.reading() as connection:
        for row in (await connection.execute(wanted)).mappings().all():
            held_by = schema.entitlement.c.reader_id == row["id"]
            held = await connection.execute(select(schema.entitlement).where(held_by))
            found.append(
                Reader(
                    id=row["id"],
                    email=row["email"],
                    name=row["name"],
                    newsroom=row["newsroom"],
                    entitlements=tuple(entitlement_of(each) for each in held.mappings()),
                )
            )
    return tuple(found)
