"""The publisher's rules of money, as the ledger's newest plans and settings say them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

DAY_SECONDS = 86400.0
HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """``tiers``: what each price opens. ``account`` is ours; events that name another are Connect's.
    ``livemode`` None: not pinned yet, so both modes count. The rest are the keys of ``[stripe]``, in their words."""

    tiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    account: str = ""
    livemode: bool | None = None
    past_due_grace_days: int = 14
    renewal_slack_hours: int = 72
    unpaid: str = "none"
    paused_collection: str = "period"
    full_refund: str = "keep"
    dispute_freezes: bool = True

    @property
    def grace_seconds(self) -> float:
        return self.past_due_grace_days * DAY_SECONDS

    @property
    def slack_seconds(self) -> float:
        return self.renewal_slack_hours * HOUR_SECONDS


_SETTINGS = frozenset(each.name for each in fields(Rules)) - {"tiers"}


def rules_of(plans: Mapping[str, Any], settings: Mapping[str, Any]) -> Rules:
    """Of the facts of the newest ``plans`` and ``settings`` entries; {} where there is none yet."""
    known = {name: value for name, value in settings.items() if name in _SETTINGS}
    prices = plans.get("prices", {})
    return Rules(tiers={price: tuple(tiers) for price, tiers in prices.items()}, **known)
