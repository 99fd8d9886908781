"""Whose is it? Which reader a customer is, and whether a subscription is ours at all. Pure.

None of the doubtful cases is granted by default, and none of them is an error to Stripe.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from gateway.model.entry import Entry
from gateway.model.mark import Why
from gateway.model.subscription import Status, Subscription
from gateway.money.entries.acts import Act
from gateway.money.folding.rules import Rules
from gateway.money.folding.story import Story

_LIVE = frozenset(Status) - {Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED, Status.CANCELED}


@dataclass(frozen=True, slots=True)
class Binding:
    """``reader`` is empty for a customer who was unbound, or claimed for two readers (``doubtful``)."""

    reader: str
    numbers: tuple[int, ...]
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Whose:
    """``opens``: what it opens is its reader's. ``why`` is for a person, where one should look."""

    ours: bool
    opens: bool
    why: Why = Why.NONE


def foreign(entry: Entry, rules: Rules) -> Why:
    """Why an entry says nothing about anyone here; nothing, where it may: another mode's events, and
    those of a Connect account."""
    if entry.account not in ("", rules.account):
        return Why.OTHER_ACCOUNT
    if None not in (rules.livemode, entry.livemode) and entry.livemode != rules.livemode:
        return Why.OTHER_MODE
    return Why.NONE


def bindings(story: Story) -> dict[str, Binding]:
    """By customer. An act decides over Checkouts, the latest act over earlier ones, and an erased
    reader is nobody's any more."""
    bound = _by_checkout(story)
    for told in story.acts_of(Act.BIND, Act.UNBIND):
        reader = told.entry.reader if told.entry.kind == Act.BIND else ""
        bound[told.entry.customer_id] = Binding(reader, (told.entry.number,))
    erased = {told.entry.reader: told.entry.number for told in story.acts_of(Act.ERASED)}
    return {
        customer: Binding("", (erased[each.reader],)) if each.reader in erased else each
        for customer, each in bound.items()
    }


def _by_checkout(story: Story) -> dict[str, Binding]:
    claims: defaultdict[str, dict[str, list[tuple[str, int]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for checkout in story.checkouts.values():
        said = checkout.said
        if said.customer and said.reader and said.status == "complete":
            claims[said.customer][said.reader].append((said.id, checkout.number))
    bound = {}
    for customer, readers in claims.items():
        numbers = [number for each in readers.values() for _, number in sorted(each)]
        if len(readers) == 1:
            # One entry is enough to say why; the same one, in whatever order they came.
            bound[customer] = Binding(next(iter(readers)), (numbers[0],))
        else:
            bound[customer] = Binding("", tuple(numbers), doubtful=True)
    return bound


def whose(subscription: Subscription, binding: Binding | None, rules: Rules) -> Whose:
    prices = [item.price for item in subscription.items]
    planned = any(price in rules.tiers for price in prices)
    if binding is None and not planned:
        return Whose(ours=False, opens=False, why=Why.OTHER_BUSINESS)
    if binding is None or not binding.reader:
        if binding is not None and binding.doubtful:
            return Whose(ours=True, opens=False, why=Why.TWO_READERS)
        live = planned and (
            subscription.status in _LIVE or subscription.status not in frozenset(Status)
        )
        return Whose(ours=True, opens=False, why=Why.NO_READER if live else Why.NONE)
    return Whose(ours=True, opens=True, why=_doubt(subscription, rules))


def _doubt(subscription: Subscription, rules: Rules) -> Why:
    """Of a reader's own subscription. What is plainly a plan's opens all the same."""
    if subscription.status not in frozenset(Status):
        return Why.UNKNOWN_STATUS
    if subscription.status not in _LIVE:
        return Why.NONE
    if any(item.price not in rules.tiers for item in subscription.items) or not subscription.items:
        return Why.UNKNOWN_PRICE
    if any(item.quantity != 1 for item in subscription.items):
        return Why.QUANTITY
    return Why.MORE_ITEMS if subscription.more_items else Why.NONE
