"""What holds that operators should hear of, read from the money way's tables; and what was told."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, delete, func, insert, select, tuple_, update

from gateway.clock import Clock
from gateway.model.alert import Alert, Condition, Told
from gateway.model.finding import Progress
from gateway.model.letter import Letter
from gateway.model.mark import State, Why
from gateway.stores.engine import Store
from gateway.stores.journal_schema import work_item
from gateway.stores.mailed import put_out
from gateway.stores.money_schema import ledger, ledger_work
from gateway.stores.rates import RateStorage
from gateway.stores.reviews_schema import alert as table

LATE_SECONDS = 600.0
FORGED_MAX = 5  # in one window
FORGED_SECONDS = 600
DISPUTES_MAX = 50
_REFUSED = "alerts webhook-refused"
_LETTER_SECONDS = 86400.0


class Conditions:
    """Implements ``jobs.alerts.Conditions``."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._refusals = RateStorage(store, clock)

    async def holding(self, *, now: float) -> Sequence[Alert]:
        work, item = ledger_work.c, work_item.c
        failed = select(func.count()).where(work.reason == str(Why.FAILED))
        waiting = select(func.count()).where(
            work.state == str(State.RECEIVED),
            work.reason != str(Why.FAILED),
            work.changed_at < now - LATE_SECONDS,
        )
        late = select(func.count()).where(
            ledger.c.at > now - LATE_SECONDS,
            ledger.c.source == "webhook",
            ledger.c.at - ledger.c.observed_at >= LATE_SECONDS,
        )
        drift = select(func.count()).where(
            item.why == str(Why.DRIFT), item.progress == str(Progress.OPEN)
        )
        stopped = select(item.detail).where(
            item.why == str(Why.STOPPED), item.progress == str(Progress.OPEN)
        )
        disputes = select(item.subject).where(
            item.why == str(Why.DISPUTED), item.progress == str(Progress.OPEN)
        )
        async with self._store.reading() as connection:
            counts = [
                (await connection.execute(each)).scalar_one()
                for each in (failed, waiting, late, drift)
            ]
            stops = (await connection.execute(stopped)).scalars().all()
            disputed = (await connection.execute(disputes.limit(DISPUTES_MAX))).scalars().all()
        refused = await self._refusals.get(_REFUSED)
        found = [
            (Condition.FAILED, counts[0]),
            (Condition.LATE, counts[1] + counts[2]),
            (Condition.FORGED, refused if refused >= FORGED_MAX else 0),
            (Condition.DRIFT, counts[3]),
        ]
        alerts = [Alert(condition, "", str(count)) for condition, count in found if count]
        alerts += [Alert(Condition.STOPPED, "", each) for each in stops]
        return [*alerts, *(Alert(Condition.DISPUTED, each, each) for each in disputed)]


class Refusals:
    """Webhooks that weren't signed by Stripe, counted for the alert."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._rates = RateStorage(store, clock)

    async def add(self, count: int) -> None:
        """Raises StoreUnavailable."""
        await self._rates.incr(_REFUSED, FORGED_SECONDS, count)


class Tellings:
    """Implements ``jobs.alerts.Tellings``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def told(self) -> dict[tuple[str, str], Told]:
        async with self._store.reading() as connection:
            rows = (await connection.execute(select(table))).all()
        return {
            (row.condition, row.subject): Told(
                Alert(Condition(row.condition), row.subject, row.detail), row.posted, row.tries
            )
            for row in rows
        }

    async def tell(
        self, alert: Alert, letters: Sequence[tuple[str, Letter]], *, posted: bool, now: float
    ) -> None:
        row = {
            "condition": str(alert.condition),
            "subject": alert.subject,
            "detail": alert.detail[:300],
            "since": now,
            "posted": posted,
            "tries": 0,
        }

        def work(connection: Connection) -> None:
            connection.execute(insert(table).values(**row))
            for recipient, letter in letters:
                until = now + _LETTER_SECONDS
                connection.execute(put_out(recipient, letter, now=now, until=until))

        await self._store.write(work)

    async def tried(self, alert: Alert, *, posted: bool) -> None:
        this = and_(table.c.condition == str(alert.condition), table.c.subject == alert.subject)

        def work(connection: Connection) -> None:
            changed = update(table).where(this)
            connection.execute(changed.values(posted=posted, tries=table.c.tries + 1))

        await self._store.write(work)

    async def clear(self, keys: Collection[tuple[str, str]]) -> None:
        these = tuple_(table.c.condition, table.c.subject).in_(sorted(keys))
        await self._store.execute(delete(table).where(these))
