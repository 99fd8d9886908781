"""The ledger looked through: pages of a filter, newest first, by number and never by offset.

What an index leads to quickest drives: of every condition that has one, the first numbers are asked
for, and the rarest leads; the others are looked at entry by entry. However they come out, a page
looks at ``LOOKED_AT_MAX`` entries and no more, and says where the next one goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.entry import Entry, Source
from gateway.model.finding import Progress
from gateway.model.journal import Filter, Page, Row, Shown, signed_amount
from gateway.model.mark import State, Why
from gateway.stores import journal_facets, schema
from gateway.stores.engine import Store
from gateway.stores.journal_facets import Facet, Lead
from gateway.stores.journal_schema import work_item
from gateway.stores.journal_terms import TermKeys
from gateway.stores.ledger import entry_of
from gateway.stores.money_schema import ledger, ledger_work

PAGE_ROWS = 50
LOOKED_AT_MAX = 4000
COUNTED_MAX = 10_000
EXPORT_ROWS = 500
# Entries in one statement: few at first, for mostly the page is among them.
_CHUNK, _GROWS, _CHUNK_MAX = 500, 3, 2000
_EVERY = (Lead(ledger.c.number, true()),)


@dataclass(frozen=True, slots=True)
class _Span:
    """Numbers above ``after`` and below ``before``."""

    after: int
    before: int


class Journal:
    """Implements ``console.journal_pages.Journal``. ``keys`` are those that terms are hashed with."""

    def __init__(self, store: Store, keys: TermKeys) -> None:
        self._store = store
        self._keys = keys

    async def page(
        self, wanted: Filter, *, before: int = 0, rows: int = PAGE_ROWS, look: int = LOOKED_AT_MAX
    ) -> Page:
        """Raises StoreUnavailable. ``before`` 0: from the newest."""
        async with self._store.reading() as connection:
            facets = await journal_facets.facets(connection, wanted, self._keys)
            span = await _span(connection, wanted, before)
            numbers, looked_to = await _numbers(connection, facets, span, rows + 1, look)
            shown = numbers[:rows]
            made = await _rows(connection, shown)
        if len(numbers) > rows:
            return Page(rows=made, before=shown[-1])
        return Page(rows=made, before=looked_to, cut=looked_to > 0)

    async def all(self, wanted: Filter) -> AsyncIterator[Sequence[Row]]:
        """Every row of a filter, some at a time; what comes in meanwhile isn't among them."""
        before = 0
        while True:
            page = await self.page(wanted, before=before, rows=EXPORT_ROWS)
            if page.rows:
                yield page.rows
            if not page.before:
                return
            before = page.before

    async def waiting(self) -> dict[str, int]:
        """How much waits, each up to one more than COUNTED_MAX: entries by state, and open work."""
        conditions: dict[str, ColumnElement[bool]] = {
            str(each): journal_facets.shown(each, ledger_work.c)
            for each in (Shown.RECEIVED, Shown.FAILED, Shown.NEEDS_A_PERSON)
        }
        counts = {name: _some(ledger_work.c.number, what) for name, what in conditions.items()}
        counts["work"] = _some(work_item.c.id, work_item.c.progress == Progress.OPEN)
        async with self._store.reading() as connection:
            row = (await connection.execute(select(*counts.values()))).one()
        return dict(zip(counts, row, strict=True))

    async def bound(self, customers: Collection[str]) -> list[Entry]:
        """The entries that may say whose some customers are."""
        if not customers:
            return []
        named = select(ledger).where(ledger.c.customer_id.in_(sorted(customers)))
        wanted = named.where(ledger.c.reader != "").order_by(ledger.c.number)
        async with self._store.reading() as connection:
            return [entry_of(row) for row in (await connection.execute(wanted)).mappings()]

    async def addresses(self, readers: Collection[str]) -> dict[str, str]:
        """Of those that have an account."""
        account = schema.reader.c
        wanted = select(account.id, account.email).where(account.id.in_(sorted(readers)))
        async with self._store.reading() as connection:
            return {row.id: row.email for row in await connection.execute(wanted)}


def _some(column: Any, condition: ColumnElement[bool]) -> Any:
    some = select(column).where(condition).limit(COUNTED_MAX + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


async def _span(connection: AsyncConnection, wanted: Filter, before: int) -> _Span:
    after, top = await journal_facets.stretch(connection, wanted.since, wanted.until)
    return _Span(after, min(top, before or top))


async def _numbers(
    connection: AsyncConnection, facets: Sequence[Facet], span: _Span, count: int, look: int
) -> tuple[list[int], int]:
    """Up to ``count`` numbers for which every facet holds; and where to go on, where it was cut."""
    driving = [each for each in facets if each.leads]
    alone = not facets or (len(facets) == 1 and bool(driving))
    size = count if alone else _CHUNK
    leader, first = await _leader(connection, driving, span, size)
    others = [each for each in facets if each is not leader]
    found: list[int] = []
    looked = 0
    candidates = first
    while candidates:
        looked += len(candidates)
        if others:
            found += await _holding(connection, candidates, others, count - len(found))
        else:
            found += candidates[: count - len(found)]
        if len(found) >= count or len(candidates) < size:
            return found, 0
        if looked >= look:
            return found, candidates[-1]
        span = replace(span, before=candidates[-1])
        size = count if not others else min(size * _GROWS, _CHUNK_MAX)
        candidates = await _candidates(connection, leader, span, size)
    return found, 0


async def _leader(
    connection: AsyncConnection, driving: Sequence[Facet], span: _Span, size: int
) -> tuple[Facet | None, list[int]]:
    """The facet with the fewest numbers in the span, and its first numbers."""
    best: tuple[Facet | None, list[int]] | None = None
    for facet in driving:
        numbers = await _candidates(connection, facet, span, size)
        if best is None or _rarer(numbers, best[1], size):
            best = (facet, numbers)
        if len(numbers) < size and len(numbers) <= PAGE_ROWS:
            break  # rare enough
    return best if best is not None else (None, await _candidates(connection, None, span, size))


def _rarer(numbers: Sequence[int], than: Sequence[int], size: int) -> bool:
    """Fewer; or where both go on, those that lie further apart."""
    if len(numbers) < size or len(than) < size:
        return len(numbers) < len(than)
    return numbers[-1] < than[-1]


async def _candidates(
    connection: AsyncConnection, facet: Facet | None, span: _Span, size: int
) -> list[int]:
    leads = _EVERY if facet is None else facet.leads
    parts = [_part(lead, span, size) for lead in leads]
    if len(parts) == 1:
        return list((await connection.execute(parts[0])).scalars())
    each = [select(part.subquery().c.number) for part in parts]
    every = union_all(*each).subquery()
    wanted = select(every.c.number).distinct().order_by(every.c.number.desc()).limit(size)
    return list((await connection.execute(wanted)).scalars())


def _part(lead: Lead, span: _Span, size: int) -> Select[Any]:
    number = lead.number
    within = select(number.label("number")).where(lead.holds, number < span.before)
    order = (number + 0) if lead.few else number
    return within.where(number > span.after).order_by(order.desc()).limit(size)


async def _holding(
    connection: AsyncConnection, numbers: Sequence[int], others: Sequence[Facet], count: int
) -> list[int]:
    """Those of some entries for which all facets hold. What an index knows by itself is asked of it
    first: entries lie far apart, and reading them is what takes time."""
    left = list(numbers)
    for facet in others:
        if facet.indexed and left:
            (lead,) = facet.leads
            known = journal_facets.among(connection, lead.number, left)
            wanted = select(lead.number).where(lead.holds, known)
            left = sorted((await connection.execute(wanted)).scalars(), reverse=True)
    unknown = [facet.holds for facet in others if not facet.indexed]
    if not unknown or not left:
        return left[:count]
    row = journal_facets.looked_at(connection, left).c
    wanted = select(row.number).where(*(each(row) for each in unknown))
    ordered = wanted.order_by(row.number.desc()).limit(count)
    return list((await connection.execute(ordered)).scalars())


async def _rows(connection: AsyncConnection, numbers: Sequence[int]) -> tuple[Row, ...]:
    work = [
        each.label(f"work_{each.name}")
        for each in ledger_work.c
        if each.name not in ("number", "changed_at")
    ]
    wanted = (
        select(ledger, *work)
        .join(ledger_work, ledger_work.c.number == ledger.c.number)
        .where(ledger.c.number.in_(numbers))
        .order_by(ledger.c.number.desc())
    )
    return tuple(_row(row) for row in (await connection.execute(wanted)).mappings())


def _row(row: Any) -> Row:
    entry = entry_of(row)
    failed = row["work_reason"] == Why.FAILED
    shown = Shown.FAILED if failed else Shown(row["work_state"])
    fetching = row["work_fetch"] == "wanted"
    waits = shown is Shown.FAILED or row["work_state"] == State.RECEIVED
    tries, next_at = row["work_tries"], row["work_next_at"]
    if fetching and not failed:
        tries, next_at = row["work_fetch_tries"], row["work_fetch_next_at"]
    return Row(
        entry=entry,
        state=shown,
        reason=row["work_reason"],
        amount_minor=signed_amount(entry),
        deliveries=row["work_deliveries"],
        lag_seconds=entry.at - entry.observed_at if entry.source == Source.WEBHOOK else None,
        tries=tries,
        next_at=next_at if waits else None,
        failure=row["work_failure"],
    )
