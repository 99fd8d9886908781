"""The audit log: who did or looked at what, when and why. It only grows; here it is written and read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import ColumnElement, and_, insert, select, true

from gateway.model.audited import AuditFilter, Line
from gateway.stores import schema
from gateway.stores.engine import Store

PAGE_LINES = 100
_EXPORT_LINES = 1000


class Audit:
    """Implements ``console.frame.Audit`` and ``console.audit_pages.AuditLog``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, *, who: str, act: str, what: str, why: str = "", now: float) -> None:
        row = {"at": now, "who": who[:320], "act": act, "what": what[:2000], "why": why[:500]}
        await self._store.execute(insert(schema.audit).values(**row))

    async def lines(
        self, wanted: AuditFilter, *, before: int = 0, limit: int = PAGE_LINES
    ) -> Sequence[Line]:
        """The newest first, below the number ``before``; 0: from the newest. Raises StoreUnavailable."""
        audit = schema.audit
        older = audit.c.number < before if before else true()
        some = select(audit).where(older, _holds(wanted)).order_by(audit.c.number.desc())
        async with self._store.reading() as connection:
            rows = (await connection.execute(some.limit(limit))).all()
        return [Line(row.number, row.at, row.who, row.act, row.what, row.why) for row in rows]

    async def all(self, wanted: AuditFilter) -> AsyncIterator[Sequence[Line]]:
        """Every line, some at a time."""
        before = 0
        while lines := await self.lines(wanted, before=before, limit=_EXPORT_LINES):
            yield lines
            before = lines[-1].number

    async def acts(self) -> Sequence[str]:
        """The words that stand in the log."""
        act = schema.audit.c.act
        async with self._store.reading() as connection:
            return (await connection.execute(select(act).distinct().order_by(act))).scalars().all()


def _holds(wanted: AuditFilter) -> ColumnElement[bool]:
    audit = schema.audit.c
    parts: list[ColumnElement[bool]] = [true()]
    if wanted.who:
        parts.append(audit.who == wanted.who)
    if wanted.act:
        parts.append(audit.act == wanted.act)
    if wanted.what:
        # A wildcard that was typed is a letter like any other.
        parts.append(audit.what.contains(wanted.what, autoescape=True))
    if wanted.since is not None:
        parts.append(audit.at >= wanted.since)
    if wanted.until is not None:
        parts.append(audit.at < wanted.until)
    return and_(*parts)
