"""Whom a provider has logged out of late: a login that was proved before, and is under way yet, begins no
session. A row of ``used`` stands for each, for longer than such a login may take.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from gateway.model.identity import Identity
from gateway.stores import schema

_KEPT_SECONDS = 3600.0
_used = schema.used.c
_LAST = select(func.max(_used.until)).where(_used.key.in_(bindparam("keys", expanding=True)))


def names(issuer: str, subject: str, session_id: str) -> list[str]:
    """What a login and its end both lock, so that one of them finds the other."""
    named = [f"{issuer} {subject}"] if subject else []
    return [*named, f"{issuer} sid {session_id}"] if session_id else named


def note(
    connection: Connection, issuer: str, subject: str, session_id: str, *, said_at: float
) -> None:
    row = {"key": _key(issuer, subject, session_id), "until": said_at + _KEPT_SECONDS}
    before = connection.execute(_LAST, {"keys": [row["key"]]}).scalar()
    if before is not None and before >= row["until"]:
        return
    connection.execute(delete(schema.used).where(_used.key == row["key"]))
    connection.execute(insert(schema.used), row)


def since(connection: Connection, identity: Identity) -> bool:
    """Whether its provider has ended it since it said who this is; in the same second counts."""
    if not identity.issued_at:
        return False
    issuer, subject, session_id = identity.issuer, identity.subject, identity.session_id
    keys = {
        _key(issuer, subject, ""),
        _key(issuer, "", session_id),
        _key(issuer, subject, session_id),
    }
    until = connection.execute(_LAST, {"keys": sorted(keys)}).scalar()
    return until is not None and identity.issued_at <= until - _KEPT_SECONDS


def _key(issuer: str, subject: str, session_id: str) -> str:
    named = "\n".join((issuer, subject, session_id))
    return f"out {hashlib.sha256(named.encode()).hexdigest()}"
