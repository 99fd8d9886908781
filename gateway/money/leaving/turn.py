"""One accepted request's turn: carried out now, while its reader waits, or later, until it is done.

``take`` is called for each by whoever claimed it; two that are at it all the same do it once, for
Stripe is asked for what is so already, and the store lets one of them say that it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.model.leaving import Leaving, Result
from gateway.model.letter import Letter
from gateway.money.leaving.carrying_out import Leaver
from gateway.money.leaving.ports import Customers, Requests
from gateway.money.leaving.receipts import Receipts, said_already
from gateway.ops.logs import logger

PATIENCE_SECONDS = 8.0
REFUSED_SECONDS = 14 * 86400.0
LATE_SECONDS = 30 * 86400.0  # a SEPA debit is told of within fourteen days, and then some
_DUE_MAX = 20
_PAUSES_SECONDS = (15.0, 60.0, 300.0, 900.0, 3600.0)
_LOG = "lychgate.money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """``mails`` is False where no mail is set up: then pages are all that is said. ``hand`` is the address
    of who does what can't be done by itself, or empty."""

    requests: Requests
    leaver: Leaver
    customers: Customers
    receipts: Receipts
    mails: bool
    hand: str = ""
    clock: Clock

    async def take(self, accepted: Leaving, *, patience: float = PATIENCE_SECONDS) -> Leaving:
        """With its outcomes; without, where it is to be done later. Raises StoreUnavailable."""
        try:
            async with asyncio.timeout(patience):
                done = await self.leaver.carry_out(accepted, now=self.clock.now())
        except (TimeoutError, StripeUnavailable) as error:
            logger(_LOG).warning("leaving-waits", id=accepted.id, why=type(error).__name__)
            await self._later(accepted)
            return accepted
        except StripeRefused as refused:
            logger(_LOG).error("leaving-refused", id=accepted.id, why=str(refused))
            await self._later(accepted)
            return accepted
        if await self._once_more(accepted, done):
            return done
        letters = await self._receipt(done)
        await self.requests.finish(done, letters, told=said_already(done), now=self.clock.now())
        logger(_LOG).info(
            "left", id=done.id, way=done.way, results=[str(each.result) for each in done.outcomes]
        )
        return done

    async def take_due(self) -> None:
        """For the job. Raises StoreUnavailable."""
        while due := await self.requests.due(now=self.clock.now(), limit=_DUE_MAX):
            for each in due:
                await self.take(each, patience=10 * PATIENCE_SECONDS)

    async def look_back(self) -> None:
        """What a bank took only after its payer had withdrawn goes back too: a direct debit that is
        under way can't be stopped. For the job. Raises StoreUnavailable."""
        for done in await self.requests.withdrawn(after=self.clock.now() - LATE_SECONDS):
            try:
                more = await self.leaver.pay_back_more(done, now=self.clock.now())
            except (StripeRefused, StripeUnavailable) as error:
                logger(_LOG).warning("late-refund-waits", id=done.id, why=str(error))
                continue
            if more is not None:
                await self.requests.amend(more, await self._receipt(more), now=self.clock.now())
                logger(_LOG).info("paid-back-late", id=more.id)

    async def _once_more(self, accepted: Leaving, done: Leaving) -> bool:
        """What Stripe refused may be done a minute later, or by somebody's hand: it is tried again for a
        while. Both who asked and who works here are told at once, and of the end of it."""
        now = self.clock.now()
        refused = any(each.result is Result.REFUSED for each in done.outcomes)
        if not refused or now >= accepted.asked_at + REFUSED_SECONDS:
            return False
        letters = [] if accepted.outcomes else await self._receipt(done)
        await self.requests.again(done, letters, next_at=now + _pause(accepted), now=now)
        return True

    async def _later(self, accepted: Leaving) -> None:
        now = self.clock.now()
        letters: Sequence[tuple[str, Letter]] = ()
        if self.mails and accepted.email:
            letters = [(accepted.email, self.receipts.receipt(accepted))]
        await self.requests.later(accepted, letters, next_at=now + _pause(accepted), now=now)

    async def _receipt(self, done: Leaving) -> list[tuple[str, Letter]]:
        if not self.mails:
            return []
        recipient = done.email or await self._payer(done)
        letters = [(recipient, self.receipts.receipt(done))] if recipient else []
        hand = any(each.for_a_person or each.result is Result.NOTHING for each in done.outcomes)
        if self.hand and hand:
            letters.append((self.hand, self.receipts.by_hand(done)))
        return letters

    async def _payer(self, done: Leaving) -> str:
        """Where mail reaches a reader whose account has proved no address: what Stripe has of them."""
        for each in done.outcomes:
            if not each.subscription_id:
                continue
            try:
                draft = await self.leaver.stripe.subscription(each.subscription_id)
                customer = await self.customers.customer(draft.customer_id)
            except (StripeRefused, StripeUnavailable):
                continue
            if customer.email:
                return customer.email
        return ""


def _pause(accepted: Leaving) -> float:
    return _PAUSES_SECONDS[min(accepted.tries, len(_PAUSES_SECONDS) - 1)]
