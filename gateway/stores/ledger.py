"""The ledger on the store: the port of ``money.ledger``. It only ever inserts.

One transaction takes a lock that all writers take, reads the head, leaves out what is there
already, and writes the rest with the next numbers and hashes. So numbers have no gaps, whoever
writes, and a batch is in the ledger whole or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.entry import Appended, Draft, Entry, Head, Source, chained
from gateway.stores import money_schema, payloads
from gateway.stores.engine import Store

_LOCK = 0x6C656467  # any number that nobody else takes: "ledg"
_IDS_MAX = 500  # in one statement; SQLite and PostgreSQL take some 32,000 parameters
_SOURCES = frozenset(Source)
_NAMES = tuple(each.name for each in fields(Entry))
# What leads from one entry to others of the same story.
_LEADS = ("customer_id", "subscription_id", "invoice_id", "charge_id", "payment_id", "reader")

# Made once: an append is short, and making them anew was a third of it.
_entry, _work = money_schema.ledger.c, money_schema.ledger_work
_LAST = select(_entry.number, _entry.hash).order_by(_entry.number.desc()).limit(1)
_KNOWN = select(_entry.event_id, _entry.number).where(
    _entry.event_id.in_(bindparam("ids", expanding=True))
)
_INSERT_ENTRIES = insert(money_schema.ledger)
_INSERT_WORK = insert(_work)
_INSERT_DELIVERIES = insert(money_schema.delivery)
_DELIVERED_AGAIN = (
    update(_work).where(_work.c.number == bindparam("of")).values(deliveries=_work.c.deliveries + 1)
)


class Ledger:
    """Implements ``money.ledger.Ledger``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def append(self, drafts: Sequence[Draft], *, now: float) -> list[Appended]:
        """All of them or none, in their order. Raises StoreUnavailable."""
        return await self._store.write(partial(_append, drafts=drafts, now=now))

    async def head(self) -> Head:
        async with self._store.reading() as connection:
            return await connection.run_sync(_head)

    async def read(self, *, after: int, limit: int) -> list[Entry]:
        """The next entries in the order of their numbers."""
        table = money_schema.ledger
        wanted = select(table).where(table.c.number > after).order_by(table.c.number).limit(limit)
        async with self._store.reading() as connection:
            return [entry_of(row) for row in (await connection.execute(wanted)).mappings()]

    async def entries(self, numbers: Collection[int]) -> list[Entry]:
        table = money_schema.ledger
        async with self._store.reading() as connection:
            return await _select(connection, table.c.number, numbers)

    async def known(self, event_ids: Collection[str]) -> set[str]:
        async with self._store.reading() as connection:
            return set(await connection.run_sync(_known, list(event_ids)))

    async def objects(self, object_ids: Collection[str]) -> list[Entry]:
        """All that was ever said of some objects; our own acts have words for ids."""
        table = money_schema.ledger
        async with self._store.reading() as connection:
            return await _select(connection, table.c.object_id, object_ids)

    async def of_reader(self, reader: str) -> list[Entry]:
        async with self._store.reading() as connection:
            return await _select(connection, money_schema.ledger.c.reader, [reader])

    async def story(self, entries: Iterable[Entry]) -> list[Entry]:
        """These entries and all that hang together with them by the ids they name, over any number
        of steps: a dispute names a payment, the payment an invoice, the invoice a customer."""
        found = {entry.number: entry for entry in entries}
        new = list(found.values())
        followed: set[tuple[str, str]] = set()
        async with self._store.reading() as connection:
            while new:
                leads = {lead for each in new for lead in _leads(each)} - followed
                followed |= leads
                rows = await _following(connection, sorted(leads))
                new = [row for row in rows if row.number not in found]
                found |= {row.number: row for row in new}
        return [found[number] for number in sorted(found)]


def _leads(entry: Entry) -> set[tuple[str, str]]:
    """Also its own object, where no column is there for ids of that kind: a refund, a Checkout."""
    leads = {(name, value) for name in _LEADS if (value := getattr(entry, name))}
    if (
        entry.object_type
        and entry.object_id
        and all(entry.object_id != value for _, value in leads)
    ):
        leads.add(("object_id", entry.object_id))
    return leads


def _append(connection: Connection, *, drafts: Sequence[Draft], now: float) -> list[Appended]:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    numbers = _known(connection, [draft.event_id for draft in drafts])
    head = _head(connection)
    fresh: list[tuple[Draft, Entry]] = []
    appended = []
    for draft in drafts:
        known = numbers.get(draft.event_id)
        if known is None:
            entry = chained(draft, number=head.number + 1, previous_hash=head.hash, at=now)
            head = Head(entry.number, entry.hash)
            numbers[draft.event_id] = entry.number
            fresh.append((draft, entry))
        appended.append(Appended(numbers[draft.event_id], known is None))
    _write(connection, fresh, now=now)
    _note_deliveries(connection, zip(drafts, appended, strict=True), now=now)
    return appended


def _head(connection: Connection) -> Head:
    row = connection.execute(_LAST).first()
    return Head() if row is None else Head(row.number, row.hash)


def _known(connection: Connection, event_ids: Sequence[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for start in range(0, len(event_ids), _IDS_MAX):
        found = connection.execute(_KNOWN, {"ids": event_ids[start : start + _IDS_MAX]})
        known |= {row.event_id: row.number for row in found}
    return known


def _write(connection: Connection, fresh: Sequence[tuple[Draft, Entry]], *, now: float) -> None:
    if not fresh:
        return
    rows = [{name: getattr(entry, name) for name in _NAMES} for _, entry in fresh]
    connection.execute(_INSERT_ENTRIES, rows)
    work = [
        {
            "number": entry.number,
            "state": "received",
            "reason": "",
            "changed_at": now,
            "tries": 0,
            "next_at": now,
            "fetch": "wanted" if draft.hint else "",
            "fetch_tries": 0,
            "fetch_next_at": now,
        }
        for draft, entry in fresh
    ]
    connection.execute(_INSERT_WORK, work)
    payloads.keep(connection, fresh, now=now)


def _note_deliveries(
    connection: Connection, pairs: Iterable[tuple[Draft, Appended]], *, now: float
) -> None:
    """Each arrival of a webhook, the first and every one after it."""
    arrived = [(draft, done) for draft, done in pairs if draft.source is Source.WEBHOOK]
    if not arrived:
        return
    rows = [
        {"entry": done.number, "at": now, "payload_sha256": draft.payload_sha256}
        for draft, done in arrived
    ]
    connection.execute(_INSERT_DELIVERIES, rows)
    again = [{"of": done.number} for _, done in arrived if not done.new]
    if again:
        connection.execute(_DELIVERED_AGAIN, again)


async def _select(connection: AsyncConnection, column: Any, values: Collection[Any]) -> list[Entry]:
    listed = sorted(values)
    entries = []
    for start in range(0, len(listed), _IDS_MAX):
        some = column.in_(listed[start : start + _IDS_MAX])
        rows = await connection.execute(select(money_schema.ledger).where(some))
        entries += [entry_of(row) for row in rows.mappings()]
    return sorted(entries, key=lambda entry: entry.number)


async def _following(connection: AsyncConnection, leads: Sequence[tuple[str, str]]) -> list[Entry]:
    table = money_schema.ledger
    entries = []
    for start in range(0, len(leads), _IDS_MAX):
        some = leads[start : start + _IDS_MAX]
        named = {name: [value for lead, value in some if lead == name] for name, _ in some}
        either = or_(*(table.c[name].in_(values) for name, values in named.items()))
        rows = await connection.execute(select(table).where(either))
        entries += [entry_of(row) for row in rows.mappings()]
    return entries


def entry_of(row: Any) -> Entry:
    """As it stands there. A word that somebody changed is left as it is: ``verify`` finds it."""
    values = {name: row[name] for name in _NAMES}
    if values["source"] in _SOURCES:
        values["source"] = Source(values["source"])
    return Entry(**values)
