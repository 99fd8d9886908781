"""The audit log: who did or looked at what, when and why. It only grows."""

from __future__ import annotations

from sqlalchemy import insert

from gateway.stores import schema
from gateway.stores.engine import Store


class Audit:
    """Implements ``console.routes.Audit``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, *, who: str, act: str, what: str, why: str = "", now: float) -> None:
        row = {"at": now, "who": who[:320], "act": act, "what": what[:2000], "why": why[:500]}
        async with self._store.writing() as connection:
            await connection.execute(insert(schema.audit).values(**row))
