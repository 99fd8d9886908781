"""The console's lists put together: the journal, the work list and the days, on their store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.config import Settings
from gateway.console.day_pages import DayPages
from gateway.console.frame import Action
from gateway.console.journal_pages import JournalPages
from gateway.console.work_pages import WorkPages
from gateway.jobs.periodic import Job
from gateway.money.stripe_api.counting import Counting
from gateway.money.stripe_api.door import Door
from gateway.money.terms import terms
from gateway.stores.engine import Store
from gateway.stores.journal import Journal
from gateway.stores.journal_terms import JournalTerms, TermKeys
from gateway.stores.ledger import Ledger
from gateway.stores.payloads import Payloads
from gateway.stores.work_list import Days, WorkList

TERMS_SECONDS = 1.0
_ROUNDS_MAX = 20  # at once: a ledger from before is read bit by bit


def journal_of(settings: Settings, store: Store) -> Journal:
    return Journal(store, _keys(settings))


def journal_actions(
    settings: Settings, *, store: Store, text: Callable[[str, str], str], door: Door | None
) -> tuple[Action, ...]:
    """``text`` says a key in a language. ``door``: None where there is no Stripe to ask."""
    ledger = Ledger(store)
    journal = JournalPages(journal=journal_of(settings, store), text=text)
    work = WorkPages(work=WorkList(store), ledger=ledger, payloads=Payloads(store))
    days = DayPages(
        days=Days(store),
        ledger=ledger,
        stripe=Counting(door) if door is not None else None,
        four_eyes=settings.console.four_eyes,
    )
    return (*journal.actions(), *work.actions(), *days.actions())


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """Implements ``console.frame.Counting``."""

    journal: Journal

    async def waiting(self, *, now: float) -> Mapping[str, int]:
        counts = await self.journal.waiting()
        return {"journal": counts["received"] + counts["failed"], "work": counts["work"]}


def terms_job(settings: Settings, *, store: Store) -> Job:
    """Reads payloads once they are durable, so that what they say can be looked for."""
    reading = JournalTerms(store, _keys(settings), terms)

    async def read_on() -> None:
        for _ in range(_ROUNDS_MAX):
            if not await reading.read_on():
                return

    return Job("journal-terms", TERMS_SECONDS, read_on, once_among_nodes=True)


def _keys(settings: Settings) -> TermKeys:
    return TermKeys(key.get_secret_value() for key in settings.keys.cookie)
