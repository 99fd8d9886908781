"""Bringing members of another system along: accounts, what was given to them, and whose customers they are.

First it is supposed, and the fold itself says who would read what; then it is done, or not. A file takes
nothing from anybody: a customer who is another reader's stays theirs, what an operator unbound or took
back isn't given again, and doing it twice is doing it once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Protocol

from gateway.errors import StripeRefused
from gateway.model.entitlement import Entitlement
from gateway.model.entry import Draft, Entry
from gateway.model.imported import Found, Gift, Person, Row
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.folding.fold import fold
from gateway.money.folding.story import Story, gather
from gateway.money.folding.whose import bindings
from gateway.money.ledger import Ledger
from gateway.money.project import Holdings
from gateway.money.supposing import stories, supposed

AT_ONCE = 8
BATCH_MAX = 200
Progress = Callable[[int], None]


class People(Protocol):
    """Every method raises StoreUnavailable."""

    async def found(self, addresses: Collection[str]) -> Mapping[str, Found]: ...

    async def add(self, people: Sequence[Person], *, now: float) -> Mapping[str, str]: ...


class Payments(Protocol):
    """Stripe. Raises StripeRefused and StripeUnavailable."""

    async def subscriptions_of(self, customer_id: str) -> Sequence[Draft]: ...


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody would read, or read no more. ``why`` is said where it is nothing."""

    line: int
    email: str
    tiers: tuple[Entitlement, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """``new``: people without an account. ``drafts`` name those by ``provisional`` ids. ``troubles``: line and
    what can't be done about it."""

    people: int
    new: tuple[Person, ...]
    drafts: tuple[Draft, ...] = field(repr=False)
    gains: tuple[Change, ...]
    losses: tuple[Change, ...]
    troubles: tuple[tuple[int, str], ...]

    def acts(self, act: Act) -> int:
        return sum(draft.kind == act for draft in self.drafts)


@dataclass(slots=True)
class _Member:
    """All rows of one address together."""

    line: int
    person: Person
    reader: str
    customers: dict[str, int] = field(default_factory=dict)
    gifts: dict[Gift, int] = field(default_factory=dict)
    promised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """``payments`` is None where no Stripe is set up. ``rules``: plans and settings as the config has them,
    whether or not the ledger knows them yet. ``by`` and ``reason`` stand in every act."""

    ledger: Ledger
    people: People
    holdings: Holdings
    payments: Payments | None
    rules: Sequence[Draft]
    by: str
    reason: str

    async def suppose(self, rows: Sequence[Row], *, now: float, asked: Progress) -> Outlook:
        """Changes nothing. ``asked`` is told of each customer that Stripe was asked for. Raises
        StoreUnavailable and StripeUnavailable."""
        troubles: list[tuple[int, str]] = []
        found = await self.people.found({row.person.email for row in rows})
        members = _members(rows, found, troubles)
        customers = {customer for each in members for customer in each.customers}
        known = {each.reader for each in members if each.person.email in found}
        entries = await stories(self.ledger, customers=customers, readers=known)
        story = gather(entries)
        binds = self._binds(members, story, troubles, now=now)
        told = await self._told(binds, story, asked)
        lines = {customer: line for each in members for customer, line in each.customers.items()}
        missing = {customer for customer, drafts in told.items() if drafts is None}
        troubles += [(lines[each], f"Stripe knows no customer {each}") for each in missing]
        drafts = [each for several in told.values() for each in several or ()]
        drafts += [each for each in binds if each.customer_id not in missing]
        drafts += self._grants(members, entries, now=now)
        held = await self.holdings.held(known)
        said = self._said(entries, drafts, now=now)
        gains, losses = _changes(members, held, said, now=now)
        return Outlook(
            people=len(members),
            new=tuple(each.person for each in members if each.person.email not in found),
            drafts=tuple(drafts),
            gains=tuple(gains),
            losses=tuple(losses),
            troubles=tuple(sorted(troubles)),
        )

    async def apply(self, outlook: Outlook, *, now: float, done: Progress) -> None:
        """Safe to run again where it was cut off: it is supposed anew. Raises StoreUnavailable."""
        ids: dict[str, str] = {}
        for start in range(0, len(outlook.new), BATCH_MAX):
            some = outlook.new[start : start + BATCH_MAX]
            made = await self.people.add(some, now=now)
            ids |= {provisional(email): reader for email, reader in made.items()}
            done(len(some))
        for start in range(0, len(outlook.drafts), BATCH_MAX):
            drafts = outlook.drafts[start : start + BATCH_MAX]
            named = [_of(each, ids.get(each.reader, each.reader), now=now) for each in drafts]
            await self.ledger.append(named, now=now)
            done(len(drafts))

    def _binds(
        self,
        members: Iterable[_Member],
        story: Story,
        troubles: list[tuple[int, str]],
        *,
        now: float,
    ) -> list[Draft]:
        known = bindings(story)
        drafts = []
        for member in members:
            for customer, line in member.customers.items():
                binding = known.get(customer)
                if binding is None:
                    drafts.append(self._bind(customer, member.reader, now=now))
                elif binding.doubtful:
                    troubles.append((line, f"{customer} is claimed for two readers"))
                elif not binding.reader:
                    troubles.append((line, f"{customer} was unbound: bind it by hand"))
                elif binding.reader != member.reader:
                    told = f"{customer} is bound to another reader, {binding.reader}"
                    troubles.append((line, told))
        return drafts

    def _bind(self, customer: str, reader: str, *, now: float) -> Draft:
        return acts.bind(customer, reader, by=self.by, at=now, reason=self.reason)

    def _grants(
        self, members: Iterable[_Member], entries: Iterable[Entry], *, now: float
    ) -> list[Draft]:
        """Not what was given already, nor what was taken back since; nor what is over."""
        given = {
            (entry.reader, entry.said.get("tier"), entry.said.get("until"))
            for entry in entries
            if entry.kind == Act.GRANT
        }
        return [
            acts.grant(
                member.reader, gift.tier, until=gift.until, by=self.by, at=now, reason=self.reason
            )
            for member in members
            for gift in member.gifts
            if (member.reader, gift.tier, gift.until) not in given
            and (gift.until is None or gift.until > now)
        ]

    async def _told(
        self, binds: Iterable[Draft], story: Story, asked: Progress
    ) -> dict[str, Sequence[Draft] | None]:
        """By customer all subscriptions that nobody told us of; None for a customer whom Stripe doesn't
        know."""
        if self.payments is None:
            return {}
        payments = self.payments
        known = {each.said.customer for each in story.subscriptions.values()}
        wanted = sorted({each.customer_id for each in binds} - known)
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(customer: str) -> Sequence[Draft] | None:
            async with gate:
                try:
                    found = await payments.subscriptions_of(customer)
                except StripeRefused as refused:
                    if not refused.missing:
                        raise
                    found = None
            asked(1)
            return found

        answers = await asyncio.gather(*(ask(each) for each in wanted))
        return dict(zip(wanted, answers, strict=True))

    def _said(
        self, entries: Iterable[Entry], drafts: Sequence[Draft], *, now: float
    ) -> Mapping[str, tuple[Entitlement, ...]]:
        whole = [*entries, *supposed([*self.rules, *drafts], now=now)]
        return fold(whole, now=now).entitlements


def provisional(email: str) -> str:
    """The id of somebody who has no account yet, until they have one."""
    return f"new-{sha256(email.encode()).hexdigest()[:32]}"


def _of(draft: Draft, reader: str, *, now: float) -> Draft:
    """The act itself again, of the account that was made meanwhile."""
    if reader == draft.reader:
        return draft
    said, reason = draft.facts, draft.payload.decode()
    if draft.kind == Act.BIND:
        return acts.bind(draft.customer_id, reader, by=said["by"], at=now, reason=reason)
    return acts.grant(
        reader, said["tier"], until=said["until"], by=said["by"], at=now, reason=reason
    )


def _members(
    rows: Sequence[Row], found: Mapping[str, Found], troubles: list[tuple[int, str]]
) -> list[_Member]:
    members: dict[str, _Member] = {}
    owners: dict[str, str] = {}
    for row in rows:
        email = row.person.email
        known = found.get(email)
        reader = known.reader if known else provisional(email)
        member = members.setdefault(email, _Member(row.line, row.person, reader))
        member.person = replace(
            member.person,
            name=member.person.name or row.person.name,
            language=member.person.language or row.person.language,
        )
        member.promised |= row.promised
        member.gifts |= dict.fromkeys(row.gifts, row.line)
        if row.customer and owners.setdefault(row.customer, email) != email:
            troubles.append((row.line, f"{row.customer} stands here for another address already"))
        elif row.customer:
            member.customers.setdefault(row.customer, row.line)
    return list(members.values())


def _changes(
    members: Iterable[_Member],
    held: Mapping[str, tuple[Entitlement, ...]],
    said: Mapping[str, tuple[Entitlement, ...]],
    *,
    now: float,
) -> tuple[list[Change], list[Change]]:
    gains, losses = [], []
    for each in members:
        before, after = held.get(each.reader, ()), said.get(each.reader, ())
        had = _opened(before, now)
        has = _opened(after, now)
        new = tuple(has[tier] for tier in sorted(has.keys() - had.keys()))
        gone = tuple(had[tier] for tier in sorted(had.keys() - has.keys()))
        if new:
            gains.append(Change(each.line, each.person.email, new))
        if gone:
            losses.append(Change(each.line, each.person.email, gone))
        elif each.promised and not has:
            losses.append(Change(each.line, each.person.email, why=_why(each)))
    return gains, losses


def _opened(held: Iterable[Entitlement], now: float) -> dict[str, Entitlement]:
    """By tier what opens now, the longest of each."""
    longest: defaultdict[str, list[Entitlement]] = defaultdict(list)
    for each in held:
        if each.opens(now):
            longest[each.tier].append(each)
    return {tier: max(these, key=lambda one: one.ends_at) for tier, these in longest.items()}


def _why(member: _Member) -> str:
    if member.customers:
        return f"{', '.join(member.customers)} pays for none of our plans now"
    return "what was given or paid there is over"
