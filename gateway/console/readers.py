"""``/-/finance/readers``: one reader found and shown. Why may this reader read this, since when, until when?

Searched by POST: no address of anybody stands in an address bar, and none in the audit log, which is
never erased; there a reader is an id. What operators do stands in ``reader_acts``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.console import entry_view, reader_view
from gateway.console.dashboard import Dashboard
from gateway.console.dossier import Dossier, dossier
from gateway.console.entries import Marks, Payloads
from gateway.console.frame import ADMIN, EVERYONE, FINANCE, GIVES, HOME, Action, Visit
from gateway.console.journal import asked
from gateway.console.journal_table import customers_of, with_readers
from gateway.console.timeline import timeline
from gateway.errors import RequestRefused
from gateway.identity.accounts import Account, Accounts
from gateway.identity.merging import Directory
from gateway.model.entry import Entry
from gateway.model.journal import Filter, Page
from gateway.money.entries.acts import Act
from gateway.money.ledger import Ledger
from gateway.rooms.asking import Reply

PATH = f"{HOME}/readers"
ENTRIES_SHOWN = 40
_QUERY_MAX = 320
_RULES = (Act.PLANS, Act.SETTINGS)


class Journal(Protocol):
    """As far as a reader is looked for by what Stripe says. Raises StoreUnavailable."""

    async def page(self, wanted: Filter, *, before: int = 0) -> Page: ...

    async def bound(self, customers: Collection[str]) -> Sequence[Entry]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPages:
    """``tiers`` are those that a plan or a rule names."""

    accounts: Accounts
    directory: Directory
    ledger: Ledger
    work: Marks
    payloads: Payloads
    journal: Journal
    dashboard: Dashboard
    tiers: Callable[[], Collection[str]]
    mails: bool
    slack_hours: int = 0

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(path=PATH, roles=EVERYONE, act="", road=self.search),
            Action(path=PATH, method="POST", roles=EVERYONE, act="find", road=self.find),
            Action(path=f"{PATH}/{{id}}", roles=EVERYONE, act="reader", road=self.show),
        )

    async def search(self, visit: Visit) -> Reply:
        return await visit.page("finance-readers", query="", found=[], looked=False)

    async def find(self, visit: Visit) -> Reply:
        """By id, address, or whatever leads to a customer of Stripe's."""
        query = visit.ask.written("q").strip()[:_QUERY_MAX]
        ids = await self._ids(query, visit) if query else set()
        await visit.note(", ".join(sorted(ids)[:20]) or "nobody")
        if len(ids) == 1:
            return visit.onward(f"{PATH}/{next(iter(ids))}")
        found = await self.directory.summaries(sorted(ids))
        rows = [reader_view.summary(each, visit.words, visit.language) for each in found]
        return await visit.page("finance-readers", query=query, found=rows, looked=bool(query))

    async def _ids(self, query: str, visit: Visit) -> set[str]:
        """Only of accounts that are there."""
        ids = set(await self.directory.find(query))
        if not ids:
            wanted = asked({"q": query}, zone=visit.words.zone).filter
            rows = (await self.journal.page(wanted)).rows
            said = await self.journal.bound(customers_of(rows))
            ids = {row.reader for row in with_readers(rows, said) if row.reader}
        return {each.id for each in await self.directory.summaries(sorted(ids))}

    async def show(self, visit: Visit) -> Reply:
        reader = visit.names["id"]
        account = await self.accounts.account(reader, session_id="", now=visit.now)
        story = await self.story(reader)
        if account is None and not story:
            raise RequestRefused(404, "not-found")
        await visit.note(reader)
        sums = visit.may(FINANCE)
        merges = await self.ledger.objects([f"reader:{reader}"])
        with_rules = [*await self.ledger.objects(_RULES), *story]
        found = await asyncio.to_thread(dossier, with_rules, reader, merges=merges)
        line = await asyncio.to_thread(timeline, with_rules, reader, now=visit.now)
        by_number = {each.number: each for each in with_rules}
        return await visit.page(
            "finance-reader",
            id=reader,
            account=self._account(account, visit),
            held=[]
            if account is None
            else reader_view.held_now(account.entitlements, visit.now, visit.words, visit.language),
            line=reader_view.drawn(line, by_number, visit.now, visit.words, visit.language),
            merged_into=found.merged_into,
            merged_from=found.merged_from,
            erased=found.erased,
            failed=found.failed,
            customers=reader_view.customers(found, dashboard=self.dashboard),
            subscriptions=[
                reader_view.subscription(
                    each, visit.words, visit.language, dashboard=self.dashboard
                )
                for each in found.subscriptions
            ],
            invoices=await self._invoices(found, visit) if sums else [],
            given=await self._given(found, visit),
            entries=await self._entries(story, visit),
            more=max(len(story) - ENTRIES_SHOWN, 0),
            sums=sums,
            slack_hours=self.slack_hours,
            **self._may(visit, account),
        )

    def _may(self, visit: Visit, account: Account | None) -> dict[str, Any]:
        """Which acts the page offers, and what was just done."""
        there = account is not None
        said = visit.ask.asked("said")
        return {
            "gives": there and visit.may(GIVES),
            "always": visit.may(ADMIN),
            "revokes": visit.may(ADMIN),
            "binds": visit.may(FINANCE),
            "mails": there and self.mails and account is not None and bool(account.email),
            "tiers": sorted(self.tiers()),
            "said": said if said in SAID else "",
            "wrong": said if said in WRONG else "",
        }

    async def story(self, reader: str) -> Sequence[Entry]:
        """All that hangs together with a reader, in order."""
        return await self.ledger.story(await self.ledger.of_reader(reader))

    def _account(self, account: Account | None, visit: Visit) -> dict[str, object] | None:
        if account is None:
            return None
        return reader_view.account(account, visit.words, visit.language)

    async def _invoices(self, found: Dossier, visit: Visit) -> list[dict[str, object]]:
        numbers = [each.number for each in found.invoices]
        kept = await self.payloads.payloads(numbers) if numbers else {}
        said = {number: _object(payload) for number, (_, payload) in kept.items()}
        return reader_view.invoices(
            found, said, visit.words, visit.language, dashboard=self.dashboard
        )

    async def _given(self, found: Dossier, visit: Visit) -> list[dict[str, object]]:
        numbers = [each.number for each in found.given]
        kept = await self.payloads.payloads(numbers) if numbers else {}
        notes = {number: said.decode("utf-8", "replace") for number, (_, said) in kept.items()}
        return reader_view.given(found, notes, visit.words, visit.language)

    async def _entries(self, story: Sequence[Entry], visit: Visit) -> list[dict[str, object]]:
        newest = list(story)[::-1][:ENTRIES_SHOWN]
        marks = await self.work.marks([each.number for each in newest])
        return [entry_view.row(each, marks, visit.words, visit.language) for each in newest]


SAID = frozenset("granted revoked bound unbound merged ended mailed".split())
WRONG = frozenset(
    "wrong-day day-over too-long wrong-tier no-customer bound-elsewhere not-bound no-account"
    " same-account stripe-away mailed-often".split()
)


def _object(payload: bytes) -> Mapping[str, Any]:
    """What an event or an answer says of its object; nothing of anything else."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    if isinstance(said, dict) and said.get("object") == "event":
        data = said.get("data")
        said = data.get("object") if isinstance(data, dict) else {}
    return said if isinstance(said, dict) else {}
