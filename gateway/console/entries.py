"""``/-/finance/entries/{number}``: one entry, what became of it, what it changed, and what can be done.

Acts are entries too: nothing here edits one. What must not be here: how a mark or an entitlement comes
about; ``effect`` and ``comparing`` ask the fold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.console import entry_view
from gateway.console.acting import Acting, Handlings, reason_of
from gateway.console.comparing import compare
from gateway.console.dashboard import Dashboard
from gateway.console.effect import effect
from gateway.console.frame import FINANCE, HOME, Action, Visit
from gateway.console.masking import masked
from gateway.errors import RequestRefused, StripeRefused, StripeUnavailable
from gateway.model.entry import Draft, Entry
from gateway.model.handling import Handling
from gateway.model.mark import Mark, Why
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.entries.kinds import FETCHED
from gateway.money.ledger import Ledger
from gateway.rooms.asking import Reply

PATH = f"{HOME}/entries/{{number}}"
STORY_SHOWN = 60
SAID = frozenset("retried not-retried fetched missing stripe-away stripe-refused reviewed".split())
_RULES = (Act.PLANS, Act.SETTINGS)


class Marks(Protocol):
    async def marks(self, numbers: Collection[int]) -> Mapping[int, Mark]:
        """Raises StoreUnavailable."""


class Payloads(Protocol):
    """Every method raises StoreUnavailable."""

    async def payload(self, number: int) -> bytes | None: ...

    async def payloads(self, numbers: Collection[int]) -> Mapping[int, tuple[str, bytes]]:
        """Of those that can still be read, the owner and the bytes."""


class Objects(Protocol):
    async def one(self, object_type: str, object_id: str) -> Draft:
        """What Stripe says now. Raises StripeRefused and StripeUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPages:
    """``stripe`` is None where there is no key."""

    ledger: Ledger
    work: Marks
    handlings: Handlings
    payloads: Payloads
    acting: Acting
    stripe: Objects | None
    dashboard: Dashboard

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(path=PATH, roles=FINANCE, act="entry", road=self.show),
            Action(
                path=f"{PATH}/retry", method="POST", roles=FINANCE, act="retry", road=self.retry
            ),
            Action(
                path=f"{PATH}/fetch", method="POST", roles=FINANCE, act="fetch", road=self.fetch
            ),
            Action(
                path=f"{PATH}/review", method="POST", roles=FINANCE, act="review", road=self.review
            ),
        )

    async def show(self, visit: Visit) -> Reply:
        entry, handling = await self._found(visit)
        await visit.note(str(entry.number))
        payload = await self.payloads.payload(entry.number)
        story = await self.story(entry)
        near = _nearest(story, entry)
        marks = await self.work.marks([each.number for each in near])
        said = await self.ledger.objects([entry.object_id]) if entry.object_id else []
        changed = await asyncio.to_thread(effect, story, entry.number)
        said_of_it = visit.ask.asked("said")
        return await visit.page(
            "finance-entry",
            entry=entry_view.head(entry, handling, visit.words, visit.language),
            ids=entry_view.ids(entry, dashboard=self.dashboard),
            raw=None if payload is None else masked(payload),
            changed=entry_view.changed(changed, visit.words, visit.language),
            compared=entry_view.compared(compare(entry, said), visit.words, visit.language),
            fetchable=self.stripe is not None and entry.object_type in FETCHED,
            story=[entry_view.row(each, marks, visit.words, visit.language) for each in near],
            more=max(len(story) - len(near) - 1, 0),
            reviews=await self._reviews(entry, visit),
            said=said_of_it if said_of_it in SAID else "",
        )

    async def retry(self, visit: Visit) -> Reply:
        entry, handling = await self._found(visit)
        reason = reason_of(visit, needed=False)
        failed = handling.reason == Why.FAILED
        tried = acts.reviewed(
            Act.RETRIED, entry, by=visit.who, at=visit.now, note=reason, failed=failed
        )
        await visit.note(str(entry.number), entry=tried)
        if not await self.handlings.again(entry.number, now=visit.now):
            return _back(visit, entry, "not-retried")
        await self.ledger.append([tried], now=visit.now)
        await self.acting.settled(entry.number)
        return _back(visit, entry, "retried")

    async def fetch(self, visit: Visit) -> Reply:
        """Ask Stripe for the entry's object; its answer is an entry like any other."""
        entry, _ = await self._found(visit)
        await visit.note(f"{entry.number} {entry.object_id}")
        if self.stripe is None or entry.object_type not in FETCHED:
            raise RequestRefused(404, "not-found")
        said = "fetched"
        try:
            draft = await self.stripe.one(entry.object_type, entry.object_id)
        except StripeUnavailable:
            return _back(visit, entry, "stripe-away")
        except StripeRefused as refused:
            if not refused.missing:
                return _back(visit, entry, "stripe-refused")
            said = "missing"
            draft = acts.missing(entry.object_type, entry.object_id, at=visit.now)
        await self.acting.append([draft], now=visit.now)
        return _back(visit, entry, said)

    async def review(self, visit: Visit) -> Reply:
        entry, handling = await self._found(visit)
        note = reason_of(visit)
        failed = handling.reason == Why.FAILED
        made = acts.reviewed(
            Act.REVIEWED, entry, by=visit.who, at=visit.now, note=note, failed=failed
        )
        await visit.note(str(entry.number), entry=made)
        await self.acting.append([made], now=visit.now)
        return _back(visit, entry, "reviewed")

    async def story(self, entry: Entry) -> Sequence[Entry]:
        """All that hangs together with it, and every version of the rules, in order."""
        rules = await self.ledger.objects(_RULES)
        story = await self.ledger.story([entry])
        whole = {each.number: each for each in (*rules, *story)}
        return [whole[number] for number in sorted(whole)]

    async def _reviews(self, entry: Entry, visit: Visit) -> list[dict[str, object]]:
        """What operators said of it, the newest first."""
        done = await self.ledger.objects([f"entry:{entry.number}"])
        notes = await self.payloads.payloads([each.number for each in done]) if done else {}
        return [
            entry_view.review(
                each, notes.get(each.number, ("", b""))[1], visit.words, visit.language
            )
            for each in reversed(done)
        ]

    async def _found(self, visit: Visit) -> tuple[Entry, Handling]:
        """Raises RequestRefused (404)."""
        number = visit.number("number")
        found = await self.ledger.entries([number])
        handling = await self.handlings.handling(number)
        if not found or handling is None:
            raise RequestRefused(404, "not-found")
        return found[0], handling


def _nearest(story: Sequence[Entry], entry: Entry) -> list[Entry]:
    """The newest of its story but itself; of the rules, only where it is one."""
    rules = entry.kind in _RULES
    others = [
        each for each in story if each.number != entry.number and (each.kind not in _RULES or rules)
    ]
    return others[::-1][:STORY_SHOWN]


def _back(visit: Visit, entry: Entry, said: str) -> Reply:
    return visit.onward(f"{HOME}/entries/{entry.number}", said=said)
