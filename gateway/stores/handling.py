"""One entry's work state for whoever looks at it, and making it due again."""

from __future__ import annotations

from sqlalchemy import Connection, case, select, update

from gateway.model.handling import Handling
from gateway.model.mark import State
from gateway.stores.engine import Store
from gateway.stores.money_schema import delivery, ledger_work

DELIVERIES_MAX = 20
# What is applied, or none of ours, comes to the same however often it is looked at.
_AGAIN = (str(State.RECEIVED), str(State.NEEDS_A_PERSON))


class HandlingOf:
    """Implements ``console.entries.Handlings``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handling(self, number: int) -> Handling | None:
        """Raises StoreUnavailable."""
        work = select(ledger_work).where(ledger_work.c.number == number)
        sent = select(delivery.c.at).where(delivery.c.entry == number).order_by(delivery.c.number)
        async with self._store.reading() as connection:
            row = (await connection.execute(work)).mappings().first()
            if row is None:
                return None
            moments = (await connection.execute(sent.limit(DELIVERIES_MAX))).scalars().all()
        names = (
            "state reason changed_at tries next_at fetch fetch_tries fetch_next_at failure"
        ).split()
        return Handling(
            **{name: row[name] for name in names},
            sent=row["deliveries"],
            deliveries=tuple(moments),
        )

    async def again(self, number: int, *, now: float) -> bool:
        """Due at once: applying it, and asking Stripe where that waits. False for what came to its end.
        Raises StoreUnavailable."""
        entry = ledger_work.c

        def work(connection: Connection) -> bool:
            done = connection.execute(
                update(ledger_work)
                .where(entry.number == number, entry.state.in_(_AGAIN))
                .values(
                    state=str(State.RECEIVED),
                    reason="",
                    failure="",
                    next_at=now,
                    tries=0,
                    fetch_tries=case((entry.fetch == "wanted", 0), else_=entry.fetch_tries),
                    fetch_next_at=case((entry.fetch == "wanted", now), else_=entry.fetch_next_at),
                )
            )
            return bool(done.rowcount)

        return await self._store.write(work)
