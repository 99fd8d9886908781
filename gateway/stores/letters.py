"""Which letters of subscriptions' lives are due, were sent, or are needless: the port of ``money.living``.

A key is there once, so a letter is due once; and it is put out in the transaction that says it was sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from gateway.model.finding import Progress
from gateway.model.letter import Letter
from gateway.model.life import Due
from gateway.model.mark import Why
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.entering import inserted
from gateway.stores.journal_schema import work_item
from gateway.stores.leaving_schema import letter
from gateway.stores.mailed import put_out
from gateway.stores.money_schema import ledger

_BEGAN = "began"
_DUE, _SENT, _NEEDLESS = "due", "sent", "needless"
_LETTER_SECONDS = 4 * 86400.0


class LifeLetters:
    """Implements ``money.living.Letters``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def began(self, *, now: float, back: float) -> tuple[float, int]:
        row = select(letter.c.at, letter.c.facts).where(letter.c.key == _BEGAN)
        async with self._store.reading() as connection:
            known = (await connection.execute(row)).first()
            if known is not None:
                return known.at, int(known.facts["after"])
            older = select(func.max(ledger.c.number)).where(ledger.c.at < now - back)
            after = (await connection.execute(older)).scalar() or 0
        first = _row(_BEGAN, at=now, until=now, state=_SENT) | {"facts": {"after": after}}

        def work(connection: Connection) -> tuple[float, int]:
            inserted(connection, insert(letter).values(**first))
            found = connection.execute(row).one()
            return found.at, int(found.facts["after"])

        return await self._store.write(work)

    async def note(self, dues: Sequence[Due], *, after: int | None, now: float) -> None:
        def work(connection: Connection) -> None:
            known = set()
            for start in range(0, len(dues), 500):
                keys = [each.key for each in dues[start : start + 500]]
                rows = connection.execute(select(letter.c.key).where(letter.c.key.in_(keys)))
                known |= set(rows.scalars())
            for each in dues:
                if each.key in known:
                    continue
                row = _row(each.key, at=each.at, until=each.until, state=_DUE) | {
                    "kind": str(each.told),
                    "subscription_id": each.subscription_id,
                    "customer_id": each.customer_id,
                    "reader_id": each.reader_id,
                    "next_at": now,
                }
                inserted(connection, insert(letter).values(**row))
            if after is not None:
                began = update(letter).where(letter.c.key == _BEGAN)
                connection.execute(began.values(facts={"after": after}))

        await self._store.write(work)

    async def due(self, *, now: float, limit: int) -> list[tuple[str, str, int]]:
        wanted = (
            select(letter.c.key, letter.c.subscription_id, letter.c.tries)
            .where(letter.c.state == _DUE, letter.c.next_at <= now)
            .order_by(letter.c.next_at, letter.c.key)
            .limit(limit)
        )
        async with self._store.reading() as connection:
            rows = await connection.execute(wanted)
            return [(row.key, row.subscription_id, row.tries) for row in rows]

    async def later(self, key: str, *, next_at: float) -> None:
        again = update(letter).where(letter.c.key == key, letter.c.state == _DUE)
        await self._store.execute(again.values(next_at=next_at, tries=letter.c.tries + 1))

    async def needless(self, key: str) -> None:
        over = update(letter).where(letter.c.key == key, letter.c.state == _DUE)
        await self._store.execute(over.values(state=_NEEDLESS))

    async def send(
        self, key: str, recipient: str, sent: Letter, *, also: str = "", now: float
    ) -> bool:
        ready = and_(letter.c.key == key, letter.c.state == _DUE)

        def work(connection: Connection) -> bool:
            taken = connection.execute(update(letter).where(ready).values(state=_SENT))
            if not taken.rowcount:
                return False
            if also:
                told = _row(also, at=now, until=now + 400 * 86400.0, state=_SENT)
                if not inserted(connection, insert(letter).values(**told)):
                    return False
            until = now + _LETTER_SECONDS
            connection.execute(put_out(recipient, sent, now=now, until=until))
            return True

        return await self._store.write(work)

    async def contact(self, reader: str) -> tuple[str, str] | None:
        """A reader's address, empty where none is proved, and language; None where there is none."""
        own = schema.reader.c
        wanted = select(own.email, own.email_verified, own.language).where(own.id == reader)
        async with self._store.reading() as connection:
            row = (await connection.execute(wanted)).first()
        if row is None:
            return None
        return row.email if row.email_verified else "", row.language

    async def nobodys(self) -> list[str]:
        """Subscriptions that are paid for no account, be it that somebody has looked at it."""
        wanted = (
            select(work_item.c.subscription_id)
            .where(
                work_item.c.why == str(Why.NO_READER),
                work_item.c.progress != str(Progress.SETTLED),
                work_item.c.subscription_id != "",
            )
            .distinct()
            .order_by(work_item.c.subscription_id)
        )
        async with self._store.reading() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def sweep(self, *, before: float) -> int:
        """What is of no use any more is never due again."""
        gone = and_(letter.c.until < before, letter.c.key != _BEGAN)
        return await self._store.execute(delete(letter).where(gone))


def _row(key: str, *, at: float, until: float, state: str) -> dict[str, object]:
    return {
        "key": key,
        "kind": "",
        "subscription_id": "",
        "customer_id": "",
        "reader_id": "",
        "at": at,
        "until": until,
        "facts": {},
        "state": state,
        "tries": 0,
        "next_at": at,
    }
