"""News: what changed, told in the transaction that changed it, polled by every worker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text

from gateway.stores import schema
from gateway.stores.engine import NEWS_TOLD, Store

BATCH_MAX = 1000
_LOCK = 0x6E657773  # any number that nobody else takes: "news"
# Made once: workers ask three times a second, on the loop that serves articles.
_SINCE = (
    select(schema.news.c.number, schema.news.c.kind, schema.news.c.key)
    .where(schema.news.c.number > bindparam("known"))
    .order_by(schema.news.c.number)
    .limit(BATCH_MAX)
)


class Kind(StrEnum):
    SESSION = "session"  # key: the session id
    READER = "reader"  # key: the reader id
    OPENING = "opening"  # key: nothing; read the openings again
    PURGE = "purge"  # key: path:…, tag:… or all
    PRICES = "prices"  # key: nothing; read the catalogue again


@dataclass(frozen=True, slots=True)
class Item:
    number: int
    kind: str
    key: str


def tell(connection: Connection, kind: Kind, *keys: str, now: float) -> None:
    """Within the caller's transaction, so that news never runs ahead of the change.

    Call it last. PostgreSQL gives out numbers before transactions commit, and a poller that has
    read 6 never looks at a 5 committed later: from here to the commit, one tells at a time.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    rows = [{"at": now, "kind": str(kind), "key": key} for key in keys]
    connection.execute(insert(schema.news), rows)
    connection.info[NEWS_TOLD] = True


class News:
    """Implements the port of ``bus.polling``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # The number behind which there was nothing, and the store's version then.
        self._nothing_behind: tuple[int, int | None] | None = None

    async def last(self) -> int:
        async with self._store.reading() as connection:
            found = await connection.execute(select(func.max(schema.news.c.number)))
            return found.scalar() or 0

    async def since(self, number: int) -> list[Item]:
        """The next pieces of news, at most BATCH_MAX; none when all is known."""
        version = self._store.changes.version()
        if version is not None and self._nothing_behind == (number, version):
            return []
        async with self._store.reading() as connection:
            found = [Item(*row) for row in await connection.execute(_SINCE, {"known": number})]
        self._nothing_behind = None if found else (number, version)
        return found

    async def tell(self, kind: Kind, key: str, *, now: float) -> None:
        def work(connection: Connection) -> None:
            tell(connection, kind, key, now=now)

        await self._store.write(work)

    async def sweep(self, *, before: float) -> int:
        def work(connection: Connection) -> int:
            done = connection.execute(delete(schema.news).where(schema.news.c.at < before))
            return done.rowcount

        return await self._store.write(work)
