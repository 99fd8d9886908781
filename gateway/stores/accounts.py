"""Accounts on the store: the port of ``identity.accounts``. What tells the workers tells them last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from gateway.identity.accounts import (
    Account,
    Entered,
    Entry,
    Login,
    NotEntered,
)
from gateway.model.identity import MAIL_ISSUER
from gateway.stores import account_rows, addresses, entering, leavers, logged_out, schema
from gateway.stores.engine import Store
from gateway.stores.entitlements import entitlement_of
from gateway.stores.news import Kind, tell


class Accounts:
    """Implements ``identity.accounts.Accounts``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def enter(self, entry: Entry, *, now: float) -> Entered | NotEntered:
        identity = entry.identity

        def work(connection: Connection) -> Entered | NotEntered:
            if entry.adding_to:
                entering.lock(connection, f"ways {entry.adding_to}")
            names = logged_out.names(identity.issuer, identity.subject, identity.session_id)
            entering.lock(connection, *names, *filter(None, [identity.proved_email]))
            if not entering.use(connection, entry.used, entry.used_until):
                return NotEntered.USED
            if logged_out.since(connection, identity):
                return NotEntered.LOGGED_OUT
            chosen = entering.choose(connection, entry, now=now)
            if isinstance(chosen, NotEntered):
                return chosen
            reader_id, is_new, added = chosen
            if not is_new:
                entering.complete(connection, reader_id, entry, now=now)
            session_id = entering.begin(connection, entry, reader_id, now=now)
            return Entered(session_id, reader_id, is_new, added)

        return await self._store.write(work)

    async def login(self, session_id: str, *, now: float) -> Login | None:
        session = schema.session.c
        wanted = select(schema.session).where(session.id == session_id, account_rows.live(now))
        async with self._store.reading() as connection:
            row = (await connection.execute(wanted)).mappings().first()
        if row is None:
            return None
        return Login(
            session_id=row["id"],
            reader_id=row["reader_id"],
            began_at=row["created_at"],
            provider=row["provider"],
            issuer=row["issuer"],
            proved_email=row["proved_email"],
            groups=tuple(row["groups"]),
            id_token=row["id_token"],
        )

    async def account(self, reader_id: str, *, session_id: str, now: float) -> Account | None:
        session, way = schema.session.c, schema.reader_identity.c
        held_by = schema.entitlement.c.reader_id

        def work(connection: Connection) -> Account | None:
            reader = account_rows.row(connection, reader_id)
            if reader is None:
                return None
            ways = connection.execute(
                select(schema.reader_identity)
                .where(way.reader_id == reader_id)
                .order_by(way.added_at)
            )
            sessions = connection.execute(
                select(schema.session)
                .where(session.reader_id == reader_id, account_rows.live(now))
                .order_by(session.last_seen_at.desc())
            )
            held = connection.execute(select(schema.entitlement).where(held_by == reader_id))
            return Account(
                id=reader_id,
                email=reader["email"],
                email_verified=reader["email_verified"],
                name=reader["name"],
                language=reader["language"],
                created_at=reader["created_at"],
                ways=tuple(account_rows.way(row) for row in ways.mappings()),
                sessions=tuple(
                    account_rows.open_session(row, session_id) for row in sessions.mappings()
                ),
                entitlements=tuple(entitlement_of(row) for row in held.mappings()),
            )

        return await self._store.read(work)

    async def ways_of_address(self, email: str) -> Sequence[str]:
        reader, way = schema.reader.c, schema.reader_identity.c
        proved = select(reader.id).where(reader.email == email, reader.email_verified)
        mailed = select(way.reader_id).where(way.issuer == MAIL_ISSUER, way.subject == email)
        wanted = (
            select(way.provider)
            .join(schema.reader, reader.id == way.reader_id)
            .where(way.reader_id.in_(proved.union(mailed)))
            .order_by(reader.created_at, way.added_at)
        )
        async with self._store.reading() as connection:
            return tuple(dict.fromkeys((await connection.execute(wanted)).scalars()))

    async def rename(self, reader_id: str, *, name: str, language: str, now: float) -> None:
        def work(connection: Connection) -> None:
            connection.execute(
                update(schema.reader)
                .where(schema.reader.c.id == reader_id)
                .values(name=name[:200], language=language[:16])
            )
            tell(connection, Kind.READER, reader_id, now=now)

        await self._store.write(work)

    async def remove_way(self, reader_id: str, key: str, *, now: float) -> bool:
        way, session = schema.reader_identity.c, schema.session.c

        def work(connection: Connection) -> bool:
            entering.lock(connection, f"ways {reader_id}")
            rows = connection.execute(
                select(way.issuer, way.subject).where(way.reader_id == reader_id)
            )
            found = {account_rows.key(row.issuer, row.subject): row for row in rows}
            if key not in found or len(found) == 1:
                return False
            row = found[key]
            connection.execute(
                delete(schema.reader_identity).where(
                    way.issuer == row.issuer, way.subject == row.subject
                )
            )
            theirs = and_(session.issuer == row.issuer, session.subject == row.subject)
            account_rows.end(connection, theirs, now=now)
            addresses.settle(connection, reader_id, now=now)
            return True

        return await self._store.write(work)

    async def end(self, session_id: str, *, now: float) -> None:
        def work(connection: Connection) -> None:
            account_rows.end(connection, schema.session.c.id == session_id, now=now)

        await self._store.write(work)

    async def end_by_key(self, reader_id: str, key: str, *, now: float) -> bool:
        session = schema.session.c

        def work(connection: Connection) -> bool:
            rows = connection.execute(
                select(session.id).where(session.reader_id == reader_id, account_rows.live(now))
            )
            for session_id in rows.scalars().all():
                if account_rows.key(session_id) == key:
                    return bool(account_rows.end(connection, session.id == session_id, now=now))
            return False

        return await self._store.write(work)

    async def end_all(self, reader_id: str, *, but: str = "", now: float) -> int:
        session = schema.session.c

        def work(connection: Connection) -> int:
            theirs = and_(session.reader_id == reader_id, session.id != but)
            return account_rows.end(connection, theirs, now=now)

        return await self._store.write(work)

    async def end_by_provider(
        self,
        issuer: str,
        *,
        subject: str,
        provider_session: str,
        said_at: float,
        used: str,
        until: float,
        now: float,
    ) -> int | NotEntered:
        session = schema.session.c
        theirs = [session.issuer == issuer]
        if subject:
            theirs.append(session.subject == subject)
        if provider_session:
            theirs.append(session.provider_session == provider_session)
        assert len(theirs) > 1, "a logout token names somebody"

        def work(connection: Connection) -> int | NotEntered:
            named = logged_out.names(issuer, subject, provider_session)
            entering.lock(connection, *named)
            if not entering.use(connection, used, until):
                return NotEntered.USED
            logged_out.note(connection, issuer, subject, provider_session, said_at=said_at)
            return account_rows.end(connection, and_(*theirs), now=now)

        return await self._store.write(work)

    async def export(self, reader_id: str) -> dict[str, Any]:
        def work(connection: Connection) -> dict[str, Any]:
            reader = account_rows.row(connection, reader_id)
            if reader is None:
                return {}
            kept: dict[str, Any] = {"reader": dict(reader)}
            for table in (schema.reader_identity, schema.session, schema.entitlement):
                rows = connection.execute(select(table).where(table.c.reader_id == reader_id))
                kept[table.name] = [account_rows.shown(row) for row in rows.mappings()]
            proved = addresses.proved(connection, reader_id)
            kept["leaving"] = [
                account_rows.shown(row) for row in leavers.kept(connection, reader_id, proved)
            ]
            return kept

        return await self._store.read(work)

    async def erase(self, reader_id: str, *, now: float) -> None:
        session = schema.session.c

        def work(connection: Connection) -> None:
            reader = account_rows.row(connection, reader_id)
            rows = connection.execute(select(session.id).where(session.reader_id == reader_id))
            over = rows.scalars().all()
            if reader is not None and reader["email"]:
                connection.execute(
                    delete(schema.mailed).where(schema.mailed.c.email == reader["email"])
                )
            # The rows that hang on it go with it (ON DELETE CASCADE).
            connection.execute(delete(schema.reader).where(schema.reader.c.id == reader_id))
            if over:
                tell(connection, Kind.SESSION, *over, now=now)
            tell(connection, Kind.READER, reader_id, now=now)

        await self._store.write(work)

    async def sweep(self, *, before: float) -> int:
        """Forget what may be used once and is over anyway."""

        def work(connection: Connection) -> int:
            gone = 0
            for table in (schema.used, schema.mailed, schema.rate, schema.outgoing):
                done = connection.execute(delete(table).where(table.c.until < before))
                gone += done.rowcount
            return gone

        return await self._store.write(work)
