"""Links by which readers take along what they pay already: the port of ``money.adopting``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from gateway.model.adoption import Asked, Link
from gateway.model.finding import Progress
from gateway.model.letter import Letter
from gateway.model.mark import Why
from gateway.stores.adopting_schema import adoption, adoption_asked, payer
from gateway.stores.engine import Store
from gateway.stores.entering import lock
from gateway.stores.journal_schema import work_item
from gateway.stores.mailed import put_out


class Adoptions:
    """Implements ``money.adopting.Adoptions``. Who pays for nobody is what the work list says."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def unknown(self, *, now: float, limit: int) -> Sequence[str]:
        wanted = (
            select(work_item.c.customer_id)
            .outerjoin(payer, payer.c.customer_id == work_item.c.customer_id)
            .where(_pays_for_nobody(), or_(payer.c.next_at.is_(None), payer.c.next_at <= now))
            .distinct()
            .order_by(work_item.c.customer_id)
            .limit(limit)
        )
        async with self._store.reading() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def learn(self, customer: str, address_key: str, *, next_at: float) -> None:
        told = {"address_key": address_key, "next_at": next_at}

        def work(connection: Connection) -> None:
            lock(connection, f"payer {customer}")
            known = payer.c.customer_id == customer
            done = connection.execute(update(payer).where(known).values(**told))
            if not done.rowcount:
                connection.execute(insert(payer).values(customer_id=customer, **told))

        await self._store.write(work)

    async def customers_at(self, address_keys: Collection[str]) -> Sequence[str]:
        keys = sorted(set(address_keys) - {""})
        wanted = (
            select(payer.c.customer_id)
            .join(work_item, work_item.c.customer_id == payer.c.customer_id)
            .where(_pays_for_nobody(), payer.c.address_key.in_(keys))
            .distinct()
            .order_by(payer.c.customer_id)
        )
        async with self._store.reading() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def ask(self, asked: Asked, *, now: float) -> None:
        await self._store.execute(
            insert(adoption_asked).values(
                address_keys=list(asked.address_keys),
                language=asked.language[:16],
                return_to=asked.return_to,
                at=now,
                until=asked.until,
                next_at=now,
            )
        )

    async def due(self, *, now: float, limit: int) -> Sequence[Asked]:
        table = adoption_asked
        wanted = (
            select(table)
            .where(table.c.next_at <= now, table.c.until > now)
            .order_by(table.c.number)
            .limit(limit)
        )
        async with self._store.reading() as connection:
            return [_asked(row) for row in (await connection.execute(wanted)).mappings()]

    async def ask_later(self, number: int, *, next_at: float) -> None:
        await self._store.execute(
            update(adoption_asked).where(adoption_asked.c.number == number).values(next_at=next_at)
        )

    async def answered(self, number: int) -> None:
        await self._store.execute(delete(adoption_asked).where(adoption_asked.c.number == number))

    async def send(self, link: Link, recipient: str, letter: Letter) -> None:
        rows = [
            {
                "token_hash": link.token_hash,
                "customer_id": each,
                "language": link.language[:16],
                "return_to": link.return_to,
                "created_at": link.created_at,
                "until": link.until,
                "used_by": "",
                "used_at": None,
            }
            for each in link.customers
        ]

        def work(connection: Connection) -> None:
            connection.execute(insert(adoption), rows)
            sent = put_out(recipient, letter, now=link.created_at, until=link.until)
            connection.execute(sent)

        await self._store.write(work)

    async def find(self, token_hash: str, *, now: float) -> Link | None:
        return await self._store.read(partial(_link, token_hash=token_hash, now=now))

    async def take(self, token_hash: str, reader: str, *, now: float) -> Link | None:
        def work(connection: Connection) -> Link | None:
            link = _link(connection, token_hash, now=now)
            if link is None:
                return None
            lock(connection, *(f"adopt {each}" for each in link.customers))
            # Another may have taken it, or another link to the same, while we waited.
            link = _link(connection, token_hash, now=now)
            if link is None or link.used_by not in ("", reader):
                return None
            if not link.used_by:
                own = adoption.c.token_hash == token_hash
                taken = {"used_by": reader, "used_at": now}
                connection.execute(update(adoption).where(own).values(**taken))
            others = and_(
                adoption.c.customer_id.in_(link.customers), adoption.c.token_hash != token_hash
            )
            connection.execute(delete(adoption).where(others))
            return _link(connection, token_hash, now=now)

        return await self._store.write(work)

    async def sweep(self, *, before: float) -> int:
        """What is over; and the addresses of those who pay for somebody by now, or no more."""
        still = select(work_item.c.customer_id).where(_pays_for_nobody())

        def work(connection: Connection) -> int:
            gone = 0
            for which in (
                delete(adoption_asked).where(adoption_asked.c.until < before),
                delete(adoption).where(adoption.c.until < before),
                delete(payer).where(payer.c.customer_id.not_in(still)),
            ):
                gone += connection.execute(which).rowcount
            return gone

        return await self._store.write(work)


def _pays_for_nobody() -> ColumnElement[bool]:
    """Work that was done by hand counts too: somebody looked, and the customer still pays."""
    return and_(
        work_item.c.why == str(Why.NO_READER),
        work_item.c.subject == work_item.c.customer_id,
        work_item.c.progress != str(Progress.SETTLED),
    )


def _asked(row: Any) -> Asked:
    return Asked(
        number=row["number"],
        address_keys=tuple(row["address_keys"]),
        language=row["language"],
        return_to=row["return_to"],
        until=row["until"],
    )


def _link(connection: Connection, token_hash: str, *, now: float) -> Link | None:
    wanted = (
        select(adoption)
        .where(adoption.c.token_hash == token_hash, adoption.c.until > now)
        .order_by(adoption.c.customer_id)
    )
    rows = connection.execute(wanted).mappings().all()
    if not rows:
        return None
    first = rows[0]
    return Link(
        token_hash=token_hash,
        customers=tuple(row["customer_id"] for row in rows),
        language=first["language"],
        return_to=first["return_to"],
        created_at=first["created_at"],
        until=first["until"],
        used_by=first["used_by"],
        used_at=first["used_at"] or 0.0,
    )
