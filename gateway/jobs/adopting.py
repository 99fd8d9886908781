"""Behind the page that asks for a link: which address pays is learned of Stripe, and links are mailed.

One node at a time. What a reader asked for waits while Stripe is away, and while there are payers whose
address nobody has asked for yet; it is given up when its link would be over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.clock import Clock
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.jobs.periodic import LeaseHolder, holder
from gateway.model.adoption import Asked
from gateway.model.customer import Customer
from gateway.money.arriving.adopting import Adopting, by_address
from gateway.money.supposing import unbound
from gateway.ops.logs import logger

EVERY_SECONDS = 1.0
LEASE_SECONDS = 60.0
AT_ONCE = 8
LEARN_MAX = 80  # in one round
ASKED_MAX = 20
_AGAIN_SECONDS = 5.0
_LEARN_AGAIN_SECONDS = 86400.0  # addresses change
_AWAY_SECONDS = 30.0
_SWEEP_SECONDS = 3600.0
_LOG = "lychgate.money"


class Customers(Protocol):
    """Stripe. Raises StripeRefused and StripeUnavailable."""

    async def customer(self, customer_id: str) -> Customer: ...


@dataclass(slots=True, kw_only=True)
class AdoptingJob:
    adopting: Adopting
    stripe: Customers
    sweep: Callable[..., Awaitable[int]]
    leases: LeaseHolder
    clock: Clock
    _away_until: float = 0.0
    _swept_at: float = field(default=-_SWEEP_SECONDS)
    _holder: str = field(default_factory=holder)

    async def work(self) -> None:
        """One round. Raises StoreUnavailable: then it is all still to be done."""
        if self.clock.monotonic() < self._away_until:
            return
        now, adoptions = self.clock.now(), self.adopting.adoptions
        unknown = await adoptions.unknown(now=now, limit=LEARN_MAX)
        asked = await adoptions.due(now=now, limit=ASKED_MAX)
        sweeping = self.clock.monotonic() - self._swept_at >= _SWEEP_SECONDS
        if not (unknown or asked or sweeping):
            return
        if not await self.leases.take("adopt", self._holder, now=now, seconds=LEASE_SECONDS):
            return
        try:
            await self._learn(unknown)
            for each in asked:
                await self._answer(each)
        except StripeUnavailable as error:
            logger(_LOG).warning("stripe-away", reason=error.reason, detail=error.detail)
            self._away_until = self.clock.monotonic() + _AWAY_SECONDS
        if sweeping:
            await self.sweep(before=now)
            self._swept_at = self.clock.monotonic()

    async def _learn(self, customers: Sequence[str]) -> None:
        for start in range(0, len(customers), AT_ONCE):
            some = customers[start : start + AT_ONCE]
            for told in await asyncio.gather(*(self._customer(each) for each in some)):
                await self._keep(told)

    async def _answer(self, asked: Asked) -> None:
        """One mail for all that the address pays; none where it pays nothing, and nobody is told."""
        adopting, now = self.adopting, self.clock.now()
        known = await adopting.adoptions.customers_at(asked.address_keys)
        if not known and await adopting.adoptions.unknown(now=now, limit=1):
            await adopting.adoptions.ask_later(asked.number, next_at=now + _AGAIN_SECONDS)
            return
        free = await unbound(adopting.ledger, known, now=now)
        told = [await self._customer(each) for each in sorted(free)]
        for each in told:
            await self._keep(each)  # as Stripe says now, whatever was known
        keys = set(asked.address_keys)
        for recipient, customers in by_address(told).items():
            if keys & set(adopting.keys.keys(recipient)):
                await adopting.mail(
                    [each.id for each in customers],
                    recipient,
                    language=asked.language,
                    return_to=asked.return_to,
                    invited=False,
                    now=now,
                )
        await adopting.adoptions.answered(asked.number)

    async def _customer(self, customer_id: str) -> Customer:
        try:
            return await self.stripe.customer(customer_id)
        except StripeRefused as refused:
            logger(_LOG).warning("customer-refused", id=customer_id, why=str(refused))
            return Customer(id=customer_id)

    async def _keep(self, told: Customer) -> None:
        key = self.adopting.keys.key(told.email)
        next_at = self.clock.now() + _LEARN_AGAIN_SECONDS
        await self.adopting.adoptions.learn(told.id, key, next_at=next_at)
