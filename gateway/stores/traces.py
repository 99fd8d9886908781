"""What stands of a reader outside the ledger, to take along, and how it goes: the ports of
``money.exporting`` and ``money.erasing``."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select

from gateway.stores import account_rows, addresses, leavers, schema
from gateway.stores.accounts import Accounts
from gateway.stores.adopting_schema import adoption, imported, payer
from gateway.stores.engine import Store
from gateway.stores.leaving_schema import letter
from gateway.stores.scrubbing import scrub
from gateway.stores.selling_schema import checkout_attempt, customer

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
    """Implements ``money.erasing.Traces`` and ``money.exporting.Traces``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def customers(self, reader: str) -> Collection[str]:
        wanted = select(customer.c.customer_id).where(customer.c.reader_id == reader)
        async with self._store.reading() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def export(self, reader: str, customers: Collection[str]) -> dict[str, Any]:
        """Links that nobody took yet are theirs whose customer they are. Of letters that wait, not what
        they say: it may be a code."""
        listed = sorted(customers)
        links = and_(adoption.c.used_by == "", adoption.c.customer_id.in_(listed))

        def work(connection: Connection) -> dict[str, Any]:
            proved = addresses.proved(connection, reader)
            kept = {
                customer: customer.c.reader_id == reader,
                checkout_attempt: checkout_attempt.c.reader_id == reader,
                imported: imported.c.reader_id == reader,
                letter: letter.c.reader_id == reader,
                adoption: or_(adoption.c.used_by == reader, links),
                schema.mailed: schema.mailed.c.email.in_(proved),
                schema.outgoing: schema.outgoing.c.recipient.in_(proved),
            }
            return {
                table.name: [
                    account_rows.shown(row)
                    for row in connection.execute(select(table).where(theirs)).mappings()
                ]
                for table, theirs in kept.items()
            }

        return await self._store.read(work)

    async def erase(
        self, reader: str, customers: Iterable[str], subscriptions: Iterable[str], *, now: float
    ) -> None:
        """Letters and links before the account, which names the addresses."""

        def work(connection: Connection) -> None:
            listed = sorted(customers)
            # A request to leave is a contract's: an address that one merely claims erases nobody's.
            proved = addresses.proved(connection, reader)
            asked_from = leavers.erase(connection, reader, proved, subscriptions)
            written_to = sorted(_addresses(connection, reader) | asked_from)
            for gone in (
                delete(schema.outgoing).where(schema.outgoing.c.recipient.in_(written_to)),
                delete(schema.mailed).where(schema.mailed.c.email.in_(written_to)),
                delete(adoption).where(
                    or_(adoption.c.used_by == reader, adoption.c.customer_id.in_(listed))
                ),
                delete(payer).where(payer.c.customer_id.in_(listed)),
            ):
                connection.execute(gone)

        await self._store.write(work)
        await Accounts(self._store).erase(reader, now=now)
        await scrub(self._store, *_TABLES)


def _addresses(connection: Connection, reader: str) -> set[str]:
    """All that this reader's mail went to. An address that is another account's too loses a letter
    that waits there: it can be asked for again."""
    own, ways = schema.reader.c, schema.reader_identity.c
    found = {
        *connection.execute(select(own.email).where(own.id == reader)).scalars(),
        *connection.execute(select(ways.email).where(ways.reader_id == reader)).scalars(),
    }
    return found - {""}
