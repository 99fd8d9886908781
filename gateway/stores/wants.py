"""What the fold wants to know of Stripe, on the store: nothing is forgotten when a process ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from gateway.stores import prices_schema
from gateway.stores.engine import Store

_ROWS_MAX = 500  # in one statement


class Wants:
    """Implements ``money.fetching.Wants``; a want is its kind and an id, and anything that has both."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def want(self, wants: Collection[tuple[str, str]], *, now: float) -> None:
        """One that is known already keeps the moment at which it may be asked."""
        listed = sorted(wants)
        for start in range(0, len(listed), _ROWS_MAX):
            some = listed[start : start + _ROWS_MAX]
            await self._store.write(partial(_want, wants=some, now=now))

    async def due(self, *, now: float, limit: int) -> dict[tuple[str, str], int]:
        """How often each was asked in a row; those that wait longest come first."""
        table = prices_schema.want
        wanted = (
            select(table.c.kind, table.c.id, table.c.tries)
            .where(table.c.wanted, table.c.next_at <= now)
            .order_by(table.c.next_at, table.c.kind, table.c.id)
            .limit(limit)
        )
        async with self._store.reading() as connection:
            return {(row.kind, row.id): row.tries for row in await connection.execute(wanted)}

    async def asked(self, want: tuple[str, str], *, settled: bool, next_at: float) -> None:
        """``settled``: answered, so it comes up again only if the fold wants it again."""
        table = prices_schema.want
        await self._store.execute(
            update(table)
            .where(table.c.kind == want[0], table.c.id == want[1])
            .values(wanted=not settled, tries=table.c.tries + 1, next_at=next_at)
        )

    async def sweep(self, *, before: float) -> int:
        table = prices_schema.want
        gone = ~table.c.wanted & (table.c.next_at < before)
        return await self._store.execute(delete(table).where(gone))


def _want(connection: Connection, wants: Sequence[tuple[str, str]], now: float) -> None:
    table = prices_schema.want
    these = tuple_(table.c.kind, table.c.id).in_(wants)
    rows = connection.execute(select(table.c.kind, table.c.id, table.c.wanted).where(these))
    known = {(row.kind, row.id): row.wanted for row in rows}
    if not all(known.values()):
        connection.execute(update(table).where(these).values(wanted=True))
    new = [
        {"kind": kind, "id": of, "wanted": True, "tries": 0, "next_at": now}
        for kind, of in wants
        if (kind, of) not in known
    ]
    if new:
        connection.execute(insert(table), new)
