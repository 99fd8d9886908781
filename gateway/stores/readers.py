"""Readers as operators look for them: by e-mail address, which several accounts may bear."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_, select

from gateway.model.reader import Reader
from gateway.stores import schema
from gateway.stores.addresses import unclaimed
from gateway.stores.engine import Store
from gateway.stores.entitlements import entitlement_of
from gateway.stores.money_schema import ledger


async def readers_with(store: Store, email: str) -> tuple[Reader, ...]:
    """The newest account first. Raises StoreUnavailable."""
    theirs = func.lower(schema.reader.c.email) == email.lower()
    return await _readers(store, theirs)


async def proved_by(store: Store, email: str) -> frozenset[str]:
    """Ids of the accounts that have proved an address, or that a file brought for it. Raises
    StoreUnavailable."""
    own = schema.reader.c
    known = or_(own.email_verified, unclaimed())
    wanted = select(own.id).where(func.lower(own.email) == email.lower(), known)
    async with store.reading() as connection:
        return frozenset((await connection.execute(wanted)).scalars())


async def reader_called(store: Store, reader_id: str) -> Reader | None:
    """Raises StoreUnavailable."""
    return next(iter(await _readers(store, schema.reader.c.id == reader_id)), None)


async def _readers(store: Store, which: ColumnElement[bool]) -> tuple[Reader, ...]:
    wanted = select(schema.reader).where(which).order_by(schema.reader.c.created_at.desc())
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


class Addresses:
    """Implements ``money.leaving.Readers``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def with_address(self, email: str) -> list[str]:
        """Accounts that have proved this address."""
        own = schema.reader.c
        proved = select(own.id).where(own.email == email, own.email_verified)
        async with self._store.reading() as connection:
            return list((await connection.execute(proved.order_by(own.created_at))).scalars())


async def customer_known(store: Store, customer: str) -> bool:
    """Whether any entry of the ledger names a customer of Stripe's. Raises StoreUnavailable."""
    named = select(ledger.c.number).where(ledger.c.customer_id == customer).limit(1)
    async with store.reading() as connection:
        return (await connection.execute(named)).first() is not None
