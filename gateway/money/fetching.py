"""Asking Stripe what hints and the fold want to know, and appending the answers as ``api`` entries.

A webhook is a hint: its object may have changed since. Hints of one object are one question, and so
are the fold's own wants. An answer is in the ledger before the question counts as asked, so being cut
off anywhere asks again and loses nothing. Where Stripe is away, questions wait, each a little longer
than before; meanwhile what events said by themselves counts.

One process asks at a time (the caller holds the lease), so one object is never asked for twice at once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from gateway.clock import Clock
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.model.entry import Draft, Entry, canonical
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.folding.fold import newest_rules
from gateway.money.folding.rules import Rules
from gateway.money.folding.whose import foreign
from gateway.money.ledger import Ledger, Work
from gateway.ops.logs import logger

BATCH_MAX = 200
AT_ONCE = 8
AGAIN_SECONDS = 15.0
AGAIN_SECONDS_MAX = 3600.0
# What Stripe answered twice in one second can't be put in order: ask again in the next.
NEXT_SECOND = 1.0
_SHELF = frozenset(("price", "product"))
_RULES = (Act.PLANS, Act.SETTINGS)
_CHARGES = ("ch_", "py_")
_LOG = "lychgate.money"


class Objects(Protocol):
    """Stripe. Every method raises StripeRefused and StripeUnavailable."""

    async def one(self, object_type: str, object_id: str) -> Draft: ...

    async def invoices_of(self, subscription: str) -> Sequence[Draft]: ...

    async def paid_by(self, payment: str) -> Sequence[Draft]: ...


class Question(NamedTuple):
    """``kind`` is an object's type, or what a ``fold.Want`` may be: ``invoices``, ``payment``."""

    kind: str
    id: str


class Wants(Protocol):
    """What the fold wants to know, as kind and id. Every method raises StoreUnavailable."""

    async def want(self, wants: Collection[tuple[str, str]], *, now: float) -> None:
        """Wants that were asked lately come up when their time has come, new ones at once."""

    async def due(self, *, now: float, limit: int) -> Mapping[tuple[str, str], int]:
        """And how often each was asked in a row."""

    async def asked(self, want: tuple[str, str], *, settled: bool, next_at: float) -> None:
        """``settled``: answered, so it comes up again only if the fold wants it again."""


@dataclass(slots=True)
class _Waiting:
    """Who waits for an answer: entries by their numbers, and the fold."""

    numbers: list[int] = field(default_factory=list)
    wanted: bool = False
    tries: int = 0


@dataclass(slots=True)
class Round:
    """What one round did. ``away``: Stripe couldn't be asked, and the rest waits."""

    asked: int = 0
    appended: int = 0
    missing: int = 0
    away: bool = False


class Fetcher:
    """``shelve`` brings the catalogue of prices up to date, when an event says that one changed."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        work: Work,
        wants: Wants,
        stripe: Objects,
        clock: Clock,
        shelve: Callable[[], Awaitable[None]],
    ) -> None:
        self._shelve = shelve
        self._ledger = ledger
        self._work = work
        self._wants = wants
        self._stripe = stripe
        self._clock = clock

    async def due(self) -> bool:
        """Whether there is anything to ask. Raises StoreUnavailable."""
        now = self._clock.now()
        return bool(
            await self._work.hints(now=now, limit=1) or await self._wants.due(now=now, limit=1)
        )

    async def fetch_due(self, *, still: Callable[[], Awaitable[bool]]) -> Round:
        """One round. ``still``: whether we may go on asking. Raises StripeUnavailable and
        StoreUnavailable; whatever wasn't marked is asked again."""
        done = Round()
        questions = await self._questions()
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(question: Question, waiting: _Waiting) -> None:
            async with gate:
                if not done.away and await still():
                    await self._ask(question, waiting, done)

        try:
            async with asyncio.TaskGroup() as group:
                for question, waiting in questions.items():
                    group.create_task(ask(question, waiting))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return done

    async def _questions(self) -> dict[Question, _Waiting]:
        now = self._clock.now()
        questions: defaultdict[Question, _Waiting] = defaultdict(_Waiting)
        for want, tries in (await self._wants.due(now=now, limit=BATCH_MAX)).items():
            waiting = questions[Question(*want)]
            waiting.wanted, waiting.tries = True, tries
        hints = await self._work.hints(now=now, limit=BATCH_MAX)
        if any(each.object_type in _SHELF for each in hints):
            await self._shelve()  # first: what is marked as fetched doesn't come up again
        hints = await self._unanswered(hints)
        tries_of = await self._work.tries([each.number for each in hints]) if hints else {}
        for hint in hints:
            waiting = questions[Question(hint.object_type, hint.object_id)]
            waiting.numbers.append(hint.number)
            waiting.tries = max(waiting.tries, tries_of[hint.number][1])
        return dict(questions)

    async def _unanswered(self, hints: Sequence[Entry]) -> Sequence[Entry]:
        """An answer that is younger than an event knows of it: nothing is left to ask. And of another
        mode's or account's objects our key knows nothing."""
        rules = newest_rules(await self._ledger.objects(_RULES)) if hints else Rules()
        told = await self._ledger.objects({each.object_id for each in hints}) if hints else []
        asked_at: dict[str, float] = {}
        for entry in told:
            if entry.fetched:
                before = asked_at.get(entry.object_id, 0.0)
                asked_at[entry.object_id] = max(before, entry.observed_at)
        answered = [
            each
            for each in hints
            if foreign(each, rules) or asked_at.get(each.object_id, -1.0) > each.observed_at
        ]
        if answered:
            await self._work.fetched([each.number for each in answered])
        known = {each.number for each in answered}
        return [each for each in hints if each.number not in known]

    async def _ask(self, question: Question, waiting: _Waiting, done: Round) -> None:
        done.asked += 1
        try:
            drafts = await self._answers(question)
        except StripeUnavailable as error:
            if not done.away:
                logger(_LOG).warning("stripe-away", reason=error.reason, detail=error.detail)
            done.away = True
            await self._later(question, waiting)
            return
        except StripeRefused as refused:
            if not refused.missing:
                logger(_LOG).error(
                    "stripe-refused", asked=question.kind, id=question.id, why=str(refused)
                )
                await self._later(question, waiting)
                return
            done.missing += 1
            now = self._clock.now()
            drafts = [acts.missing(_type_of(question), question.id, at=now)]
        appended = await self._ledger.append(drafts, now=self._clock.now())
        done.appended += sum(each.new for each in appended)
        if await self._in_one_second(drafts):
            await self._later(question, waiting, seconds=NEXT_SECOND)
        else:
            await self._settle(question, waiting)

    async def _answers(self, question: Question) -> Sequence[Draft]:
        if question.kind == "invoices":
            return await self._stripe.invoices_of(question.id)
        if question.kind == "payment":
            return await self._payment(question.id)
        return [await self._stripe.one(question.kind, question.id)]

    async def _payment(self, payment: str) -> Sequence[Draft]:
        """What was paid by it: the links, and the invoices that nobody told us of. A charge only leads
        to its payment, which the fold then wants."""
        now = self._clock.now()
        try:
            if payment.startswith(_CHARGES):
                charge = await self._stripe.one("charge", payment)
                alone = not charge.payment_id and not charge.invoice_id
                return [charge, *([acts.unlinked("", payment, at=now)] if alone else ())]
            links = await self._stripe.paid_by(payment)
        except StripeRefused as refused:
            if not refused.missing:
                raise
            links = ()
        if not links:
            charged = payment.startswith(_CHARGES)
            return [acts.unlinked("" if charged else payment, payment if charged else "", at=now)]
        invoices = {each.invoice_id for each in links} - {""}
        known = {each.object_id for each in await self._ledger.objects(invoices)}
        unknown = sorted(invoices - known)
        return [*links, *[await self._stripe.one("invoice", each) for each in unknown]]

    async def _in_one_second(self, drafts: Iterable[Draft]) -> bool:
        """Whether Stripe said something else of the same object in the same second."""
        told = {each.object_id: each for each in drafts if each.object_id}
        return any(
            entry.fetched
            and entry.observed_at == told[entry.object_id].observed_at
            and entry.event_id != told[entry.object_id].event_id
            and entry.facts != canonical(told[entry.object_id].facts)
            for entry in await self._ledger.objects(told)
        )

    async def _settle(self, question: Question, waiting: _Waiting) -> None:
        if waiting.numbers:
            await self._work.fetched(waiting.numbers)
        if waiting.wanted:
            # Where the fold goes on wanting it, Stripe has nothing new to say yet.
            next_at = self._clock.now() + _wait(waiting.tries)
            await self._wants.asked(question, settled=True, next_at=next_at)

    async def _later(self, question: Question, waiting: _Waiting, *, seconds: float = 0.0) -> None:
        next_at = self._clock.now() + (seconds or _wait(waiting.tries))
        if waiting.numbers:
            await self._work.fetch_later(waiting.numbers, next_at=next_at)
        if waiting.wanted:
            await self._wants.asked(question, settled=False, next_at=next_at)


def _wait(tries: int) -> float:
    return min(AGAIN_SECONDS * (1 << min(tries, 10)), AGAIN_SECONDS_MAX)


def _type_of(question: Question) -> str:
    return "subscription" if question.kind == "invoices" else question.kind
