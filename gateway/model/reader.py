"""Whoever asks for a page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.entitlement import Entitlement


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

    def tiers(self, now: float) -> frozenset[str]:
        """The tiers that this reader may read now."""
        return frozenset(held.tier for held in self.entitlements if held.opens(now))


ANONYMOUS = Reader()
