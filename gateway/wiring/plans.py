"""The plans of the settings, as the money way has them."""

from __future__ import annotations

from gateway.config import Settings
from gateway.model.selling import Plan


def plans_of(settings: Settings) -> tuple[Plan, ...]:
    return tuple(
        Plan(
            id=each.id,
            names=each.name,
            tiers=each.tiers,
            prices=each.prices,
            offered=each.offered,
            trial_days=each.trial_days,
        )
        for each in settings.plan
    )
