"""What stories come to in the console: the work list, and money that moved. Written only by the fold.

A story is always folded whole, so what is said of its ids here is all that there is to be said of
them. What isn't said any more stays as *settled* or *gone*: that it was there once is worth knowing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.entry import Entry
from gateway.model.finding import Finding, Progress
from gateway.model.movement import Movement, Sort
from gateway.stores.engine import Store
from gateway.stores.journal_schema import movement, work_item

NO_DUE = 32_503_680_000.0  # the year 3000: behind whatever has a moment
_IDS_MAX = 500
_LEADS = (
    "object_id customer_id subscription_id invoice_id payment_id charge_id reader event_id"
).split()
_SAME = ("number", "due", "progress", "amount_minor", "currency", "detail", "assignee", "reader")
_MONEY = ("at", "currency", "amount_minor", "customer_id", "gone")

# Each with whether it is there already.
Rows = Sequence[tuple[bool, dict[str, Any]]]


class Books:
    """Implements ``money.project.Books``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(
        self,
        entries: Sequence[Entry],
        found: Mapping[str, Finding],
        moved: Mapping[tuple[str, Sort], Movement],
        *,
        now: float,
    ) -> None:
        """Only what changed. Raises StoreUnavailable."""
        ids = sorted({getattr(each, lead) for each in entries for lead in _LEADS} - {""})
        last = max((each.number for each in entries), default=0)
        async with self._store.reading() as connection:
            items = await _known(connection, work_item, work_item.c.subject, ids)
            sums = await _known(connection, movement, movement.c.object_id, ids)
        work = _work(items, found, now=now)
        money = _money(sums, moved, last)
        if work or money:
            await self._write(work, money)

    async def failed(self, found: Sequence[Finding], *, now: float) -> None:
        """Raises StoreUnavailable."""
        subjects = sorted({each.subject for each in found})
        async with self._store.reading() as connection:
            items = await _known(connection, work_item, work_item.c.subject, subjects)
        keys = {each.key: each for each in found}
        work = _work([row for row in items if row["why"] == "failed"], keys, now=now)
        await self._write(work, [])

    async def _write(self, work: Rows, money: Rows) -> None:
        def put(connection: Connection) -> None:
            _put(connection, work_item, ("why", "subject"), work)
            _put(connection, movement, ("object_id", "sort"), money)

        await self._store.write(put)


async def _known(
    connection: AsyncConnection, table: Any, column: Any, ids: Sequence[str]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for start in range(0, len(ids), _IDS_MAX):
        some = select(table).where(column.in_(ids[start : start + _IDS_MAX]))
        rows += [dict(row) for row in (await connection.execute(some)).mappings()]
    return rows


def _work(
    known: Iterable[Mapping[str, Any]], found: Mapping[str, Finding], *, now: float
) -> list[tuple[bool, dict[str, Any]]]:
    """Rows to write, each with whether it is there already."""
    before = {(row["why"], row["subject"]): row for row in known}
    wanted = {(str(each.why), each.subject): each for each in found.values()}
    rows: list[tuple[bool, dict[str, Any]]] = []
    for key, finding in wanted.items():
        row = _row(finding)
        old = before.get(key)
        if old is None:
            rows.append((False, row | {"opened_at": now, "changed_at": now}))
        elif any(old[name] != row[name] for name in _SAME):
            again = old["progress"] != Progress.OPEN and row["progress"] == Progress.OPEN
            opened_at = now if again else old["opened_at"]
            rows.append((True, row | {"opened_at": opened_at, "changed_at": now}))
    for key, old in before.items():
        if key not in wanted and old["progress"] != Progress.SETTLED:
            settled = {name: value for name, value in old.items() if name != "id"}
            rows.append((True, settled | {"progress": str(Progress.SETTLED), "changed_at": now}))
    return rows


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "why": str(finding.why),
        "subject": finding.subject,
        "progress": str(Progress.DONE if finding.done else Progress.OPEN),
        "number": finding.number,
        "due": NO_DUE if finding.due is None else finding.due,
        "customer_id": finding.customer_id,
        "subscription_id": finding.subscription_id,
        "payment_id": finding.payment_id,
        "charge_id": finding.charge_id,
        "reader": finding.reader,
        "amount_minor": finding.amount_minor,
        "currency": finding.currency,
        "detail": finding.detail[:300],
        "assignee": finding.assignee[:320],
    }


def _money(
    known: Iterable[Mapping[str, Any]], moved: Mapping[tuple[str, Sort], Movement], last: int
) -> list[tuple[bool, dict[str, Any]]]:
    """``last`` is the newest entry of the stories: what goes, goes by it."""
    before = {(row["object_id"], row["sort"]): row for row in known}
    wanted = {(object_id, str(sort)): each for (object_id, sort), each in moved.items()}
    rows: list[tuple[bool, dict[str, Any]]] = []
    for key, each in wanted.items():
        row = {
            "object_id": each.object_id,
            "sort": str(each.sort),
            "at": each.at,
            "currency": each.currency,
            "amount_minor": each.amount_minor,
            "number": each.number,
            "customer_id": each.customer_id,
            "invoice_id": each.invoice_id,
            "payment_id": each.payment_id,
            "charge_id": each.charge_id,
            "gone": False,
        }
        old = before.get(key)
        if old is None:
            rows.append((False, row))
        elif any(old[name] != row[name] for name in _MONEY):
            rows.append((True, row | {"number": last}))
    for key, old in before.items():
        if key not in wanted and not old["gone"]:
            rows.append((True, dict(old) | {"gone": True, "number": last}))
    return rows


def _put(connection: Connection, table: Table, key: tuple[str, str], rows: Rows) -> None:
    new = [row for there, row in rows if not there]
    if new:
        connection.execute(insert(table), new)
    old = [row for there, row in rows if there]
    if old:
        names = [name for name in old[0] if name not in key]
        changed = update(table).values({name: bindparam(f"new_{name}") for name in names})
        for name in key:
            changed = changed.where(table.c[name] == bindparam(f"new_{name}"))
        connection.execute(changed, [_prefixed(row) for row in old])


def _prefixed(row: Mapping[str, Any]) -> dict[str, Any]:
    # A parameter of an update can't bear the name of a column that it sets.
    return {f"new_{name}": value for name, value in row.items()}
