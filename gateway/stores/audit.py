"""The audit log: who did or looked at what, when and why. It only grows; here it is written and read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, insert, select, true

from gateway.model.audited import AuditFilter, Line, entry_of
from gateway.model.entry import Source
from gateway.stores import money_schema, schema
from gateway.stores.engine import Store
from gateway.stores.payloads import Payloads

PAGE_LINES = 100
_EXPORT_LINES = 1000


class Audit:
    """Implements ``console.frame.Audit`` and ``console.audit_pages.AuditLog``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._payloads = Payloads(store)

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
        said = await self._said({entry_of(row.why) for row in rows} - {""})
        return [
            Line(row.number, row.at, row.who, row.act, row.what, _why(row.why, said))
            for row in rows
        ]

    async def _said(self, event_ids: Collection[str]) -> dict[str, str]:
        """Reasons that stand in the ledger, by the ids of their entries: those that can still be read."""
        if not event_ids:
            return {}
        entry = money_schema.ledger.c
        ours = entry.event_id.in_(sorted(event_ids)), entry.source == str(Source.OPERATOR)
        async with self._store.reading() as connection:
            rows = (
                await connection.execute(select(entry.number, entry.event_id).where(*ours))
            ).all()
        said = await self._payloads.payloads([row.number for row in rows])
        return {
            row.event_id: said[row.number][1].decode("utf-8", "replace")
            for row in rows
            if row.number in said
        }

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


def _why(why: str, said: Mapping[str, str]) -> str:
    event_id = entry_of(why)
    return said.get(event_id, "") if event_id else why


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
