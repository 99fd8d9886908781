"""From an identity to a session, within one transaction: the steps of ``accounts.Accounts.enter``.

On PostgreSQL two first logins of one person, or two people of one address, may come at once: each
takes a lock on both names first, so that the second one finds what the first has made. SQLite has
one writer anyway.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from gateway.identity.accounts import Entry, Joining, NotEntered
from gateway.identity.cookies import new_session_id
from gateway.model.identity import MAIL_ISSUER, Identity
from gateway.stores import account_rows, addresses, schema
from gateway.stores.adopting_schema import imported

_DEVICE_MAX = 200
_ID_TOKEN_MAX = 8000


# Made once: a login is a dozen short statements, and making them anew was a third of it.
_reader, _way, _session = schema.reader.c, schema.reader_identity.c, schema.session.c
_READER = select(schema.reader).where(_reader.id == bindparam("reader_id"))
# Held until the session stands: whoever removes this way, or moves it to another account, waits for
# it and ends it; and who comes later finds what they have done.
_READER_OF = (
    select(_way.reader_id)
    .where(_way.issuer == bindparam("issuer"), _way.subject == bindparam("subject"))
    .with_for_update(key_share=True)
)
_READER_AT = (
    select(_reader.id)
    .where(_reader.email == bindparam("email"), or_(_reader.email_verified, addresses.unclaimed()))
    .order_by(addresses.unclaimed().desc(), _reader.created_at, _reader.id)
    .limit(1)
)
_CLAIMED = delete(imported).where(imported.c.reader_id == bindparam("reader_id"))
_INSERT_USED = insert(schema.used)
_INSERT_READER = insert(schema.reader)
_INSERT_WAY = insert(schema.reader_identity)
_INSERT_SESSION = insert(schema.session)


def lock(connection: Connection, *names: str) -> None:
    """Until the transaction ends; always in the same order, so that two can't wait for each other."""
    if connection.dialect.name != "postgresql":
        return
    keys = {
        int.from_bytes(hashlib.sha256(each.encode()).digest()[:8], signed=True) for each in names
    }
    for key in sorted(keys):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def inserted(
    connection: Connection, statement: Insert, row: Mapping[str, Any] | None = None
) -> bool:
    """False where a row of that key was there already."""
    try:
        with connection.begin_nested():
            connection.execute(statement, row)
    except IntegrityError:
        return False
    return True


def use(connection: Connection, key: str, until: float) -> bool:
    """Whether this is the first time that ``key`` serves."""
    return inserted(connection, _INSERT_USED, {"key": key, "until": until})


def reader_of(connection: Connection, identity: Identity) -> str | None:
    who = {"issuer": identity.issuer, "subject": identity.subject}
    reader_id: str | None = connection.execute(_READER_OF, who).scalar()
    return reader_id


def reader_at(connection: Connection, proved_email: str) -> str | None:
    """The account that a proved address belongs to: the one that its mailed links log in to, as after two
    were made one; or one that a file brought for it; or else the oldest, which has the history."""
    if not proved_email:
        return None
    mailed = reader_of(connection, Identity(MAIL_ISSUER, proved_email))
    if mailed is not None:
        return mailed
    reader_id: str | None = connection.execute(_READER_AT, {"email": proved_email}).scalar()
    return reader_id


def choose(
    connection: Connection, entry: Entry, *, now: float
) -> tuple[str, bool, bool] | NotEntered:
    """The reader's id, whether the account is new, and whether the identity is new to it."""
    identity = entry.identity
    known = reader_of(connection, identity)
    if entry.joining is Joining.ADD:
        if entry.previous and not _lives(connection, entry.previous, now):
            return NotEntered.ENDED
        if known is not None and known != entry.adding_to:
            return NotEntered.IDENTITY_TAKEN
        if known is None and _waits(connection, identity):
            return NotEntered.IDENTITY_TAKEN
        if known is None:
            _bind(connection, entry, entry.adding_to, now=now)
        return entry.adding_to, False, known is None
    if known is not None:
        return known, False, False
    neighbour = None
    if entry.joining is not Joining.APART:
        neighbour = reader_at(connection, identity.proved_email)
    if neighbour is not None and entry.joining is Joining.ASK and identity.issuer != MAIL_ISSUER:
        return NotEntered.ADDRESS_TAKEN
    reader_id = neighbour or _new_reader(connection, entry, now=now)
    _bind(connection, entry, reader_id, now=now)
    # Claimed, where a file had brought it.
    connection.execute(_CLAIMED, {"reader_id": reader_id})
    return reader_id, neighbour is None, neighbour is not None


def _lives(connection: Connection, session_id: str, now: float) -> bool:
    live = select(_session.id).where(_session.id == session_id, account_rows.live(now))
    return connection.execute(live).first() is not None


def _waits(connection: Connection, identity: Identity) -> bool:
    """Whether a mailed address is the only way to an account that a file brought."""
    if identity.issuer != MAIL_ISSUER:
        return False
    found = connection.execute(
        select(schema.reader.c.id)
        .where(schema.reader.c.email == identity.proved_email, addresses.unclaimed())
        .limit(1)
    )
    return found.first() is not None


def _new_reader(connection: Connection, entry: Entry, *, now: float) -> str:
    identity = entry.identity
    reader_id = secrets.token_hex(12)
    row = {
        "id": reader_id,
        "email": identity.email,
        "email_verified": identity.email_verified,
        "name": identity.name[:200],
        "language": _language(entry),
        "newsroom": False,
        "created_at": now,
    }
    connection.execute(_INSERT_READER, row)
    return reader_id


def _language(entry: Entry) -> str:
    return (entry.language or entry.identity.language)[:16]


def _bind(connection: Connection, entry: Entry, reader_id: str, *, now: float) -> None:
    row = {
        "issuer": entry.identity.issuer,
        "subject": entry.identity.subject,
        "reader_id": reader_id,
        "added_at": now,
        "provider": entry.provider,
        "email": entry.identity.email,
        "proved": entry.identity.email_verified,
    }
    connection.execute(_INSERT_WAY, row)


def complete(connection: Connection, reader_id: str, entry: Entry, *, now: float) -> None:
    """What the account doesn't know yet, and the login says. Nothing known is overwritten, but an
    address that no way to log in proves, or proves no longer."""
    reader, identity = schema.reader, entry.identity
    row = connection.execute(_READER, {"reader_id": reader_id}).mappings().one()
    known: dict[str, str] = {}
    if identity.name and not row["name"]:
        known["name"] = identity.name[:200]
    if (language := _language(entry)) and not row["language"]:
        known["language"] = language
    if known:
        connection.execute(update(reader).where(reader.c.id == reader_id).values(**known))
    wanting = not row["email_verified"] and (identity.proved_email or not row["email"])
    if addresses.heard(connection, identity) or wanting:
        addresses.settle(connection, reader_id, latest=identity.email, now=now)


def begin(connection: Connection, entry: Entry, reader_id: str, *, now: float) -> str:
    """A new session under a fresh id; the one that the browser came with ends."""
    session_id = new_session_id()
    identity = entry.identity
    row = {
        "id": session_id,
        "reader_id": reader_id,
        "created_at": now,
        "last_seen_at": now,
        "expires_at": now + entry.absolute_seconds,
        "idle_seconds": entry.idle_seconds,
        "provider": entry.provider,
        "device": entry.device[:_DEVICE_MAX],
        "issuer": identity.issuer,
        "subject": identity.subject,
        "provider_session": identity.session_id[:255],
        "proved_email": identity.proved_email,
        "groups": list(identity.groups),
        # A longer one couldn't be sent back in a URL either.
        "id_token": entry.id_token if len(entry.id_token) <= _ID_TOKEN_MAX else "",
        "network": entry.network[:64],
        "country": entry.country[:2],
    }
    connection.execute(_INSERT_SESSION, row)
    if entry.previous:
        account_rows.end(connection, schema.session.c.id == entry.previous, now=now)
    return session_id
