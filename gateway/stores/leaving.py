"""Requests to leave on the store: the port of ``money.leaving``. One is carried out once: the row says
whose turn it is, and its receipt is put out in the transaction that says it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from gateway.model.amount import Amount
from gateway.model.leaving import Leaving, Outcome, Result, State, Way
from gateway.model.letter import Letter
from gateway.stores.engine import Store
from gateway.stores.entering import inserted
from gateway.stores.leaving_schema import leaving, letter
from gateway.stores.mailed import put_out

CLAIM_SECONDS = 120.0  # longer than one attempt may take
LETTER_SECONDS = 4 * 86400.0


class Leavings:
    """Implements ``money.leaving.Requests``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ask(self, asked: Leaving, sent: Letter) -> None:
        def work(connection: Connection) -> None:
            connection.execute(insert(leaving).values(**_row(asked, next_at=asked.until)))
            _put_out(connection, [(asked.email, sent)], now=asked.asked_at)

        await self._store.write(work)

    async def waiting(self, once: str, *, now: float) -> Leaving | None:
        wanted = select(leaving).where(_waits(once, now))
        async with self._store.reading() as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return None if row is None else _leaving(row)

    async def accept(self, once: str, *, subscriptions: Sequence[str], now: float) -> bool:
        taken = (
            update(leaving)
            .where(_waits(once, now))
            .values(
                state=str(State.ACCEPTED),
                subscriptions=list(subscriptions),
                accepted_at=now,
                next_at=now + CLAIM_SECONDS,
            )
        )
        return bool(await self._store.execute(taken))

    async def begin(self, accepted: Leaving) -> bool:
        row = _row(accepted, next_at=(accepted.accepted_at or 0.0) + CLAIM_SECONDS)

        def work(connection: Connection) -> bool:
            return inserted(connection, insert(leaving).values(**row))

        return await self._store.write(work)

    async def known(self, once: str) -> Leaving | None:
        wanted = select(leaving).where(leaving.c.once == once)
        async with self._store.reading() as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return None if row is None else _leaving(row)

    async def due(self, *, now: float, limit: int) -> list[Leaving]:
        ready = and_(leaving.c.state == str(State.ACCEPTED), leaving.c.next_at <= now)
        wanted = select(leaving.c.id).where(ready).order_by(leaving.c.next_at).limit(limit)
        async with self._store.reading() as connection:
            ids = (await connection.execute(wanted)).scalars().all()
        if not ids:
            return []
        claimed = (
            update(leaving)
            .where(leaving.c.id.in_(ids), ready)
            .values(next_at=now + CLAIM_SECONDS)
            .returning(*leaving.c)
        )

        def work(connection: Connection) -> list[Leaving]:
            return [_leaving(row) for row in connection.execute(claimed).mappings()]

        return await self._store.write(work)

    async def finish(
        self,
        done: Leaving,
        letters: Sequence[tuple[str, Letter]],
        *,
        told: Iterable[str] = (),
        now: float,
    ) -> bool:
        open_ = and_(leaving.c.id == done.id, leaving.c.state == str(State.ACCEPTED))

        def work(connection: Connection) -> bool:
            values: dict[str, Any] = {
                "state": str(State.DONE),
                "done_at": now,
                "receipted": True,
                "subscriptions": list(done.subscriptions),
                "outcomes": [_said(each) for each in done.outcomes],
            }
            closed = connection.execute(update(leaving).where(open_).values(**values))
            if not closed.rowcount:
                return False
            _put_out(connection, letters, now=now)
            for key in told:
                inserted(connection, insert(letter).values(**_spoken_for(key, now)))
            return True

        return await self._store.write(work)

    async def withdrawn(self, *, after: float) -> list[Leaving]:
        since = and_(
            leaving.c.state == str(State.DONE),
            leaving.c.way == str(Way.WITHDRAW),
            leaving.c.done_at > after,
        )
        wanted = select(leaving).where(since).order_by(leaving.c.done_at)
        async with self._store.reading() as connection:
            return [_leaving(row) for row in (await connection.execute(wanted)).mappings()]

    async def amend(
        self, done: Leaving, letters: Sequence[tuple[str, Letter]], *, now: float
    ) -> None:
        outcomes = [_said(each) for each in done.outcomes]

        def work(connection: Connection) -> None:
            connection.execute(
                update(leaving).where(leaving.c.id == done.id).values(outcomes=outcomes)
            )
            _put_out(connection, letters, now=now)

        await self._store.write(work)

    async def later(
        self, waiting: Leaving, letters: Sequence[tuple[str, Letter]], *, next_at: float, now: float
    ) -> None:
        open_ = and_(leaving.c.id == waiting.id, leaving.c.state == str(State.ACCEPTED))
        values = {"tries": leaving.c.tries + 1, "next_at": next_at}

        def work(connection: Connection) -> None:
            connection.execute(update(leaving).where(open_).values(**values))
            if not letters:
                return
            unsaid = and_(open_, leaving.c.receipted.is_(False))
            first = connection.execute(update(leaving).where(unsaid).values(receipted=True))
            if first.rowcount:
                _put_out(connection, letters, now=now)

        return await self._store.write(work)

    async def again(
        self, refused: Leaving, letters: Sequence[tuple[str, Letter]], *, next_at: float, now: float
    ) -> None:
        mine = and_(
            leaving.c.id == refused.id,
            leaving.c.state == str(State.ACCEPTED),
            leaving.c.tries == refused.tries,
        )
        values: dict[str, Any] = {
            "tries": refused.tries + 1,
            "next_at": next_at,
            "receipted": True,
            "subscriptions": list(refused.subscriptions),
            "outcomes": [_said(each) for each in refused.outcomes],
        }

        def work(connection: Connection) -> None:
            if connection.execute(update(leaving).where(mine).values(**values)).rowcount:
                _put_out(connection, letters, now=now)

        await self._store.write(work)

    async def sweep(self, *, before: float) -> int:
        """Forget what nobody confirmed."""
        over = and_(leaving.c.state == str(State.ASKED), leaving.c.until < before)
        return await self._store.execute(delete(leaving).where(over))


def _waits(once: str, now: float) -> Any:
    return and_(leaving.c.once == once, leaving.c.state == str(State.ASKED), leaving.c.until > now)


def _put_out(connection: Connection, letters: Iterable[tuple[str, Letter]], *, now: float) -> None:
    until = now + LETTER_SECONDS
    for recipient, each in letters:
        connection.execute(put_out(recipient, each, now=now, until=until))


def _spoken_for(key: str, now: float) -> dict[str, Any]:
    """A letter that isn't to be sent, for the receipt says the same."""
    return {
        "key": key,
        "kind": "",
        "subscription_id": "",
        "customer_id": "",
        "reader_id": "",
        "at": now,
        "until": now,
        "facts": {},
        "state": "sent",
        "tries": 0,
        "next_at": now,
    }


def _row(said: Leaving, *, next_at: float) -> dict[str, Any]:
    return {
        "id": said.id,
        "once": said.once,
        "way": str(said.way),
        "state": str(said.state),
        "reader_id": said.reader_id,
        "email": said.email,
        "name": said.name,
        "reference": said.reference,
        "wished": said.wished,
        "reason": said.reason,
        "language": said.language,
        "subscriptions": list(said.subscriptions),
        "asked_at": said.asked_at,
        "until": said.until,
        "accepted_at": said.accepted_at,
        "done_at": None,
        "receipted": said.receipted,
        "tries": 0,
        "next_at": next_at,
        "outcomes": [],
    }


def _leaving(row: Any) -> Leaving:
    return Leaving(
        id=row["id"],
        once=row["once"],
        way=Way(row["way"]),
        state=State(row["state"]),
        reader_id=row["reader_id"],
        email=row["email"],
        name=row["name"],
        reference=row["reference"],
        wished=row["wished"],
        reason=row["reason"],
        language=row["language"],
        subscriptions=tuple(row["subscriptions"]),
        asked_at=row["asked_at"],
        until=row["until"],
        accepted_at=row["accepted_at"],
        receipted=row["receipted"],
        tries=row["tries"],
        outcomes=tuple(_outcome(each) for each in row["outcomes"]),
    )


def _said(outcome: Outcome) -> dict[str, Any]:
    return {
        "result": str(outcome.result),
        "subscription_id": outcome.subscription_id,
        "prices": list(outcome.prices),
        "ends_at": outcome.ends_at,
        "refunded": [[each.minor, each.currency] for each in outcome.refunded],
        "by_hand": [[each.minor, each.currency] for each in outcome.by_hand],
        "before": outcome.before,
    }


def _outcome(said: dict[str, Any]) -> Outcome:
    return Outcome(
        result=Result(said["result"]),
        subscription_id=said["subscription_id"],
        prices=tuple(said["prices"]),
        ends_at=said["ends_at"],
        refunded=tuple(Amount(minor, currency) for minor, currency in said["refunded"]),
        # Rows of before don't have these.
        by_hand=tuple(Amount(minor, currency) for minor, currency in said.get("by_hand", ())),
        before=said.get("before", False),
    )
