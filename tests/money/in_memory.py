"""The money way's ports in memory, and a Stripe made of things: thousands of stories in seconds.

What the stores promise is kept by contracts of their own (``tests/contracts``); here it is told once
more, as shortly as it can be.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from gateway.errors import StripeRefused
from gateway.jobs.fetching import Fetching
from gateway.jobs.folding import Folding
from gateway.jobs.reconciling import Reconciling
from gateway.model.entitlement import Entitlement
from gateway.model.entry import GENESIS, Appended, Draft, Entry, Head, Source, chained
from gateway.model.mark import Mark, State
from gateway.money.fetching import Fetcher
from gateway.money.prices import Refresher
from gateway.money.project import Projector
from tests.money.telling import DAY, fetched

LEADS = ("customer_id", "subscription_id", "invoice_id", "charge_id", "payment_id", "reader")
EVENTS_DAYS = 30


@dataclass
class Clock:
    time: float = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


@dataclass
class Books:
    """Ledger, work, wants, holdings and leases in one."""

    entries_by_number: list[Entry] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    states: dict[int, Mark] = field(default_factory=dict)
    next_at: dict[int, float] = field(default_factory=dict)
    to_fetch: dict[int, float] = field(default_factory=dict)
    wanted: dict[tuple[str, str], tuple[bool, float, int]] = field(default_factory=dict)
    entitlements: dict[str, tuple[Entitlement, ...]] = field(default_factory=dict)

    # The ledger.
    async def append(self, drafts: Sequence[Draft], *, now: float) -> list[Appended]:
        done = []
        for draft in drafts:
            number = self.numbers.get(draft.event_id)
            new = number is None
            if number is None:
                before = self.entries_by_number[-1].hash if self.entries_by_number else GENESIS
                number = len(self.entries_by_number) + 1
                entry = chained(draft, number=number, previous_hash=before, at=now)
                self.entries_by_number.append(entry)
                self.numbers[draft.event_id] = number
                self.states[number], self.next_at[number] = Mark(State.RECEIVED), now
                if draft.hint:
                    self.to_fetch[number] = now
            done.append(Appended(number, new))
        return done

    async def head(self) -> Head:
        if not self.entries_by_number:
            return Head()
        return Head(self.entries_by_number[-1].number, self.entries_by_number[-1].hash)

    async def read(self, *, after: int, limit: int) -> list[Entry]:
        return self.entries_by_number[after : after + limit]

    async def entries(self, numbers: Collection[int]) -> list[Entry]:
        return [self.entries_by_number[number - 1] for number in sorted(numbers)]

    async def known(self, event_ids: Collection[str]) -> set[str]:
        return set(event_ids) & self.numbers.keys()

    async def objects(self, object_ids: Collection[str]) -> list[Entry]:
        return [each for each in self.entries_by_number if each.object_id in object_ids]

    async def of_reader(self, reader: str) -> list[Entry]:
        return [each for each in self.entries_by_number if each.reader == reader]

    async def story(self, entries: Iterable[Entry]) -> list[Entry]:
        found = {each.number: each for each in entries}
        new = list(found.values())
        while new:
            leads = {(name, getattr(each, name)) for each in new for name in LEADS}
            objects = {each.object_id for each in new if each.object_type} - {""}
            new = [
                each
                for each in self.entries_by_number
                if each.number not in found
                and (
                    any((name, value) in leads for name in LEADS if (value := getattr(each, name)))
                    or (each.object_type and each.object_id in objects)
                )
            ]
            found |= {each.number: each for each in new}
        return [found[number] for number in sorted(found)]

    # What is to be done about entries.
    async def due(self, *, now: float, limit: int) -> Any:
        waiting = [
            each
            for each in self.entries_by_number
            if self.states[each.number].state is State.RECEIVED and self.next_at[each.number] <= now
        ]
        return waiting[:limit]

    async def hints(self, *, now: float, limit: int) -> list[Entry]:
        due = [number for number, at in self.to_fetch.items() if at <= now]
        return await self.entries(sorted(due)[:limit])

    async def mark(self, marks: Mapping[int, Mark], *, now: float, fence: str = "") -> None:
        self.states |= marks

    async def marks(self, numbers: Collection[int]) -> dict[int, Mark]:
        return {number: self.states[number] for number in numbers}

    async def later(self, numbers: Collection[int], *, next_at: float) -> None:
        self.next_at |= dict.fromkeys(numbers, next_at)

    async def failed(self, failures: Mapping[int, str], *, now: float) -> None:
        raise AssertionError(failures)

    async def fetched(self, numbers: Collection[int]) -> None:
        for number in numbers:
            del self.to_fetch[number]

    async def fetch_later(self, numbers: Collection[int], *, next_at: float) -> None:
        self.to_fetch |= dict.fromkeys(numbers, next_at)

    async def tries(self, numbers: Collection[int]) -> dict[int, tuple[int, int]]:
        return dict.fromkeys(numbers, (0, 0))

    # What readers hold, and leases.
    async def held(self, reader_ids: Collection[str]) -> dict[str, tuple[Entitlement, ...]]:
        return {each: self.entitlements.get(each, ()) for each in reader_ids}

    async def holders(self) -> set[str]:
        return {each for each, held in self.entitlements.items() if held}

    async def entitle(
        self, held: Mapping[str, Sequence[Entitlement]], *, now: float, fence: str = ""
    ) -> None:
        self.entitlements |= {each: tuple(these) for each, these in held.items()}

    async def open(self, *, now: float) -> int:
        return sum(each.opens(now) for held in self.entitlements.values() for each in held)

    async def take(self, name: str, holder: str, *, now: float, seconds: float) -> bool:
        return True


@dataclass
class Wants:
    """By kind and id: whether it is wanted, from when on, and how often it was asked."""

    known: dict[tuple[str, str], tuple[bool, float, int]] = field(default_factory=dict)

    async def want(self, wants: Collection[tuple[str, str]], *, now: float) -> None:
        for each in wants:
            _, next_at, tries = self.known.get(each, (True, now, 0))
            self.known[each] = (True, next_at, tries)

    async def due(self, *, now: float, limit: int) -> dict[tuple[str, str], int]:
        return {
            each: tries for each, (wanted, at, tries) in self.known.items() if wanted and at <= now
        }

    async def asked(self, want: tuple[str, str], *, settled: bool, next_at: float) -> None:
        if want in self.known:
            self.known[want] = (not settled, next_at, self.known[want][2] + 1)


@dataclass
class FakeStripe:
    """``things``: the last that is true of each object, by its id; ``told`` are all events ever sent.
    Asked, it answers as at ``clock``."""

    clock: Clock
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: list[Draft] = field(default_factory=list)
    forgets: bool = True

    def _answer(self, thing: Mapping[str, Any], source: Source = Source.API) -> Draft:
        return fetched(dict(thing), at=int(self.clock.time), source=source)

    async def account(self) -> str:
        return "acct_us"

    async def events(
        self, kinds: Sequence[str], *, since: float, undelivered: bool = False
    ) -> AsyncIterator[list[Draft]]:
        kept = [each for each in self.told if each.observed_at >= since or not self.forgets]
        yield [replace(each, source=Source.RECONCILE) for each in reversed(kept)]

    async def subscriptions(self) -> AsyncIterator[list[Draft]]:
        found = [each for each in self.things.values() if each["object"] == "subscription"]
        yield [self._answer(each, Source.RECONCILE) for each in found]

    async def subscription(self, subscription_id: str) -> Draft:
        return await self.one("subscription", subscription_id)

    async def one(self, object_type: str, object_id: str) -> Draft:
        thing = self.things.get(object_id)
        if thing is None:
            raise StripeRefused(status=404)
        return self._answer(thing)

    async def invoices_of(self, subscription: str) -> list[Draft]:
        found = [each for each in self.things.values() if each["object"] == "invoice"]
        drafts = [self._answer(each) for each in found]
        return [each for each in drafts if each.subscription_id == subscription]

    async def paid_by(self, payment: str) -> list[Draft]:
        found = [each for each in self.things.values() if each["object"] == "invoice_payment"]
        drafts = [self._answer(each) for each in found]
        return [each for each in drafts if each.payment_id == payment]


class _NoPrices:
    async def all(self) -> dict[str, Any]:
        return {}

    async def keep(self, told: Any, *, gone: Any = (), now: float) -> bool:
        return False


@dataclass
class Gateway:
    """The whole money way but its doors, at a moment that stands still."""

    stripe: FakeStripe
    books: Books
    reconciling: Reconciling


def gateway(stripe: FakeStripe) -> Gateway:
    books, wants, clock = Books(), Wants(), stripe.clock
    any_stripe: Any = stripe
    refresher = Refresher(catalogue=_NoPrices(), stripe=any_stripe, prices=(), clock=clock)
    fetching = Fetching(
        fetcher=Fetcher(
            ledger=books,
            work=books,
            wants=wants,
            stripe=stripe,
            clock=clock,
            shelve=refresher.refresh,
        ),
        refresher=refresher,
        ledger=books,
        leases=books,
        clock=clock,
        account=stripe.account,
        told={"livemode": False},
    )
    folding = Folding(
        ledger=books,
        work=books,
        projector=Projector(ledger=books, work=books, holdings=books, clock=clock),
        wants=wants,
        leases=books,
        clock=clock,
        prices={"price_gold": ["gold"]},
        settings={"livemode": False},
    )
    reconciling = Reconciling(
        ledger=books,
        work=books,
        holdings=books,
        stripe=stripe,
        folding=folding,
        fetching=fetching,
        leases=books,
        clock=clock,
        mode={"livemode": False},
        zone=ZoneInfo("UTC"),
    )
    return Gateway(stripe, books, reconciling)


__all__ = ["DAY", "Books", "Clock", "FakeStripe", "Gateway", "gateway"]
