"""``/-/finance/journal``: every entry of the ledger, newest first, through any filter; and its export.

The filter stands in the address, so that a page can be sent to a colleague. The audit log is told of
it once, without what may name a person: that log is never erased.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from gateway.console import journal_table
from gateway.console.exporting import Writer, file_of, format_of
from gateway.console.frame import FINANCE, HOME, Action, Answer, Visit
from gateway.console.journal import FIELDS, Asked, asked
from gateway.console.spreadsheet import Format
from gateway.console.words import Words
from gateway.model.entry import Entry, Source
from gateway.model.journal import Filter, Page, Row, Shown
from gateway.model.mark import Why
from gateway.money.entries.acts import Act
from gateway.money.entries.kinds import EVENTS
from gateway.rooms.asking import Reply

PATH = f"{HOME}/journal"
_EXPORT = f"{PATH}/export"
_COMMON = ("eur", "usd", "gbp", "chf", "cad", "jpy")
_LATE = {"60": (1, "min"), "600": (10, "min"), "3600": (1, "h"), "86400": (1, "d")}


class Journal(Protocol):
    """Every method raises StoreUnavailable."""

    async def page(self, wanted: Filter, *, before: int = 0) -> Page:
        """``before`` 0: from the newest."""

    def all(self, wanted: Filter) -> AsyncIterator[Sequence[Row]]:
        """Every row, some at a time."""

    async def waiting(self) -> Mapping[str, int]:
        """How much waits: entries by state, and ``work``."""

    async def bound(self, customers: Collection[str]) -> Sequence[Entry]:
        """The entries that may say whose these are."""

    async def addresses(self, readers: Collection[str]) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPages:
    """``text`` says a key in a language: the heads of a table that is exported."""

    journal: Journal
    text: Callable[[str, str], str]

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(path=PATH, roles=FINANCE, act="journal", road=self.page),
            Action(path=_EXPORT, roles=FINANCE, act="export", road=self.export),
        )

    async def page(self, visit: Visit) -> Answer:
        wanted = _asked(visit)
        await visit.note(wanted.told)
        if wanted.wrong:  # all that the rest of it finds would look like an answer
            return await self._drawn(visit, wanted, (), older="", cut=False)
        page = await self.journal.page(wanted.filter, before=wanted.before)
        rows = await self._with_readers(page.rows)
        older = _address(visit, wanted, PATH, before=str(page.before)) if page.before else ""
        shown = [journal_table.shown(row, visit.words, visit.language) for row in rows]
        return await self._drawn(visit, wanted, shown, older=older, cut=page.cut)

    async def _drawn(
        self, visit: Visit, wanted: Asked, rows: Sequence[object], *, older: str, cut: bool
    ) -> Reply:
        waiting = await self.journal.waiting()
        words = {name: visit.words.number(n, visit.language) for name, n in waiting.items()}
        kinds = dict.fromkeys((*EVENTS, "fetched", *(str(act) for act in Act)))
        return await visit.page(
            "finance-journal",
            asked=wanted.raw,
            wrong=wanted.wrong,
            filtered=any(wanted.raw.values()),
            rows=rows,
            older=older,
            newest=_address(visit, wanted, PATH),
            csv=_address(visit, wanted, _EXPORT, format=str(Format.CSV)),
            xlsx=_address(visit, wanted, _EXPORT, format=str(Format.XLSX)),
            first=wanted.before == 0,
            cut=cut,
            waiting=words,
            states=[str(each) for each in Shown],
            reasons=[str(each) for each in Why if each],
            kinds=kinds,
            sources=[str(each) for each in Source],
            currencies=_COMMON,
            lates=_LATE,
            zone=str(visit.words.zone),
        )

    async def export(self, visit: Visit) -> Answer:
        """Raises RequestRefused for a filter that can't be read: nobody should trust such a table."""
        wanted = _asked(visit)
        kind = format_of(visit, wrong=bool(wanted.wrong))
        await visit.note(f"{kind} {wanted.told}")

        say = cache(lambda key: self.text(key, visit.language))

        async def rows(writer: Writer) -> AsyncIterator[bytes]:
            """In a thread, for some hundred rows at a time: others are answered in between."""
            async for some in self.journal.all(wanted.filter):
                said = await self.journal.bound(journal_table.customers_of(some))
                told = journal_table.with_readers(some, said)
                yield await asyncio.to_thread(_encoded, writer, told, visit.words, say)

        return file_of(
            visit,
            kind,
            name="journal",
            title=self.text("journal.title", visit.language),
            heads=[
                self.text(f"journal.head.{name}", visit.language) for name in journal_table.COLUMNS
            ],
            rows=rows,
        )

    async def _with_readers(self, rows: Sequence[Row]) -> list[Row]:
        said = await self.journal.bound(journal_table.customers_of(rows))
        bound = journal_table.with_readers(rows, said)
        addresses = await self.journal.addresses({row.reader for row in bound if row.reader})
        return [replace(row, address=addresses.get(row.reader, "")) for row in bound]


def _encoded(writer: Writer, rows: Sequence[Row], words: Words, say: Callable[[str], str]) -> bytes:
    return writer.rows(journal_table.cells(row, words, say) for row in rows)


def _address(visit: Visit, wanted: Asked, path: str, **more: str) -> str:
    return f"{path}?{wanted.query(**more, lang=visit.language)}"


def _asked(visit: Visit) -> Asked:
    typed = {name: visit.ask.asked(name) for name in (*FIELDS, "before")}
    return asked(typed, zone=visit.words.zone)
