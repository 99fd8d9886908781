"""Whoever asks for a page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from gateway.model.entitlement import Entitlement

# All that a decision may ask of a reader: who has the same is answered the same.
Standing = tuple[bool, bool, tuple[tuple[str, bool, bool], ...]]


class ReaderKind(StrEnum):
    ANONYMOUS = "anonymous"
    MEMBER = "member"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True)
class Reader:
    """``id`` is empty for the anonymous reader alone. ``newsroom`` reads every tier."""

    id: str = ""
    email: str = ""
    name: str = ""
    entitlements: tuple[Entitlement, ...] = ()
    newsroom: bool = False

    def kind(self, now: float) -> ReaderKind:
        if not self.id:
            return ReaderKind.ANONYMOUS
        for held in self.entitlements:  # a plain loop: this is on the hot path
            if held.starts_at <= now < held.ends_at:
                return ReaderKind.SUBSCRIBER
        return ReaderKind.MEMBER

    def standing(self, now: float) -> tuple[Standing, float]:
        """Known or not, of the newsroom or not, and of each tier whether it is open and mendable;
        and the instant at which that changes by itself."""
        held = self.entitlements
        edges = (edge for each in held for edge in (each.starts_at, each.ends_at) if edge > now)
        tiers = tuple((each.tier, each.opens(now), each.mendable) for each in held)
        return (bool(self.id), self.newsroom, tiers), min(edges, default=inf)

    def tiers(self, now: float) -> frozenset[str]:
        """The tiers that this reader may read now."""
        return frozenset(held.tier for held in self.entitlements if held.opens(now))


ANONYMOUS = Reader()
