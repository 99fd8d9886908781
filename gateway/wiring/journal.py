"""The console's lists put together: the journal, the work list and the days, on their store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.config import Settings
from gateway.console.day_pages import DayPages
from gateway.console.frame import Action
from gateway.console.journal_pages import JournalPages
from gateway.console.work_pages import WorkPages
from gateway.money.stripe_api.counting import Counting
from gateway.money.stripe_api.door import Door
from gateway.stores.engine import Store
from gateway.stores.journal import Journal
from gateway.stores.ledger import Ledger
from gateway.stores.payloads import Payloads
from gateway.stores.work_list import Days, WorkList
from gateway.wiring.terms import term_keys


def journal_of(settings: Settings, store: Store) -> Journal:
    return Journal(store, term_keys(settings))


def journal_actions(
    settings: Settings, *, store: Store, text: Callable[[str, str], str], door: Door | None
) -> tuple[Action, ...]:
    """``text`` says a key in a language. ``door``: None where there is no Stripe to ask."""
    ledger = Ledger(store)
    journal = JournalPages(journal=journal_of(settings, store), text=text)
    named = {*settings.console.finance, *settings.console.admins}
    work = WorkPages(
        work=WorkList(store),
        ledger=ledger,
        payloads=Payloads(store),
        people=sorted(each for each in named if "@" in each and not each.startswith("group:")),
    )
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
