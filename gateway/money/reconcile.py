"""What Stripe says against what the ledger says: missed events, and every subscription.

    Stripe's events of 30 days ─┐
    all its subscriptions ──────┼─ what the ledger doesn't know ─ what would close ─ append, or stop
    those it doesn't list ──────┘

Only what differs is appended, so a night in which nothing was missed writes nothing, and running
twice is running once. A run that stops appends that it did, and is for a person. Absence from a list closes nothing: what isn't there is asked for by its id,
and Stripe's 404 is for a person. The fold does the rest, as with any other entry.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.errors import StripeRefused
from gateway.model.entry import Draft, Source, canonical
from gateway.money.applying import pin
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.entries.kinds import EVENTS
from gateway.money.foreseeing import Holdings, closings
from gateway.money.ledger import Ledger
from gateway.money.standing_ledger import Kept, kept_of

EVENTS_SECONDS = 30 * 86400.0  # docs.stripe.com/api/events/list: kept for 30 days
MISSED_MAX = 50_000  # the newest first; older ones are for the next run
BATCH_MAX = 100
CLOSING_SHARE = 0.02
CLOSING_LEAST = 10


class Step(StrEnum):
    EVENTS = "events"
    SUBSCRIPTIONS = "subscriptions"
    ABSENT = "absent subscriptions"
    WRITING = "writing"


class Stripe(Protocol):
    """Every method raises StripeUnavailable and StripeRefused."""

    async def account(self) -> str: ...

    def events(
        self, kinds: Sequence[str], *, since: float, undelivered: bool = False
    ) -> AsyncIterator[list[Draft]]: ...

    def subscriptions(self) -> AsyncIterator[list[Draft]]: ...

    async def subscription(self, subscription_id: str) -> Draft: ...


@dataclass(frozen=True, slots=True)
class Drift:
    """``fields`` of a subscription's facts that differed; none for one that the ledger didn't know."""

    subscription: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``undelivered`` events are those that our endpoint hasn't taken, of ``missed`` those that the
    ledger didn't know. ``others`` are subscriptions of other businesses. ``closing`` are readers and
    tiers that what was found closes; ``stopped`` because they are too many of ``open``."""

    account: str
    began_at: float
    ended_at: float
    events: int
    undelivered: int
    missed: tuple[str, ...]
    subscriptions: int
    others: int
    drifts: tuple[Drift, ...]
    missing: tuple[str, ...]
    open: int
    closing: tuple[tuple[str, str], ...]
    stopped: bool
    appended: int

    @property
    def agrees(self) -> bool:
        return not (self.missed or self.drifts or self.missing)


class Reconciler:
    """``still`` is called between pages, and raises when the run must end. ``told`` hears how far it
    is: a step, how many are done, and of how many where that is known."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        holdings: Holdings,
        stripe: Stripe,
        clock: Clock,
        mode: Mapping[str, Any],
        still: Callable[[], Awaitable[None]],
        told: Callable[[Step, int, int | None], None],
    ) -> None:
        self._ledger = ledger
        self._holdings = holdings
        self._stripe = stripe
        self._clock = clock
        self._mode = mode
        self._still = still
        self._told = told

    async def run(self, *, allow_closing: bool = False) -> Report:
        """Raises StripeUnavailable, StripeRefused, StoreUnavailable, Faults for another account's key,
        and whatever ``still`` does; then nothing, or part of what was found, is in the ledger."""
        began_at = self._clock.now()
        account = await self._stripe.account()
        await pin(self._ledger, {**self._mode, "account": account}, now=began_at)
        seen, undelivered, missed = await self._missed(since=began_at - EVENTS_SECONDS)
        kept = await kept_of(self._ledger)
        listed, others, drafts, drifts = await self._compared(kept)
        absent, missing = await self._absent(kept, listed, drifts)
        found = [*missed, *drafts, *absent]
        now = self._clock.now()
        closing = await closings(self._ledger, self._holdings, found, still=self._still, now=now)
        held_open = await self._holdings.open(now=now)
        stopped = not allow_closing and too_many(len(closing), held_open)
        appended = 0 if stopped else await self._append(found)
        await self._remember(stopped=stopped, closing=len(closing), held_open=held_open)
        return Report(
            account=account,
            began_at=began_at,
            ended_at=self._clock.now(),
            events=seen,
            undelivered=undelivered,
            missed=tuple(each.event_id for each in missed),
            subscriptions=len(listed),
            others=others,
            drifts=tuple(drifts),
            missing=tuple(missing),
            open=held_open,
            closing=tuple(sorted(closing)),
            stopped=stopped,
            appended=appended,
        )

    async def _remember(self, *, stopped: bool, closing: int, held_open: int) -> None:
        """Each stop, for a person, who wasn't looking at three in the night; and that it is over by the
        first that goes through. Nights that go through as the one before leave nothing."""
        now = self._clock.now()
        if stopped:
            said = acts.stopped(closing=closing, held_open=held_open, at=now)
            await self._ledger.append([said], now=now)
            return
        before = await self._ledger.objects([acts.RECONCILE])
        if before and before[-1].kind == Act.STOPPED:
            await self._ledger.append([acts.reconciled(at=now)], now=now)

    async def _missed(self, *, since: float) -> tuple[int, int, list[Draft]]:
        """Of each kind that counts: others aren't sent to our endpoint, and are no loss."""
        undelivered = 0
        async for page in self._stripe.events(EVENTS, since=since, undelivered=True):
            await self._still()
            undelivered += len(page)
        seen = 0
        missed: list[Draft] = []
        async for page in self._stripe.events(EVENTS, since=since):
            await self._still()
            seen += len(page)
            self._told(Step.EVENTS, seen, None)
            known = await self._ledger.known([each.event_id for each in page])
            missed += [each for each in page if each.event_id not in known]
            if len(missed) >= MISSED_MAX:
                break
        return seen, undelivered, missed

    async def _compared(self, kept: Kept) -> tuple[set[str], int, list[Draft], list[Drift]]:
        listed: set[str] = set()
        drafts: list[Draft] = []
        drifts: list[Drift] = []
        others = 0
        async for page in self._stripe.subscriptions():
            await self._still()
            for draft in page:
                listed.add(draft.object_id)
                if not kept.ours(draft):
                    others += 1
                elif (drift := _drift(draft, kept)) is not None:
                    drafts.append(draft)
                    drifts.append(drift)
            self._told(Step.SUBSCRIPTIONS, len(listed), None)
        return listed, others, drafts, drifts

    async def _absent(
        self, kept: Kept, listed: Collection[str], drifts: list[Drift]
    ) -> tuple[list[Draft], list[str]]:
        """Those that the ledger holds to be going on, asked for by their ids."""
        drafts: list[Draft] = []
        missing: list[str] = []
        absent = sorted(kept.going_on - set(listed))
        for number, subscription_id in enumerate(absent, 1):
            await self._still()
            self._told(Step.ABSENT, number, len(absent))
            try:
                draft = await self._stripe.subscription(subscription_id)
            except StripeRefused as refused:
                if not refused.missing:
                    raise
                missing.append(subscription_id)
                if subscription_id not in kept.missing:
                    now = self._clock.now()
                    said = acts.missing(
                        "subscription", subscription_id, at=now, source=Source.RECONCILE
                    )
                    drafts.append(said)
                continue
            drift = _drift(draft, kept)
            if drift is not None:
                drafts.append(draft)
                drifts.append(drift)
        return drafts, missing

    async def _append(self, found: Sequence[Draft]) -> int:
        """A batch at a time: webhooks that come meanwhile get their turn."""
        appended = 0
        for start in range(0, len(found), BATCH_MAX):
            await self._still()
            some = found[start : start + BATCH_MAX]
            done = await self._ledger.append(some, now=self._clock.now())
            appended += sum(each.new for each in done)
            self._told(Step.WRITING, start + len(some), len(found))
            await asyncio.sleep(0)
        return appended


def too_many(closing: int, held_open: int) -> bool:
    """More than a run may close without being told to: a mistake, more likely than so many readers."""
    return closing >= CLOSING_LEAST and closing > CLOSING_SHARE * held_open


def _drift(draft: Draft, kept: Kept) -> Drift | None:
    known = kept.facts.get(draft.object_id)
    if known is None:
        return Drift(draft.object_id)
    said = json.loads(canonical(draft.facts))  # as the ledger would give it back
    if said == known:
        return None
    names = sorted(known.keys() | said.keys())
    return Drift(draft.object_id, tuple(n for n in names if known.get(n) != said.get(n)))
