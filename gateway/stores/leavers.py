"""What readers wrote of themselves when they left: to take along, and to be forgotten with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, String, cast, delete, or_, select, update

from gateway.stores.leaving_schema import leaving, letter


def kept(connection: Connection, reader: str, addresses: Iterable[str]) -> Sequence[Any]:
    """What a reader asked for, signed in, or signed out by an address that they have proved."""
    wanted = select(leaving).where(_whose(reader, addresses)).order_by(leaving.c.asked_at)
    return connection.execute(wanted).mappings().all()


def erase(
    connection: Connection, reader: str, addresses: Iterable[str], subscriptions: Iterable[str]
) -> set[str]:
    """All of that, which letters they were sent, and what was asked for their ``subscriptions`` by
    somebody signed out: from a wallet's address, say. The addresses that all this was asked from."""
    theirs = connection.execute(
        delete(leaving).where(_whose(reader, addresses)).returning(leaving.c.email)
    )
    asked_from = set(theirs.scalars()) | _erase_of(connection, set(subscriptions))
    connection.execute(delete(letter).where(letter.c.reader_id == reader))
    return asked_from - {""}


def _erase_of(connection: Connection, subscriptions: set[str]) -> set[str]:
    """A request that is about others' subscriptions as well stays theirs."""
    named = [
        cast(leaving.c.subscriptions, String).contains(f'"{each}"', autoescape=True)
        for each in sorted(subscriptions)
    ]
    if not named:
        return set()
    asked_from = set()
    wanted = select(leaving).where(leaving.c.reader_id == "", or_(*named))
    for row in connection.execute(wanted).mappings().all():
        this = leaving.c.id == row["id"]
        others = [each for each in row["subscriptions"] if each not in subscriptions]
        if others:
            connection.execute(update(leaving).where(this).values(subscriptions=others))
        else:
            connection.execute(delete(leaving).where(this))
            asked_from.add(row["email"])
    return asked_from


def _whose(reader: str, addresses: Iterable[str]) -> Any:
    return or_(leaving.c.reader_id == reader, leaving.c.email.in_(sorted(set(addresses) - {""})))
