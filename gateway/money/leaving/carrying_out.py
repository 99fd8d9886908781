"""Leaving, carried out: whose subscriptions a request is about, what Stripe is asked, what is said of it.

A request counts from the moment at which it was made, and is in the store before Stripe hears of it;
where Stripe is away it is carried out later, and its receipt says when it came. What Stripe answers goes
into the ledger at once, so that the gateway knows what the reader was told.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from gateway.errors import StripeRefused, StripeUnavailable
from gateway.model.amount import Amount
from gateway.model.entry import Draft
from gateway.model.leaving import Leaving, Outcome, Result, Way
from gateway.model.subscription import Subscription, read
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.entries.fields import whole
from gateway.money.folding.fold import Folded, fold, newest_rules
from gateway.money.leaving import contracts
from gateway.money.leaving.contracts import Contract
from gateway.money.leaving.ports import Customers, PaidBack, Readers, Stripe
from gateway.money.ledger import Ledger
from gateway.ops.logs import logger

LOOK_SECONDS = 4.0  # a page waits no longer for Stripe
_APART_SECONDS = 60.0  # by which Stripe's clock and ours may differ
_RULES = (Act.PLANS, Act.SETTINGS)
_LOG = "lychgate.money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Whose subscriptions: a reader's by the ledger, an address's by its accounts and by Stripe."""

    ledger: Ledger
    readers: Readers
    stripe: Stripe
    customers: Customers

    async def of_reader(self, reader: str, *, now: float) -> list[Contract]:
        """Raises StoreUnavailable."""
        named = await self.ledger.of_reader(reader)
        if not named:
            return []
        whole = {each.number: each for each in await self.ledger.objects(_RULES)}
        whole |= {each.number: each for each in await self.ledger.story(named)}
        folded: Folded = fold(whole.values(), now=now)
        return contracts.of_reader(folded, reader)

    async def standing(self, reader: str, *, now: float) -> list[Contract]:
        """As ``of_reader``, before anybody is told that nothing more will be charged: whoever took a
        cancellation back in Stripe's portal is charged, be the webhook lost. What Stripe can't say just
        now counts as going on, for cancelling twice does no harm. Raises StoreUnavailable."""
        found = await self.of_reader(reader, now=now)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._asked(found)
        except (TimeoutError, StripeUnavailable, StripeRefused):
            return _doubted(found)

    async def _asked(self, found: Iterable[Contract]) -> list[Contract]:
        """With Stripe's word on those that end by the ledger. Raises StripeUnavailable, StripeRefused. It
        isn't appended: it would be of the same second as what is done next, and nothing tells which of
        two is the later then."""
        return [await self._now(each) if each.ending else each for each in found]

    async def _now(self, known: Contract) -> Contract:
        """Whom Stripe knows no more isn't charged."""
        try:
            draft = await self.stripe.subscription(known.id)
        except StripeRefused as refused:
            if not refused.missing:
                raise
            return known
        said = contracts.of_facts(read(Subscription, draft.facts))
        return replace(said, refunded=known.refunded, seen=known.seen)

    async def of_address(self, email: str, *, now: float) -> list[Contract]:
        """Of an address that was proved. Raises StoreUnavailable, StripeUnavailable, StripeRefused."""
        found = []
        for reader in await self.readers.with_address(email):
            found += await self._asked(await self.of_reader(reader, now=now))
        rules = newest_rules(await self.ledger.objects(_RULES))
        told: list[Draft] = []
        for customer in await self.stripe.customers_at(email):
            told += await self.customers.subscriptions_of(customer)
        paid = [contracts.of_facts(read(Subscription, each.facts)) for each in told]
        return contracts.in_order([*found, *contracts.ours(paid, rules)])

    async def seen(self, email: str, *, now: float) -> list[Contract]:
        """For a page, which doesn't wait: what Stripe can't say just now is found later."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self.of_address(email, now=now)
        except (TimeoutError, StripeUnavailable, StripeRefused):
            found = []
            for reader in await self.readers.with_address(email):
                found += await self.of_reader(reader, now=now)
            return contracts.in_order(_doubted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    finder: Finder
    ledger: Ledger
    stripe: Stripe
    zone: ZoneInfo

    async def carry_out(self, asked: Leaving, *, now: float) -> Leaving:
        """What became of it. Raises StripeUnavailable and StoreUnavailable: then it is to be done again,
        and what was done already is not done twice."""
        names = asked.subscriptions
        if not names:
            found = await self.finder.of_address(asked.email, now=now)
            names = chosen(asked, found, self.zone)
        outcomes = [await self._one(asked, name, now=now) for name in names]
        work = [_by_hand(asked, each) for each in outcomes if each.for_a_person]
        if work:
            await self.ledger.append(work, now=now)
        nothing = Outcome(result=Result.NOTHING)
        return replace(asked, subscriptions=names, outcomes=tuple(outcomes) or (nothing,))

    async def _one(self, asked: Leaving, name: str, *, now: float) -> Outcome:
        try:
            draft = await self.stripe.subscription(name)
            contract = self._contract(draft)
            if asked.way is Way.WITHDRAW:
                return await self._withdraw(asked, contract, now=now)
            if not contract.can_cancel:
                await self.ledger.append([draft], now=now)
                return _told(_before(asked, contract, draft), contract)
            return await self._cancel(asked, contract, now=now)
        except StripeRefused as refused:
            logger(_LOG).error(
                "leaving-refused", way=asked.way, subscription=name, why=str(refused), id=asked.id
            )
            return Outcome(result=Result.REFUSED, subscription_id=name)

    async def _cancel(self, asked: Leaving, contract: Contract, *, now: float) -> Outcome:
        end = contract.end_of(asked.wished, self.zone)
        if not contract.open or (end is not None and end <= now):
            draft = await self.stripe.end_now(contract.id, comment=asked.reason)
            result = Result.ENDED
        else:
            at = None if end is None else int(end)
            draft = await self.stripe.end_later(contract.id, at=at, comment=asked.reason)
            result = Result.ENDING
        await self.ledger.append([draft], now=now)
        return _told(result, self._contract(draft))

    async def _withdraw(self, asked: Leaving, contract: Contract, *, now: float) -> Outcome:
        if not contract.can_withdraw(asked.asked_at, self.zone):
            late = _told(Result.TOO_LATE, contract)
            return replace(late, ends_at=contract.withdraw_until(self.zone))
        ended = contract
        if not contract.over:
            draft = await self.stripe.end_now(contract.id, comment=asked.reason)
            await self.ledger.append([draft], now=now)
            ended = self._contract(draft)
        back = await self._pay_back(asked, contract.id)
        if back.drafts:
            await self.ledger.append(back.drafts, now=now)
        return replace(
            _told(Result.WITHDRAWN, ended),
            refunded=_sums(back.amounts),
            by_hand=_sums(back.left),
            before=back.before,
        )

    async def pay_back_more(self, done: Leaving, *, now: float) -> Leaving | None:
        """The request with its new sums, where there was more to pay back than when it was carried out.
        Raises StripeRefused, StripeUnavailable and StoreUnavailable."""
        outcomes = tuple([await self._since(done, each, now=now) for each in done.outcomes])
        return None if outcomes == done.outcomes else replace(done, outcomes=outcomes)

    async def _since(self, done: Leaving, before: Outcome, *, now: float) -> Outcome:
        """What came of one subscription, with what could be paid back only since then."""
        if before.result is not Result.WITHDRAWN:
            return before
        back = await self._pay_back(done, before.subscription_id)
        sums = _sums(back.amounts)
        if not _exceed(sums, before.refunded):
            return before
        await self.ledger.append(back.drafts, now=now)
        return replace(before, refunded=sums, by_hand=_sums(back.left))

    async def _pay_back(self, asked: Leaving, subscription_id: str) -> PaidBack:
        """Under the request's own key, so that nothing is paid back twice for it."""
        return await self.stripe.pay_back(subscription_id, key=f"leaving:{asked.id}")

    def _contract(self, draft: Draft) -> Contract:
        return contracts.of_facts(read(Subscription, draft.facts))


def _doubted(found: Iterable[Contract]) -> list[Contract]:
    return [replace(each, leaving_at=None) if each.ending else each for each in found]


def chosen(asked: Leaving, found: Sequence[Contract], zone: ZoneInfo) -> tuple[str, ...]:
    """Of what is found under an address: the one that was named; else all that can be left. Where none
    can, the newest, so that its receipt says how it stands."""
    named = [each.id for each in found if asked.reference and asked.reference == each.id]
    if named:
        return tuple(named)
    if asked.way is Way.WITHDRAW:
        open_ = [each.id for each in found if each.can_withdraw(asked.asked_at, zone)]
    else:
        open_ = [each.id for each in found if each.can_cancel]
    return tuple(open_ or [each.id for each in found[:1]])


def _before(asked: Leaving, contract: Contract, draft: Draft) -> Result:
    """Cancelled since this was asked, it was by this very request, which was cut off then."""
    at = whole(json.loads(draft.payload).get("canceled_at"))
    if at is None or at < asked.asked_at - _APART_SECONDS:
        return Result.ALREADY
    return Result.ENDED if contract.over else Result.ENDING


def _by_hand(asked: Leaving, outcome: Outcome) -> Draft:
    """One entry a request and subscription, however often it is tried."""
    return acts.by_hand(
        outcome.subscription_id,
        way=str(asked.way),
        request=asked.id,
        sums=[(each.minor, each.currency) for each in outcome.by_hand],
        at=asked.asked_at,
    )


def _told(result: Result, contract: Contract) -> Outcome:
    return Outcome(
        result=result,
        subscription_id=contract.id,
        prices=contract.prices,
        ends_at=contract.ended_at if contract.over else contract.leaving_at,
    )


def _sums(amounts: Iterable[Amount]) -> tuple[Amount, ...]:
    """Currencies are never added to one another."""
    sums: dict[str, Amount] = {}
    for each in amounts:
        sums[each.currency] = sums[each.currency] + each if each.currency in sums else each
    return tuple(sums[currency] for currency in sorted(sums))


def _exceed(sums: Iterable[Amount], before: Iterable[Amount]) -> bool:
    known = {each.currency: each.minor for each in before}
    return any(each.minor > known.get(each.currency, 0) for each in sums)
