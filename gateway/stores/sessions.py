"""Sessions and the readers behind them: the port of ``identity.sessions`` on the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    RowMapping,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.identity.sessions import Session
from gateway.model.entitlement import Entitlement
from gateway.model.reader import Reader
from gateway.stores import schema
from gateway.stores.engine import Store
from gateway.stores.entitlements import entitlement_of
from gateway.stores.news import Kind, tell

ABSOLUTE_SECONDS = 180 * 86400.0
IDLE_SECONDS = 60 * 86400.0
SEEN_SECONDS = 300.0

Newsroom = Callable[[str, str, str, Iterable[str]], bool]


def _nobody(provider: str, issuer: str, proved_email: str, groups: Iterable[str]) -> bool:
    return False


class Sessions:
    """Implements ``identity.sessions.SessionStore``; writes tell the workers in one transaction.

    ``newsroom`` tells by a login's provider, its issuer, the verified address and the groups who reads
    every tier.
    """

    def __init__(self, store: Store, *, newsroom: Newsroom = _nobody) -> None:
        self._store = store
        self._newsroom = newsroom

    async def session(self, session_id: str, *, now: float) -> Session | None:
        return (await self.sessions((session_id,), now=now)).get(session_id)

    async def sessions(self, ids: Collection[str], *, now: float) -> Mapping[str, Session]:
        """Those that are live, with what their readers hold, in two queries however many."""
        wanted = (
            select(schema.session, schema.reader)
            .join(schema.reader, schema.reader.c.id == schema.session.c.reader_id)
            .where(_among(schema.session.c.id, ids), schema.session.c.ended_at.is_(None))
        )
        async with self._store.reading() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
            readers = {row[schema.reader.c.id] for row in rows}
            held = await _held_by(connection, readers) if readers else {}
        found = {}
        for row in rows:
            absolute, idle = row[schema.session.c.expires_at], row[schema.session.c.idle_seconds]
            ends = min(absolute, row[schema.session.c.last_seen_at] + idle)
            if now < ends:
                reader = self._reader(row, held.get(row[schema.reader.c.id], ()))
                session_id = row[schema.session.c.id]
                found[session_id] = Session(session_id, reader, ends, min(absolute, now + idle))
        return found

    def _reader(self, row: RowMapping, held: Iterable[Entitlement]) -> Reader:
        login = schema.session.c
        return Reader(
            id=row[schema.reader.c.id],
            email=row[schema.reader.c.email],
            name=row[schema.reader.c.name],
            newsroom=row[schema.reader.c.newsroom]
            or self._newsroom(
                row[login.provider], row[login.issuer], row[login.proved_email], row[login.groups]
            ),
            entitlements=tuple(held),
        )

    async def seen(self, sightings: Mapping[str, float]) -> None:
        """Each worker tells; of one session, at most one telling in SEEN_SECONDS is written."""
        last = schema.session.c.last_seen_at
        noted = (
            update(schema.session)
            .where(
                schema.session.c.id == bindparam("session_id"),
                last <= bindparam("at", type_=Float) - SEEN_SECONDS,
            )
            .values(last_seen_at=bindparam("at", type_=Float))
        )
        rows = [{"session_id": session_id, "at": at} for session_id, at in sightings.items()]

        def work(connection: Connection) -> None:
            connection.execute(noted, rows)

        await self._store.write(work)

    async def begin(
        self,
        session_id: str,
        reader_id: str,
        *,
        now: float,
        provider: str = "",
        absolute_seconds: float = ABSOLUTE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """A new session of a known reader."""

        await self._store.execute(
            insert(schema.session).values(
                id=session_id,
                reader_id=reader_id,
                created_at=now,
                last_seen_at=now,
                expires_at=now + absolute_seconds,
                idle_seconds=idle_seconds,
                provider=provider,
                device="",
            )
        )

    async def end(self, session_id: str, *, now: float) -> None:
        """Revoke one session; every worker hears of it."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(schema.session).where(schema.session.c.id == session_id).values(ended_at=now)
            )
            tell(connection, Kind.SESSION, session_id, now=now)

        await self._store.write(work)

    async def sweep(self, *, before: float) -> int:
        """Delete sessions that ended or expired before an instant."""
        session = schema.session.c
        over = or_(
            session.expires_at < before,
            session.ended_at < before,
            session.last_seen_at + session.idle_seconds < before,
        )

        def work(connection: Connection) -> int:
            done = connection.execute(delete(schema.session).where(over))
            return done.rowcount

        return await self._store.write(work)


def _among(column: Column[str], wanted: Collection[str]) -> ColumnElement[bool]:
    """A list is written anew into each statement: of one, that costs a quarter more."""
    return column == next(iter(wanted)) if len(wanted) == 1 else column.in_(tuple(wanted))


async def _held_by(
    connection: AsyncConnection, readers: Collection[str]
) -> Mapping[str, list[Entitlement]]:
    wanted = select(schema.entitlement).where(_among(schema.entitlement.c.reader_id, readers))
    held: dict[str, list[Entitlement]] = {}
    for each in (await connection.execute(wanted)).mappings():
        held.setdefault(each["reader_id"], []).append(entitlement_of(each))
    return held


class Readers:
    """Accounts and what they hold."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, reader: Reader, *, now: float) -> None:
        await self._store.execute(
            insert(schema.reader).values(
                id=reader.id,
                email=reader.email,
                email_verified=False,
                name=reader.name,
                language="",
                newsroom=reader.newsroom,
                created_at=now,
            )
        )

    async def entitle(
        self, reader_id: str, entitlements: Iterable[Entitlement], *, now: float
    ) -> None:
        """Replace all that a reader holds; every worker hears of it."""
        rows = [
            {
                "reader_id": reader_id,
                "tier": each.tier,
                "starts_at": each.starts_at,
                "ends_at": each.ends_at,
                "mendable": each.mendable,
                "entries": list(each.entries),
            }
            for each in entitlements
        ]

        def work(connection: Connection) -> None:
            connection.execute(
                delete(schema.entitlement).where(schema.entitlement.c.reader_id == reader_id)
            )
            if rows:
                connection.execute(insert(schema.entitlement), rows)
            tell(connection, Kind.READER, reader_id, now=now)

        await self._store.write(work)
