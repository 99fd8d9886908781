"""The work list: what needs a person, those with the nearest deadline first, then the newest.

What stands there is made by the fold (``books``). An act of an operator is an entry first; it is
noted here at once as well, so that whoever did it sees it before the fold comes by.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, func, literal, or_, select, union_all, update

from gateway.model.entry import Entry
from gateway.model.finding import Finding, Item, Progress
from gateway.model.mark import Why
from gateway.model.movement import Movement, Sort, Sum
from gateway.stores.books import NO_DUE
from gateway.stores.engine import Store
from gateway.stores.journal_schema import movement, work_item
from gateway.stores.ledger import entry_of
from gateway.stores.money_schema import ledger, ledger_work

_ROWS = 25
_IDS_MAX = 500


class WorkList:
    """Implements ``console.work_pages.WorkList``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def items(
        self,
        *,
        why: str = "",
        assignee: str | None = None,
        progress: Progress = Progress.OPEN,
        after: tuple[float, int, int] | None = None,
    ) -> list[Item]:
        """Some more than a page holds; ``after``: deadline, number and id of the last one seen.
        ``assignee`` "" is nobody, None anybody. Raises StoreUnavailable."""
        table = work_item.c
        wanted = select(work_item).where(table.progress == str(progress))
        if why:
            wanted = wanted.where(table.why == why)
        if assignee is not None:
            wanted = wanted.where(table.assignee == assignee)
        if after is not None:
            due, number, item_id = after
            same = and_(table.number == number, table.id > item_id)
            later = and_(table.due == due, or_(table.number < number, same))
            wanted = wanted.where(or_(table.due > due, later))
        wanted = wanted.order_by(table.due, table.number.desc(), table.id).limit(_ROWS + 1)
        async with self._store.reading() as connection:
            return [_item(row) for row in (await connection.execute(wanted)).mappings()]

    async def item(self, item_id: int) -> Item | None:
        wanted = select(work_item).where(work_item.c.id == item_id)
        async with self._store.reading() as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return None if row is None else _item(row)

    async def counts(self) -> dict[str, int]:
        """Of what is open, by its reason."""
        table = work_item.c
        wanted = select(table.why, func.count()).where(table.progress == Progress.OPEN)
        async with self._store.reading() as connection:
            rows = await connection.execute(wanted.group_by(table.why))
            return {row[0]: row[1] for row in rows}

    async def note(
        self, item_id: int, *, assignee: str | None = None, done: bool = False, now: float
    ) -> None:
        values: dict[str, Any] = {"changed_at": now}
        if assignee is not None:
            values["assignee"] = assignee[:320]
        if done:
            values["progress"] = str(Progress.DONE)
        await self._store.execute(
            update(work_item).where(work_item.c.id == item_id).values(**values)
        )

    async def acts(self, keys: Collection[str]) -> list[Entry]:
        """What operators did about some findings, in the order of their numbers."""
        wanted = select(ledger).where(ledger.c.object_id.in_(sorted(keys)))
        async with self._store.reading() as connection:
            rows = await connection.execute(wanted.order_by(ledger.c.number))
            return [entry_of(row) for row in rows.mappings()]


def _item(row: Any) -> Item:
    finding = Finding(
        why=Why(row["why"]),
        subject=row["subject"],
        number=row["number"],
        due=None if row["due"] >= NO_DUE else row["due"],
        customer_id=row["customer_id"],
        subscription_id=row["subscription_id"],
        payment_id=row["payment_id"],
        charge_id=row["charge_id"],
        reader=row["reader"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        detail=row["detail"],
        assignee=row["assignee"],
        done=row["progress"] == Progress.DONE,
    )
    return Item(
        id=row["id"],
        finding=finding,
        progress=Progress(row["progress"]),
        opened_at=row["opened_at"],
        changed_at=row["changed_at"],
    )


class Days:
    """Implements ``console.day_pages.Days``: money that moved, by when it did."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def sums(self, spans: Sequence[tuple[float, float]]) -> list[list[Sum]]:
        """Of each of some stretches of time: every currency and sort, in their order."""
        table = movement.c
        parts = [
            select(
                literal(number).label("span"),
                table.currency,
                table.sort,
                func.count().label("times"),
                func.sum(table.amount_minor).label("amount"),
            )
            .where(table.at >= since, table.at < until, table.gone.is_(False))
            .group_by(table.currency, table.sort)
            for number, (since, until) in enumerate(spans)
        ]
        found: list[list[Sum]] = [[] for _ in spans]
        async with self._store.reading() as connection:
            for row in await connection.execute(union_all(*parts)):
                # PostgreSQL sums whole numbers to a decimal.
                one = Sum(row.currency, Sort(row.sort), int(row.times), int(row.amount))
                found[row.span].append(one)
        return [sorted(each, key=lambda one: (one.currency, one.sort)) for each in found]

    async def movements(self, since: float, until: float, *, limit: int) -> list[Movement]:
        """One more than ``limit`` says that there are more."""
        table = movement.c
        wanted = select(movement).where(table.at >= since, table.at < until, table.gone.is_(False))
        async with self._store.reading() as connection:
            rows = await connection.execute(
                wanted.order_by(table.at, table.object_id).limit(limit + 1)
            )
            return [_movement(row) for row in rows.mappings()]

    async def changed(self, spans: Sequence[tuple[float, float]]) -> list[int]:
        """The entry by which anything of each stretch changed last; 0 for one without money."""
        table = movement.c
        last = [
            select(func.max(table.number))
            .where(table.at >= since, table.at < until)
            .scalar_subquery()
            for since, until in spans
        ]
        async with self._store.reading() as connection:
            return [number or 0 for number in (await connection.execute(select(*last))).one()]

    async def timeless(self) -> int:
        """How much money has no moment, and so no day."""
        table = movement.c
        wanted = select(func.count()).where(table.at.is_(None), table.gone.is_(False))
        async with self._store.reading() as connection:
            return (await connection.execute(wanted)).scalar() or 0

    async def ours(self, customers: Collection[str], payments: Collection[str]) -> set[str]:
        """Which of these customers, payments and charges the ledger knows as our own."""
        found: set[str] = set()
        work, entry = ledger_work.c, ledger.c
        listed = sorted({*customers, *payments} - {""})
        async with self._store.reading() as connection:
            for start in range(0, len(listed), _IDS_MAX):
                some = listed[start : start + _IDS_MAX]
                paid = select(movement.c.customer_id).where(movement.c.customer_id.in_(some))
                found |= set((await connection.execute(paid.distinct())).scalars())
                for column in (entry.customer_id, entry.payment_id, entry.charge_id):
                    known = (
                        select(column)
                        .join(ledger_work, work.number == entry.number)
                        .where(column.in_(some), work.state.in_(("applied", "needs-a-person")))
                    )
                    found |= set((await connection.execute(known.distinct())).scalars())
        return found


def _movement(row: Any) -> Movement:
    return Movement(
        object_id=row["object_id"],
        sort=Sort(row["sort"]),
        at=row["at"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        number=row["number"],
        customer_id=row["customer_id"],
        invoice_id=row["invoice_id"],
        payment_id=row["payment_id"],
        charge_id=row["charge_id"],
    )
