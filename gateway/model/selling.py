"""What is on sale, and one reader's attempt to buy it. Prices are Stripe's; names are the publisher's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.model.price import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """As ``[[plan]]`` has it. ``offered`` are on sale; ``prices`` all that open it, for ever."""

    id: str
    names: Mapping[str, str]
    tiers: tuple[str, ...]
    prices: tuple[str, ...]
    offered: tuple[str, ...]
    trial_days: int = 0

    def name(self, language: str) -> str:
        return self.names.get(language) or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class OnSale:
    """A plan with those of its prices that Stripe sells just now, in the publisher's order."""

    plan: Plan
    prices: tuple[Price, ...]


class Attempted(StrEnum):
    OPEN = "open"  # its session can be paid
    COMPLETE = "complete"  # it was paid, or its payment is under way
    OVER = "over"  # it ran out, or another took its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """``id`` is the idempotency key of its session. ``parameters`` are what Stripe is asked, customer
    and all, so that asking again asks the same. ``session_id`` is empty until Stripe answered."""

    id: str
    reader: str
    plan: str
    price: str
    parameters: Mapping[str, Any] = field(repr=False)
    return_to: str
    language: str
    made_at: float
    until: float
    state: Attempted = Attempted.OPEN
    session_id: str = ""
