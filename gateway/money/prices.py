"""The catalogue of prices: its port, and how it is kept as Stripe has it.

Whoever shows a price reads the catalogue, and never asks Stripe. It is asked again daily, and when an
event says that a price or a product changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.clock import Clock
from gateway.errors import StripeRefused
from gateway.model.price import Price
from gateway.ops.logs import logger

FRESH_SECONDS = 86400.0
_LOG = "lychgate.money"


class Catalogue(Protocol):
    """Every method raises StoreUnavailable."""

    async def all(self) -> Mapping[str, Price]:
        """By id; a price that Stripe was never asked about, or doesn't know, isn't there."""

    async def keep(self, told: Sequence[Price], *, gone: Collection[str] = (), now: float) -> bool:
        """What Stripe said, and what it knows no more. Whether anything is otherwise than before."""


class Asked(Protocol):
    """Raises StripeRefused and StripeUnavailable."""

    async def price(self, price_id: str) -> Price: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresher:
    """``prices`` are those of every plan."""

    catalogue: Catalogue
    stripe: Asked
    prices: Collection[str]
    clock: Clock

    async def refresh_if_old(self) -> None:
        """Raises StripeUnavailable and StoreUnavailable; the catalogue then stays as it was."""
        known = await self.catalogue.all()
        oldest = self.clock.now() - FRESH_SECONDS
        if any(each not in known or known[each].fetched_at < oldest for each in self.prices):
            await self.refresh()

    async def refresh(self) -> None:
        """One after another: a catalogue is short, and nobody waits. Raises as ``refresh_if_old``."""
        told: list[Price] = []
        gone: list[str] = []
        for price_id in sorted(self.prices):
            try:
                told.append(await self.stripe.price(price_id))
            except StripeRefused as refused:
                logger(_LOG).error("price-unknown-at-stripe", price=price_id, why=str(refused))
                if refused.missing:
                    gone.append(price_id)
        if await self.catalogue.keep(told, gone=gone, now=self.clock.now()):
            logger(_LOG).info("prices-changed", prices=len(told))
