"""Stories opened by hand (`lychgate open`), each with a line in the audit log."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from gateway.model.opening import Opening
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.news import Kind, tell


class Openings:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self, opening: Opening, *, now: float) -> None:
        """Open, audit and tell the workers, in one transaction."""

        def work(connection: Connection) -> None:
            connection.execute(
                insert(schema.opening).values(
                    path=opening.path,
                    until=opening.until,
                    reason=opening.reason,
                    by=opening.by,
                    at=now,
                )
            )
            _audited(connection, "open", opening, now)
            tell(connection, Kind.OPENING, opening.path, now=now)

        await self._store.write(work)

    async def close(self, opening: Opening, *, now: float) -> bool:
        """End what is open at ``opening``'s path by its own opening, and audit it. Whether there was any:
        a story that is open with all the others stays so."""
        live = schema.opening.c
        ended = (
            update(schema.opening)
            .where(live.path == opening.path, live.until > now)
            .values(until=now)
        )

        def work(connection: Connection) -> bool:
            if not connection.execute(ended).rowcount:
                return False
            _audited(connection, "close", opening, now)
            tell(connection, Kind.OPENING, opening.path, now=now)
            return True

        return await self._store.write(work)

    async def live(self, *, now: float) -> tuple[Opening, ...]:
        wanted = select(schema.opening).where(schema.opening.c.until > now)
        async with self._store.reading() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return tuple(Opening(row["path"], row["until"], row["reason"], row["by"]) for row in rows)


def _audited(connection: Connection, act: str, opening: Opening, now: float) -> None:
    connection.execute(
        insert(schema.audit).values(
            at=now, who=opening.by, act=act, what=opening.path or "all", why=opening.reason
        )
    )
