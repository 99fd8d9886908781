"""Leases: of many nodes, one does what must be done once."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.errors import StoreUnavailable
from gateway.stores import schema
from gateway.stores.engine import Store

FOLDING = "fold"


class Leases:
    """Implements ``jobs.periodic.LeaseHolder``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take(self, name: str, holder: str, *, now: float, seconds: float) -> bool:
        """Whether ``holder`` has the lease now: it was free, had run out, or was its own."""
        until = now + seconds * 0.9
        work = partial(_take, name=name, holder=holder, now=now, until=until)
        return await self._store.write(work)


def still_held(connection: Connection, name: str, holder: str) -> None:
    """Within the transaction of what is done under a lease: a node that stood still meanwhile, or whose
    clock is wrong, writes nothing over what its successor did. Nobody takes the lease before the end of
    the transaction. Raises StoreUnavailable."""
    lease = schema.lease.c
    wanted = select(lease.holder).where(lease.name == name).with_for_update(read=True)
    if connection.execute(wanted).scalar() != holder:
        raise StoreUnavailable("another node does this by now")


def _take(connection: Connection, name: str, holder: str, now: float, until: float) -> bool:
    lease = schema.lease
    free = (lease.c.until <= now) | (lease.c.holder == holder)
    mine = update(lease).where(lease.c.name == name, free).values(holder=holder, until=until)
    if connection.execute(mine).rowcount:
        return True
    try:
        with connection.begin_nested():
            connection.execute(insert(lease).values(name=name, holder=holder, until=until))
    except IntegrityError:
        return False
    return True
