"""Which address is an account's: one that a way to log in to it has proved, within one transaction.

An address that no way proves any more leads nobody in: its mailbox may be somebody else's by now. What
a provider proves stands in the place of what it proved before; what it merely claims changes nothing
that was proved, so that no provider's mistake takes an address from its reader.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select, update

from gateway.model.identity import Identity
from gateway.stores import schema
from gateway.stores.adopting_schema import imported
from gateway.stores.news import Kind, tell

_reader, _way = schema.reader.c, schema.reader_identity.c
_THIS_WAY = (_way.issuer == bindparam("of_issuer"), _way.subject == bindparam("of_subject"))
_PROVED = (
    update(schema.reader_identity)
    .where(*_THIS_WAY, or_(_way.email != bindparam("said"), ~_way.proved))
    .values(email=bindparam("said"), proved=True)
)
_CLAIMED = (
    update(schema.reader_identity)
    .where(*_THIS_WAY, _way.email != bindparam("said"), ~_way.proved)
    .values(email=bindparam("said"))
)
# Two that settle one account at once do so one after the other.
_READER = (
    select(_reader.email, _reader.email_verified)
    .where(_reader.id == bindparam("reader_id"))
    .with_for_update(key_share=True)
)
_WAYS = (
    select(_way.email, _way.proved)
    .where(_way.reader_id == bindparam("reader_id"), _way.email != "")
    .order_by(_way.added_at)
)


def unclaimed() -> ColumnElement[bool]:
    """Of a reader's row: a file brought it, and nobody has proved its address yet."""
    return exists().where(imported.c.reader_id == schema.reader.c.id)


def heard(connection: Connection, identity: Identity) -> bool:
    """Note what a way says its address is; whether that is something new."""
    if not identity.email:
        return False
    told = {"of_issuer": identity.issuer, "of_subject": identity.subject, "said": identity.email}
    noted = connection.execute(_PROVED if identity.email_verified else _CLAIMED, told)
    return bool(noted.rowcount)


def proved(connection: Connection, reader_id: str) -> list[str]:
    """All that an account and its ways to log in have proved; what a file brought it for, until then."""
    known = or_(_reader.email_verified, unclaimed())
    own = select(_reader.email).where(_reader.id == reader_id, known)
    ways = select(_way.email).where(_way.reader_id == reader_id, _way.proved)
    return sorted(set(connection.execute(own.union(ways)).scalars()) - {""})


def settle(connection: Connection, reader_id: str, *, latest: str = "", now: float) -> None:
    """An address that no way proves gives way to one that is proved: to ``latest`` sooner than to that
    of the oldest way. Where none is, to what a way claims."""
    who = {"reader_id": reader_id}
    reader = connection.execute(_READER, who).one()
    ways = connection.execute(_WAYS, who).all()
    sound = [each.email for each in ways if each.proved]
    borne = sound or [each.email for each in ways]
    email = latest if latest in borne else next(iter(borne), "")
    if reader.email in borne and (reader.email_verified or not sound):
        email = reader.email
    if (email, bool(sound)) == (reader.email, reader.email_verified):
        return
    settled = {"email": email, "email_verified": bool(sound)}
    connection.execute(update(schema.reader).where(_reader.id == reader_id).values(**settled))
    tell(connection, Kind.READER, reader_id, now=now)
