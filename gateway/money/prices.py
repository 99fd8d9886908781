"""The port of the catalogue of prices. Whoever shows a price reads it here, and never asks Stripe."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from gateway.model.price import Price


class Catalogue(Protocol):
    """Every method raises StoreUnavailable."""

    async def all(self) -> Mapping[str, Price]:
        """By id; a price that Stripe was never asked about, or doesn't know, isn't there."""

    async def keep(self, told: Sequence[Price], *, gone: Collection[str] = (), now: float) -> bool:
        """What Stripe said, and what it knows no more. Whether anything is otherwise than before."""
