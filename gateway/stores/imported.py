"""Accounts that a file brings: the port of ``money.importing``. Nobody logs in to one before the address
was proved by mail; then it is an account like any other (``entering``).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, insert, or_, select

from gateway.model.identity import MAIL_ISSUER
from gateway.model.imported import Found, Person
from gateway.stores import schema
from gateway.stores.addresses import unclaimed
from gateway.stores.adopting_schema import imported
from gateway.stores.engine import Store
from gateway.stores.entering import lock

_ROWS_MAX = 200  # in one transaction: nobody else writes meanwhile


class Imported:
    """Implements ``money.importing.People``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def found(self, addresses: Collection[str]) -> dict[str, Found]:
        """By address the account that a file means. An address that somebody merely claims is nobody's."""
        listed = sorted(addresses)
        known: dict[str, Found] = {}

        def work(connection: Connection) -> None:
            for start in range(0, len(listed), _ROWS_MAX):
                known.update(_found(connection, listed[start : start + _ROWS_MAX]))

        await self._store.read(work)
        return known

    async def add(self, people: Sequence[Person], *, now: float) -> dict[str, str]:
        """Accounts for those who have none; by address each one's id."""
        ids: dict[str, str] = {}
        for start in range(0, len(people), _ROWS_MAX):
            some = people[start : start + _ROWS_MAX]
            ids |= await self._add(some, now=now)
        return ids

    async def _add(self, people: Sequence[Person], *, now: float) -> dict[str, str]:
        reader = schema.reader

        def work(connection: Connection) -> dict[str, str]:
            # Two imports at once, or an import and a first login, make one account.
            lock(connection, *(each.email for each in people))
            known = _found(connection, [each.email for each in people])
            ids = {email: each.reader for email, each in known.items()}
            new = {each.email: each for each in people if each.email not in ids}
            made = {email: secrets.token_hex(12) for email in new}
            rows = [
                {
                    "id": made[email],
                    "email": email,
                    "email_verified": False,
                    "name": each.name[:200],
                    "language": each.language[:16],
                    "newsroom": False,
                    "created_at": now,
                }
                for email, each in new.items()
            ]
            if rows:
                connection.execute(insert(reader), rows)
                marks = [{"reader_id": each["id"], "at": now} for each in rows]
                connection.execute(insert(imported), marks)
            return ids | made

        return await self._store.write(work)


def _found(connection: Connection, addresses: Sequence[str]) -> dict[str, Found]:
    """Whose mailed way to log in it is; else the account that an earlier file brought; else the oldest
    that proved the address."""
    reader, way = schema.reader.c, schema.reader_identity.c
    rows = connection.execute(
        select(reader.id, reader.email, unclaimed().label("unclaimed"))
        .where(reader.email.in_(addresses), or_(reader.email_verified, unclaimed()))
        .order_by(unclaimed().desc(), reader.created_at, reader.id)
    )
    found: dict[str, Found] = {}
    for row in rows:
        found.setdefault(row.email, Found(row.id, claimed=not row.unclaimed))
    mailed = connection.execute(
        select(way.subject, way.reader_id).where(
            way.issuer == MAIL_ISSUER, way.subject.in_(addresses)
        )
    )
    return found | {row.subject: Found(row.reader_id, claimed=True) for row in mailed}
