"""What stands of a reader outside the ledger, and how it goes: the port of ``money.erasing``."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, or_, select

from gateway.stores import leaving, schema
from gateway.stores.accounts import Accounts
from gateway.stores.adopting_schema import adoption, payer
from gateway.stores.engine import Store
from gateway.stores.scrubbing import scrub
from gateway.stores.selling_schema import customer

_TABLES = (
    "reader",
    "reader_identity",
    "session",
    "mailed",
    "outgoing",
    "adoption",
    "payer",
    "leaving",
    "letter",
)


class Traces:
    """Implements ``money.erasing.Traces``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def customers(self, reader: str) -> Collection[str]:
        wanted = select(customer.c.customer_id).where(customer.c.reader_id == reader)
        async with self._store.reading() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def erase(self, reader: str, customers: Iterable[str], *, now: float) -> None:
        """Letters and links before the account, which names the addresses."""

        def work(connection: Connection) -> None:
            addresses = _addresses(connection, reader)
            listed = sorted(customers)
            for gone in (
                delete(schema.outgoing).where(schema.outgoing.c.recipient.in_(addresses)),
                delete(schema.mailed).where(schema.mailed.c.email.in_(addresses)),
                delete(adoption).where(
                    or_(adoption.c.used_by == reader, adoption.c.customer_id.in_(listed))
                ),
                delete(payer).where(payer.c.customer_id.in_(listed)),
            ):
                connection.execute(gone)
            leaving.erase(connection, reader, addresses)

        await self._store.write(work)
        await Accounts(self._store).erase(reader, now=now)
        await scrub(self._store, *_TABLES)


def _addresses(connection: Connection, reader: str) -> list[str]:
    """All that this reader's mail went to. An address that is another account's too loses a letter
    that waits there: it can be asked for again."""
    own, ways = schema.reader.c, schema.reader_identity.c
    found = {
        *connection.execute(select(own.email).where(own.id == reader)).scalars(),
        *connection.execute(select(ways.email).where(ways.reader_id == reader)).scalars(),
    }
    return sorted(found - {""})
