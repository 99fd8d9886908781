"""A tier that an operator types, held against those that anything names. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gateway.policy.compile import Policy


@dataclass(frozen=True, slots=True)
class UnnamedTier:
    """``named`` are those that could have been meant."""

    tier: str
    named: tuple[str, ...]


def unnamed_tier(reader: str, policy: Policy, planned: Collection[str]) -> UnnamedTier | None:
    """A tier that nobody names is most likely a slip: where any tier opens a page, it opens it too.
    None for every other reader. ``planned``: the tiers of all plans."""
    kind, _, tier = reader.partition(":")
    if kind != "tier":
        return None
    accesses = [rule.access for rule in policy.rules if rule.access is not None]
    accesses += [access for label in policy.settings.labels for _, access in label.map]
    known = {each for access in accesses for each in access.tiers}.union(planned)
    if not known or tier in known:
        return None
    return UnnamedTier(tier, tuple(sorted(known)))
