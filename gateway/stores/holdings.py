"""What readers hold, for the money way: the port of ``money.project``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from gateway.model.entitlement import Entitlement
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.entitlements import entitlement_of
from gateway.stores.leases import FOLDING, still_held
from gateway.stores.news import Kind, tell

_IDS_MAX = 500


class Holdings:
    """Implements ``money.project.Holdings``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def held(self, reader_ids: Collection[str]) -> dict[str, tuple[Entitlement, ...]]:
        """Of those that have an account, were it nothing; the others aren't named."""
        listed = sorted(reader_ids)
        found: dict[str, list[Entitlement]] = {}
        async with self._store.reading() as connection:
            for start in range(0, len(listed), _IDS_MAX):
                some = listed[start : start + _IDS_MAX]
                known = await connection.execute(
                    select(schema.reader.c.id).where(schema.reader.c.id.in_(some))
                )
                found |= {reader_id: [] for reader_id in known.scalars()}
                rows = await connection.execute(
                    select(schema.entitlement).where(schema.entitlement.c.reader_id.in_(some))
                )
                for row in rows.mappings():
                    found[row["reader_id"]].append(entitlement_of(row))
        return {reader_id: tuple(these) for reader_id, these in found.items()}

    async def holders(self) -> set[str]:
        """Whoever holds anything."""
        async with self._store.reading() as connection:
            rows = await connection.execute(select(schema.entitlement.c.reader_id).distinct())
            return set(rows.scalars())

    async def ending(self, *, after: float, before: float) -> list[str]:
        """The readers that hold something which ends then."""
        ends_at = schema.entitlement.c.ends_at
        wanted = (
            select(schema.entitlement.c.reader_id)
            .where(ends_at > after, ends_at <= before)
            .distinct()
            .order_by(schema.entitlement.c.reader_id)
        )
        async with self._store.reading() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def open(self, *, now: float) -> int:
        """How many entitlements open something now."""
        table = schema.entitlement.c
        wanted = select(func.count()).where(table.starts_at <= now, table.ends_at > now)
        async with self._store.reading() as connection:
            return (await connection.execute(wanted)).scalar() or 0

    async def entitle(
        self, held: Mapping[str, Sequence[Entitlement]], *, now: float, fence: str = ""
    ) -> None:
        """As ``Readers.entitle``, of many readers in one transaction. Each has an account. ``fence``:
        who must hold the lease of folding."""
        rows = [
            {
                "reader_id": reader_id,
                "tier": each.tier,
                "starts_at": each.starts_at,
                "ends_at": each.ends_at,
                "mendable": each.mendable,
                "entries": list(each.entries),
            }
            for reader_id, these in held.items()
            for each in these
        ]

        def replace(connection: Connection) -> None:
            if fence:
                still_held(connection, FOLDING, fence)
            theirs = schema.entitlement.c.reader_id.in_(list(held))
            connection.execute(delete(schema.entitlement).where(theirs))
            if rows:
                connection.execute(insert(schema.entitlement), rows)
            tell(connection, Kind.READER, *held, now=now)

        await self._store.write(replace)
