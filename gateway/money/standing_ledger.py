"""What the ledger knows of every subscription, for a comparison: one walk, the newest facts of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.model.entry import Draft
from gateway.model.subscription import Status
from gateway.money.entries.acts import Act
from gateway.money.entries.order import Told, newest
from gateway.money.entries.parse import THIN
from gateway.money.folding.fold import newest_rules
from gateway.money.folding.rules import Rules
from gateway.money.folding.whose import foreign
from gateway.money.ledger import Ledger
from gateway.money.proof import walk

_OVER = (Status.CANCELED, Status.INCOMPLETE_EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """``facts`` of subscriptions by id; ``customers`` of whom a reader is known; ``missing`` are those
    that Stripe said it doesn't know, since anything else was said of them."""

    rules: Rules
    facts: Mapping[str, Mapping[str, Any]]
    customers: frozenset[str]
    missing: frozenset[str]

    @property
    def going_on(self) -> set[str]:
        return {name for name, said in self.facts.items() if said.get("status") not in _OVER}

    def ours(self, subscription: Draft) -> bool:
        """One that is known, of a reader's customer, or of a plan's price."""
        if subscription.object_id in self.facts or subscription.customer_id in self.customers:
            return True
        return any(item.get("price") in self.rules.tiers for item in subscription.facts["items"])


async def kept_of(ledger: Ledger) -> Kept:
    """Raises StoreUnavailable."""
    rules = newest_rules(await ledger.objects((Act.PLANS, Act.SETTINGS)))
    told: dict[str, Told] = {}
    customers: set[str] = set()
    missing: dict[str, float] = {}
    async for entry in walk(ledger):
        if foreign(entry, rules):
            continue
        if entry.reader and entry.customer_id:
            customers.add(entry.customer_id)
        if entry.kind == Act.MISSING:
            missing[entry.object_id] = entry.observed_at
        elif entry.object_type == "subscription" and entry.object_id:
            said = Told(entry, entry.said)
            if THIN not in said.facts:
                before = told.get(entry.object_id)
                told[entry.object_id] = newest([before, said]) if before else said
    return Kept(
        rules=rules,
        facts={name: each.facts for name, each in told.items()},
        customers=frozenset(customers),
        missing=frozenset(
            name
            for name, at in missing.items()
            if name not in told or told[name].entry.observed_at <= at
        ),
    )
