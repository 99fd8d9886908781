"""What one reader has at Stripe, as the ledger tells it: their customers, and each subscription of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.amount import Amount
from gateway.model.subscription import Status
from gateway.money.entries.acts import Act
from gateway.money.folding.fold import fold
from gateway.money.folding.held import Held
from gateway.money.folding.story import Story, gather
from gateway.money.folding.whose import bindings
from gateway.money.ledger import Ledger

# What goes on, or can: a second one would be paid for twice.
LIVE = frozenset((Status.TRIALING, Status.ACTIVE, Status.PAST_DUE, Status.UNPAID, Status.PAUSED))
# Whole periods: what a change of plan or a person at Stripe asks for says nothing of the next one.
_PERIODS = frozenset(("subscription_create", "subscription_cycle"))
_NEVER_BEGAN = frozenset((Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED))


@dataclass(frozen=True, slots=True)
class Owned:
    """``held`` are the reader's own, the newest first; ``customers`` those bound to them. ``asked`` is
    what was asked for a subscription's newest period, by its id: discounts off, taxes added."""

    held: tuple[Held, ...] = ()
    customers: tuple[str, ...] = ()
    asked: Mapping[str, Amount] = field(default_factory=dict)

    @property
    def live(self) -> tuple[Held, ...]:
        return tuple(each for each in self.held if each.subscription.status in LIVE)

    @property
    def ever(self) -> bool:
        """Whether any subscription of theirs ever began: a trial is given once."""
        return any(each.subscription.status not in _NEVER_BEGAN for each in self.held)


async def owned_by(ledger: Ledger, reader: str, *, now: float) -> Owned:
    """Raises StoreUnavailable."""
    entries = await ledger.story(await ledger.of_reader(reader))
    rules = await ledger.objects((Act.PLANS, Act.SETTINGS))
    whole = {entry.number: entry for entry in (*rules, *entries)}
    folded = fold(whole.values(), now=now)
    story = gather(entries)
    bound = bindings(story)
    theirs = [each for each in folded.held.values() if each.reader == reader and each.whose.ours]
    theirs.sort(key=lambda each: (-(each.subscription.created or 0), each.subscription.id))
    customers = sorted(customer for customer, each in bound.items() if each.reader == reader)
    return Owned(tuple(theirs), tuple(customers), _asked(story))


def _asked(story: Story) -> dict[str, Amount]:
    invoices = [each.said for each in story.invoices.values()]
    invoices.sort(key=lambda each: (each.created or 0, each.id))
    return {
        each.subscription: Amount(each.total, each.currency)
        for each in invoices
        if each.subscription and each.billing_reason in _PERIODS
    }
