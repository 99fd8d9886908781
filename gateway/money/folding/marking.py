"""What became of each entry, in one word and a reason: the fold, told entry by entry. Pure.

A mark follows the newest that is known: an older snapshot of a subscription is marked as the
subscription is, for it did count. What waits for Stripe's answer stays *received*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor

from gateway.model.entry import Entry
from gateway.model.mark import Mark, State, Why
from gateway.money.entries.acts import DESK_WORK, Act
from gateway.money.entries.kinds import FETCHED
from gateway.money.entries.parse import THIN
from gateway.money.folding import disputes
from gateway.money.folding.held import Held
from gateway.money.folding.story import Story
from gateway.money.folding.subscriptions import Course
from gateway.money.folding.whose import Binding

_APPLIED = Mark(State.APPLIED)
_UNUSED = Mark(State.IGNORED, Why.KIND_NOT_USED)
_SHELF = frozenset(("price", "product"))  # nobody's access hangs on these
_RULES = frozenset((Act.PLANS, Act.SETTINGS))
_PAYMENTS = frozenset(("charge", "refund", "dispute", "radar.early_fraud_warning"))


def mark_all(
    entries: Iterable[Entry],
    foreign: Mapping[int, Why],
    story: Story,
    bound: Mapping[str, Binding],
    held: Mapping[str, Held],
) -> dict[int, Mark]:
    marker = _Marker(story, bound, held)
    return {
        entry.number: (
            Mark(State.NOT_OURS, foreign[entry.number])
            if entry.number in foreign
            else marker.mark(entry)
        )
        for entry in entries
    }


class _Marker:
    def __init__(
        self, story: Story, bound: Mapping[str, Binding], held: Mapping[str, Held]
    ) -> None:
        self._story = story
        self._bound = bound
        self._held = held
        self._newest = {
            kind: max((told.entry.number for told in story.acts_of(kind)), default=0)
            for kind in (Act.PLANS, Act.SETTINGS, Act.RECONCILED)
        }
        self._missing = {told.entry.object_id for told in story.acts_of(Act.MISSING)}

    def mark(self, entry: Entry) -> Mark:
        if entry.kind in frozenset(Act):
            return self._act(entry)
        if entry.object_type in FETCHED and THIN in entry.said:
            # Stripe's answers are dated by whole seconds, thin events by parts of one.
            asked = self._story.fetched.get(entry.object_id, -1.0) >= floor(entry.observed_at)
            if not asked and entry.object_id in self._missing:
                unused = entry.object_type in _SHELF
                return _UNUSED if unused else Mark(State.NEEDS_A_PERSON, Why.MISSING)
            if not asked:
                return Mark(State.RECEIVED, Why.TO_BE_FETCHED)
        if entry.object_type == "subscription":
            return self._subscription(entry.object_id)
        if entry.object_type in _PAYMENTS:
            return self._payment(entry)
        if entry.object_type == "checkout.session":
            return self._checkout(entry)
        invoice = self._story.invoices.get(entry.invoice_id)
        paid_for = entry.subscription_id or (invoice.said.subscription if invoice else "")
        return self._subscription(paid_for) if paid_for else self._elsewhere(entry.customer_id)

    def _act(self, entry: Entry) -> Mark:
        if entry.kind in _RULES and entry.number < self._newest[Act(entry.kind)]:
            return Mark(State.IGNORED, Why.SUPERSEDED)
        if entry.kind in DESK_WORK:
            return Mark(State.IGNORED, Why.DESK_WORK)
        if entry.kind == Act.MISSING and entry.object_type not in _SHELF:
            seen_since = self._story.latest.get(entry.object_id, -1.0) > entry.observed_at
            return _APPLIED if seen_since else Mark(State.NEEDS_A_PERSON, Why.MISSING)
        if entry.kind == Act.STOPPED:
            through = self._newest[Act.RECONCILED] > entry.number
            return _APPLIED if through else Mark(State.NEEDS_A_PERSON, Why.STOPPED)
        if entry.kind == Act.BY_HAND:
            held = self._held.get(entry.subscription_id)
            ended = held is not None and held.standing.course in (Course.ENDED, Course.ENDING)
            if entry.said.get("sums") or not ended:
                return Mark(State.NEEDS_A_PERSON, Why.BY_HAND)
        return _APPLIED

    def _subscription(self, subscription_id: str) -> Mark:
        """As the subscription is, for whatever is told of it or paid for it."""
        held = self._held.get(subscription_id)
        if held is None and subscription_id in self._missing:
            return Mark(State.NEEDS_A_PERSON, Why.MISSING)
        if held is None:
            return Mark(State.RECEIVED, Why.TO_BE_FETCHED)
        if not held.whose.ours:
            return Mark(State.NOT_OURS, held.whose.why)
        if held.whose.why:
            return Mark(State.NEEDS_A_PERSON, held.whose.why)
        return _APPLIED

    def _payment(self, entry: Entry) -> Mark:
        links = self._story.links
        subscriptions = {
            invoice.said.subscription
            for invoice_id in links.invoices(entry.payment_id, entry.charge_id)
            if (invoice := self._story.invoices.get(invoice_id)) is not None
        } - {""}
        if not subscriptions:
            waits = entry.object_type != "charge" or _moved(entry)
            if waits and not links.settled(entry.payment_id, entry.charge_id):
                return Mark(State.RECEIVED, Why.TO_BE_LINKED)
            return self._elsewhere(entry.customer_id)
        found = self._subscription(min(subscriptions))
        if found != _APPLIED:
            return found
        why = self._flag(entry, subscriptions)
        return Mark(State.NEEDS_A_PERSON, why) if why else _APPLIED

    def _flag(self, entry: Entry, subscriptions: set[str]) -> Why:
        known = self._story.disputes.get(entry.object_id)
        if known is not None:
            return disputes.flag(known.said)
        for each in (self._held[name] for name in sorted(subscriptions) if name in self._held):
            going_on = each.standing.course not in (Course.ENDED, Course.ENDING)
            if going_on and each.refunded and entry.number in each.refunded.numbers:
                return Why.REFUNDED
        return Why.NONE

    def _checkout(self, entry: Entry) -> Mark:
        checkout = self._story.checkouts.get(entry.object_id)
        if checkout is None or checkout.said.status != "complete":
            return Mark(State.IGNORED, Why.NOT_FINISHED)
        binding = self._bound.get(checkout.said.customer)
        if binding is not None and binding.doubtful:
            return Mark(State.NEEDS_A_PERSON, Why.TWO_READERS)
        if checkout.said.subscription in self._held:
            return self._subscription(checkout.said.subscription)
        return _APPLIED if binding is not None else self._elsewhere(checkout.said.customer)

    def _elsewhere(self, customer_id: str) -> Mark:
        """Nothing to do with a subscription that we know."""
        if customer_id and customer_id not in self._bound:
            return Mark(State.NOT_OURS, Why.OTHER_BUSINESS)
        return _UNUSED


def _moved(entry: Entry) -> bool:
    facts = entry.said
    return bool(facts.get("amount_refunded") or facts.get("disputed"))
