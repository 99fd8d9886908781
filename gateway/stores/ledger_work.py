"""What is still to be done about entries: the only mutable thing that is said of them.

*Received* and *applied* are two facts: an entry that couldn't be applied stays received and comes
up again, and a redelivery of its event changes nothing about that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import BindParameter, Connection, Update, bindparam, func, select, update

from gateway.model.entry import Entry
from gateway.model.mark import Mark, State, Why
from gateway.stores import money_schema
from gateway.stores.engine import Store
from gateway.stores.leases import FOLDING, still_held
from gateway.stores.ledger import entry_of

_NUMBERS_MAX = 5000  # in one statement; SQLite and PostgreSQL take some 32,000 parameters


class LedgerWork:
    """Implements ``money.ledger.Work``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def _write(self, changed: Update, rows: Sequence[Mapping[str, object]] = ()) -> None:
        def work(connection: Connection) -> None:
            connection.execute(changed, rows or None)

        await self._store.write(work)

    async def due(self, *, now: float, limit: int) -> list[Entry]:
        """Entries that wait to be applied, the oldest first."""
        work = money_schema.ledger_work.c
        return await self._waiting(work.state == State.RECEIVED, work.next_at, now, limit)

    async def hints(self, *, now: float, limit: int) -> list[Entry]:
        """Entries whose object is to be fetched, the oldest first."""
        work = money_schema.ledger_work.c
        return await self._waiting(work.fetch == "wanted", work.fetch_next_at, now, limit)

    async def _waiting(self, which: object, next_at: object, now: float, limit: int) -> list[Entry]:
        ledger, work = money_schema.ledger, money_schema.ledger_work
        wanted = (
            select(ledger)
            .join(work, work.c.number == ledger.c.number)
            .where(which, next_at <= now)  # type: ignore[arg-type, operator]  # one of two columns
            .order_by(ledger.c.number)
            .limit(limit)
        )
        async with self._store.reading() as connection:
            return [entry_of(row) for row in (await connection.execute(wanted)).mappings()]

    async def mark(self, marks: Mapping[int, Mark], *, now: float, fence: str = "") -> None:
        """Write down what became of entries; where nothing changed, nothing is written. ``fence``: who
        must hold the lease of folding."""
        work = money_schema.ledger_work
        state: BindParameter[str] = bindparam("new_state")
        reason: BindParameter[str] = bindparam("new_reason")
        changed = (
            update(work)
            .where(
                work.c.number == bindparam("of"),
                (work.c.state != state) | (work.c.reason != reason),
            )
            .values(state=state, reason=reason, failure="", changed_at=now)
        )
        rows = [
            {"of": number, "new_state": str(mark.state), "new_reason": str(mark.reason)}
            for number, mark in sorted(marks.items())
        ]

        def put(connection: Connection) -> None:
            if fence:
                still_held(connection, FOLDING, fence)
            connection.execute(changed, rows)

        if rows:
            await self._store.write(put)

    async def later(self, numbers: Collection[int], *, next_at: float) -> None:
        """Applying failed: try these again, and not before."""
        work = money_schema.ledger_work
        await self._write(
            update(work)
            .where(work.c.number.in_(numbers))
            .values(tries=work.c.tries + 1, next_at=next_at)
        )

    async def failed(self, failures: Mapping[int, str], *, now: float) -> None:
        """Why applying these failed, for whoever looks."""
        work = money_schema.ledger_work
        why: BindParameter[str] = bindparam("why")
        changed = (
            update(work)
            .where(
                work.c.number == bindparam("of"),
                (work.c.failure != why) | (work.c.reason != Why.FAILED),
            )
            .values(failure=why, reason=Why.FAILED, state=State.RECEIVED, changed_at=now)
        )
        rows = [{"of": number, "why": said[:300]} for number, said in sorted(failures.items())]
        if rows:
            await self._write(changed, rows)

    async def fetched(self, numbers: Collection[int]) -> None:
        """Their objects' answers stand in the ledger."""
        work = money_schema.ledger_work
        await self._write(update(work).where(work.c.number.in_(numbers)).values(fetch="done"))

    async def fetch_later(self, numbers: Collection[int], *, next_at: float) -> None:
        work = money_schema.ledger_work
        await self._write(
            update(work)
            .where(work.c.number.in_(numbers))
            .values(fetch_tries=work.c.fetch_tries + 1, fetch_next_at=next_at)
        )

    async def tries(self, numbers: Collection[int]) -> dict[int, tuple[int, int]]:
        """How often applying and fetching have failed."""
        work = money_schema.ledger_work.c
        wanted = select(work.number, work.tries, work.fetch_tries).where(work.number.in_(numbers))
        async with self._store.reading() as connection:
            rows = await connection.execute(wanted)
            return {row.number: (row.tries, row.fetch_tries) for row in rows}

    async def marks(self, numbers: Collection[int]) -> dict[int, Mark]:
        work = money_schema.ledger_work.c
        listed = sorted(numbers)
        marks: dict[int, Mark] = {}
        async with self._store.reading() as connection:
            for start in range(0, len(listed), _NUMBERS_MAX):
                some = work.number.in_(listed[start : start + _NUMBERS_MAX])
                wanted = select(work.number, work.state, work.reason).where(some)
                for row in await connection.execute(wanted):
                    marks[row.number] = Mark(State(row.state), row.reason)
        return marks

    async def count(self) -> dict[State, int]:
        """For metrics and the console."""
        state = money_schema.ledger_work.c.state
        async with self._store.reading() as connection:
            rows = await connection.execute(select(state, func.count()).group_by(state))
            return {State(row[0]): row[1] for row in rows}
