"""Rows of accounts: how forms call them, which sessions live, and how one ends."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from gateway.identity.accounts import OpenSession, Way
from gateway.stores import schema
from gateway.stores.news import Kind, tell

# What opens something, or says nothing but to us. What a letter says may be a code.
_SECRET_COLUMNS = frozenset(
    "id_token id reader_id once token_hash code_hash browser_hash carried key text html".split()
)


def live(now: float) -> ColumnElement[bool]:
    session = schema.session.c
    return and_(
        session.ended_at.is_(None),
        session.expires_at > now,
        session.last_seen_at + session.idle_seconds > now,
    )


def end(connection: Connection, which: ColumnElement[bool], *, now: float) -> int:
    """End sessions and tell every worker; the number of those that weren't over."""
    session = schema.session
    rows = connection.execute(select(session.c.id).where(which, session.c.ended_at.is_(None)))
    over = rows.scalars().all()
    if over:
        connection.execute(
            update(session).where(session.c.id.in_(over)).values(ended_at=now, id_token="")
        )
        tell(connection, Kind.SESSION, *over, now=now)
    return len(over)


def row(connection: Connection, reader_id: str) -> Any:
    wanted = select(schema.reader).where(schema.reader.c.id == reader_id)
    return connection.execute(wanted).mappings().first()


def key(*names: str) -> str:
    """What forms call a session or a way by: of no use anywhere else."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:20]


def way(row: Any) -> Way:
    named = key(row["issuer"], row["subject"])
    return Way(named, row["provider"], row["issuer"], row["email"], row["proved"], row["added_at"])


def open_session(row: Any, current: str) -> OpenSession:
    return OpenSession(
        key=key(row["id"]),
        device=row["device"],
        network=row["network"],
        country=row["country"],
        began_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        provider=row["provider"],
        current=row["id"] == current,
    )


def shown(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _SECRET_COLUMNS}
