"""What one reader has at Stripe, as the ledger tells it: their customers, and each subscription of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.amount import Amount
from gateway.model.subscription import Status, Subscription
from gateway.money.entries.acts import CHECKOUT, Act
from gateway.money.folding.fold import fold, newest_rules
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
    """``held`` are the reader's own, the newest first; ``customers`` those bound to them. ``parted`` were
    made for them or paid in their name, and are another's now, or nobody's (``unbound``). ``asked`` is
    what was asked for a subscription's newest period, by its id: discounts off, taxes added; ``prices``
    those that are a plan's."""

    held: tuple[Held, ...] = ()
    customers: tuple[str, ...] = ()
    asked: Mapping[str, Amount] = field(default_factory=dict)
    parted: frozenset[str] = frozenset()
    unbound: frozenset[str] = frozenset()
    prices: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def live(self) -> tuple[Held, ...]:
        """Those that stand in the way of another one. What a customer pays for elsewhere on the same
        Stripe account neither does, nor may it be exchanged here."""
        return tuple(
            each
            for each in self.held
            if each.subscription.status in LIVE and self.sells(each.subscription)
        )

    def sells(self, subscription: Subscription) -> bool:
        """Whether it is to something that is sold here; to anything, while no plans are written down."""
        return not self.prices or any(item.price in self.prices for item in subscription.items)

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
    parted = _named(story, reader) - set(customers)
    return Owned(
        tuple(theirs),
        tuple(customers),
        _asked(story),
        parted=frozenset(parted),
        unbound=frozenset(each for each in parted if each in bound and not bound[each].reader),
        prices=frozenset(newest_rules(rules).tiers),
    )


def _named(story: Story, reader: str) -> set[str]:
    """Customers whom we made for a reader, or who paid in their name: whoever they are now."""
    bought = (each.said for each in story.checkouts.values())
    made = (each for each in story.acts_of(Act.BIND) if each.facts.get("by") == CHECKOUT)
    return {each.customer for each in bought if each.reader == reader and each.customer} | {
        each.entry.customer_id for each in made if each.entry.reader == reader
    }


def _asked(story: Story) -> dict[str, Amount]:
    invoices = [each.said for each in story.invoices.values()]
    invoices.sort(key=lambda each: (each.created or 0, each.id))
    return {
        each.subscription: Amount(each.total, each.currency)
        for each in invoices
        if each.subscription and each.billing_reason in _PERIODS
    }
