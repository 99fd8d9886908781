"""``/-/finance/work``: what needs a person, what to do about it, and what was done.

What is done here is an entry of the ledger before anything else. A note may name a person: it is
sealed as payloads are, and goes when its reader is erased.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.console.frame import FINANCE, HOME, Action, Answer, Visit
from gateway.console.plain_text import plain
from gateway.errors import RequestRefused
from gateway.model.amount import EXPONENTS
from gateway.model.entry import Appended, Draft, Entry
from gateway.model.finding import Item, Progress
from gateway.model.mark import Why
from gateway.money.entries import acts
from gateway.money.entries.acts import Act

PATH = f"{HOME}/work"
PAGE_ROWS = 25
NOTE_MAX = 2000
# In the order in which they are chosen from: what may come up in the list.
WHYS = (
    Why.DISPUTED,
    Why.STOPPED,
    Why.NO_READER,
    Why.FAILED,
    Why.UNKNOWN_PRICE,
    Why.UNKNOWN_STATUS,
    Why.TWO_SUBSCRIPTIONS,
    Why.OVER_REFUNDED,
    Why.REFUNDED,
    Why.FRAUD_WARNING,
    Why.DRIFT,
    Why.TWO_READERS,
    Why.QUANTITY,
    Why.MORE_ITEMS,
    Why.MISSING,
    Why.BY_HAND,
)
_FORMS = {
    "take": Act.ASSIGNED,
    "give": Act.ASSIGNED,
    "assign": Act.ASSIGNED,
    "note": Act.NOTED,
    "done": Act.DONE,
}


class WorkList(Protocol):
    """Every method raises StoreUnavailable."""

    async def items(
        self,
        *,
        why: str = "",
        assignee: str | None = None,
        progress: Progress = Progress.OPEN,
        after: tuple[float, int, int] | None = None,
    ) -> Sequence[Item]:
        """One more than a page holds, where there are more."""

    async def item(self, item_id: int) -> Item | None: ...

    async def counts(self) -> Mapping[str, int]: ...

    async def note(
        self, item_id: int, *, assignee: str | None = None, done: bool = False, now: float
    ) -> None: ...

    async def acts(self, keys: Collection[str]) -> Sequence[Entry]:
        """What operators did about some findings, in the order of their numbers."""


class Ledger(Protocol):
    async def append(self, drafts: Sequence[Draft], *, now: float) -> Sequence[Appended]: ...


class Payloads(Protocol):
    async def payloads(self, numbers: Collection[int]) -> Mapping[int, tuple[str, bytes]]:
        """Those that can still be read, each with its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPages:
    """``people`` are the operators whom the config names by their addresses."""

    work: WorkList
    ledger: Ledger
    payloads: Payloads
    people: Sequence[str] = ()

    def actions(self) -> tuple[Action, ...]:
        return (
            Action(path=PATH, roles=FINANCE, act="work", road=self.page),
            Action(
                path=f"{PATH}/{{id}}", method="POST", roles=FINANCE, act="work-act", road=self.act
            ),
        )

    async def page(self, visit: Visit) -> Answer:
        why = visit.ask.asked("why")
        why = why if why in WHYS else ""
        shown = visit.ask.asked("progress")
        progress = Progress(shown) if shown in frozenset(Progress) else Progress.OPEN
        whose = visit.ask.asked("whose")
        assignee = {"mine": visit.who, "nobody": ""}.get(whose)
        await visit.note(f"why={why or 'any'} progress={progress} whose={whose or 'any'}")
        items = await self.work.items(
            why=why, assignee=assignee, progress=progress, after=_after(visit.ask.asked("after"))
        )
        page = items[:PAGE_ROWS]
        notes = await self._notes(page, visit)
        counts = await self.work.counts()
        return await visit.page(
            "finance-work",
            items=[_shown(each, notes[each.finding.key], visit) for each in page],
            whys=[(str(each), counts.get(each, 0)) for each in WHYS],
            progresses=[str(each) for each in Progress],
            why=why,
            progress=str(progress),
            whose=whose if assignee is not None else "",
            after=_place(page[-1]) if len(items) > PAGE_ROWS else "",
            said=visit.ask.asked("said") if visit.ask.asked("said") in _FORMS else "",
            note_max=NOTE_MAX,
            people=[each for each in self.people if each != visit.who],
        )

    async def act(self, visit: Visit) -> Answer:
        """Raises RequestRefused for an item that isn't there, and a form that none of ours sends."""
        item = await self.work.item(visit.number("id"))
        done = visit.ask.written("act")
        if item is None:
            raise RequestRefused(404, "not-found")
        if done not in _FORMS:
            raise RequestRefused(400, "unreadable-form")
        note = visit.ask.written("note").strip()[:NOTE_MAX]
        act = _FORMS[done]
        to = {"take": visit.who, "assign": visit.ask.written("to")}.get(done, "")
        if done == "assign" and to not in self.people:
            raise RequestRefused(400, "unreadable-form")
        await visit.note(f"{done} {item.finding.key}")
        if act is Act.NOTED and not note:
            return visit.onward(PATH)
        draft = acts.worked(act, item.finding, by=visit.who, at=visit.now, note=note, to=to)
        await self.ledger.append([draft], now=visit.now)
        if act is not Act.NOTED:
            await self.work.note(
                item.id,
                assignee=to if act is Act.ASSIGNED else None,
                done=act is Act.DONE,
                now=visit.now,
            )
        return visit.onward(PATH, said=done)

    async def _notes(
        self, items: Sequence[Item], visit: Visit
    ) -> defaultdict[str, list[dict[str, str]]]:
        """By finding. What was erased is said to be."""
        found: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
        done = await self.work.acts({item.finding.key for item in items}) if items else ()
        said = await self.payloads.payloads([entry.number for entry in done])
        for entry in done:
            _, payload = said.get(entry.number, ("", b""))
            facts = entry.said
            found[entry.object_id].append(
                {
                    "act": entry.kind,
                    "by": plain(str(facts.get("by", ""))),
                    "to": plain(str(facts.get("to", ""))),
                    "at": visit.words.moment(entry.observed_at, visit.language),
                    "text": plain(payload.decode("utf-8", "replace"), longest=NOTE_MAX),
                }
            )
        return found


def _shown(item: Item, notes: Sequence[Mapping[str, str]], visit: Visit) -> dict[str, object]:
    """For the template."""
    finding, words, language = item.finding, visit.words, visit.language
    links = (
        ("customer", finding.customer_id),
        ("subscription", finding.subscription_id),
        ("payment", finding.payment_id or finding.charge_id),
    )
    return {
        "id": item.id,
        "why": str(finding.why),
        "number": finding.number,
        "subject": plain(finding.subject, longest=80),
        "reader": plain(finding.reader),
        "ids": [(name, plain(value, longest=80)) for name, value in links if value],
        "amount": words.money(finding.amount_minor, finding.currency, language),
        "unknown": finding.amount_minor is not None and finding.currency not in EXPONENTS,
        "detail": plain(finding.detail),
        "due": "" if finding.due is None else words.until(finding.due, language),
        "late": finding.due is not None and finding.due < visit.now,
        "assignee": plain(finding.assignee),
        "mine": finding.assignee == visit.who,
        "progress": str(item.progress),
        "opened": words.moment(item.opened_at, language),
        "notes": notes,
    }


def _place(item: Item) -> str:
    """Where the next page begins; a deadline that there isn't is far away."""
    due = "" if item.finding.due is None else f"{item.finding.due:.0f}"
    return f"{due}-{item.finding.number}-{item.id}"


def _after(typed: str) -> tuple[float, int, int] | None:
    due, _, rest = typed.partition("-")
    number, mark, item_id = rest.partition("-")
    readable = all(each.isascii() and each.isdecimal() for each in (due or "0", number, item_id))
    if not mark or not readable or len(typed) > 60:
        return None
    return float(due) if due else NO_DUE, int(number), int(item_id)


NO_DUE = 32_503_680_000.0  # as the store's: behind whatever has a moment
