"""Attempts to buy, and the customer that was made for a reader: the port of ``money.selling``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway.model.selling import Attempt, Attempted
from gateway.stores.engine import Store
from gateway.stores.entering import inserted, lock
from gateway.stores.selling_schema import checkout_attempt, customer


class Attempts:
    """Implements ``money.selling.Attempts``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, attempt: Attempt) -> Attempt:
        def work(connection: Connection) -> Attempt:
            lock(connection, f"attempt {attempt.reader}")
            found = connection.execute(
                select(checkout_attempt).where(
                    checkout_attempt.c.reader_id == attempt.reader,
                    checkout_attempt.c.state == Attempted.OPEN,
                )
            )
            row = found.mappings().first()
            if row is not None:
                return _attempt(row)
            connection.execute(insert(checkout_attempt).values(**_row(attempt)))
            return attempt

        return await self._store.write(work)

    async def opened(self, attempt_id: str, session_id: str) -> None:
        await self._set(attempt_id, session_id=session_id)

    async def ended(self, attempt_id: str, state: Attempted) -> None:
        await self._set(attempt_id, state=str(state))

    async def of_session(self, session_id: str) -> Attempt | None:
        wanted = select(checkout_attempt).where(checkout_attempt.c.session_id == session_id)
        async with self._store.reading() as connection:
            row = (await connection.execute(wanted)).mappings().first()
            return None if row is None else _attempt(row)

    async def customer(self, reader: str) -> tuple[str, float] | None:
        wanted = select(customer).where(customer.c.reader_id == reader)
        async with self._store.reading() as connection:
            row = (await connection.execute(wanted)).first()
            return None if row is None else (row.customer_id, row.made_at)

    async def keep_customer(
        self, reader: str, customer_id: str, *, now: float
    ) -> tuple[str, float]:
        row = {"reader_id": reader, "customer_id": customer_id, "made_at": now}

        def work(connection: Connection) -> tuple[str, float]:
            inserted(connection, insert(customer).values(**row))
            kept = connection.execute(select(customer).where(customer.c.reader_id == reader))
            found = kept.one()
            return found.customer_id, found.made_at

        return await self._store.write(work)

    async def forget_customer(self, reader: str, customer_id: str) -> None:
        theirs = (customer.c.reader_id == reader) & (customer.c.customer_id == customer_id)
        await self._store.execute(delete(customer).where(theirs))

    async def _set(self, attempt_id: str, **values: str) -> None:
        await self._store.execute(
            update(checkout_attempt).where(checkout_attempt.c.id == attempt_id).values(**values)
        )


def _row(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.id,
        "reader_id": attempt.reader,
        "plan": attempt.plan,
        "price": attempt.price,
        "parameters": dict(attempt.parameters),
        "return_to": attempt.return_to,
        "language": attempt.language[:16],
        "made_at": attempt.made_at,
        "until": attempt.until,
        "state": str(attempt.state),
        "session_id": attempt.session_id,
    }


def _attempt(row: Any) -> Attempt:
    return Attempt(
        id=row["id"],
        reader=row["reader_id"],
        plan=row["plan"],
        price=row["price"],
        parameters=row["parameters"],
        return_to=row["return_to"],
        language=row["language"],
        made_at=row["made_at"],
        until=row["until"],
        state=Attempted(row["state"]),
        session_id=row["session_id"],
    )
