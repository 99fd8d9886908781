"""Entries gathered by the object they tell of: the newest snapshot of each, our own acts in their
order, and which payment paid for which subscription. Pure; decides nothing about access.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gateway.model.entry import Entry
from gateway.model.subscription import (
    Charge,
    Checkout,
    Dispute,
    Invoice,
    Payment,
    Refund,
    Subscription,
    read,
)
from gateway.money.entries.acts import Act
from gateway.money.entries.order import Told, newest
from gateway.money.entries.parse import THIN

Facts = TypeVar("Facts", Subscription, Invoice, Charge, Refund, Dispute, Payment, Checkout)
_ACTS = frozenset(Act)


@dataclass(frozen=True, slots=True)
class Known(Generic[Facts]):
    """The newest that is known of one object. ``observed_at`` is when that was so."""

    said: Facts
    number: int
    observed_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """``latest`` tells when anything last looked at an object, by its id: snapshots only."""

    subscriptions: Mapping[str, Known[Subscription]]
    invoices: Mapping[str, Known[Invoice]]
    payments: Mapping[str, Known[Payment]]
    charges: Mapping[str, Known[Charge]]
    refunds: Mapping[str, Known[Refund]]
    disputes: Mapping[str, Known[Dispute]]
    checkouts: Mapping[str, Known[Checkout]]
    acts: Sequence[Told]
    latest: Mapping[str, float]
    fetched: Mapping[str, float]
    links: Links = field(repr=False)

    def acts_of(self, *kinds: Act) -> list[Told]:
        return [told for told in self.acts if told.entry.kind in kinds]


class Links:
    """From a payment or a charge to the invoices that it paid: what Stripe's ``invoice_payment``
    says, and what older versions of the API said in the invoice or the charge itself."""

    def __init__(self) -> None:
        self._invoices: defaultdict[str, set[str]] = defaultdict(set)
        self._payment_of: dict[str, str] = {}
        self._charges_of: defaultdict[str, set[str]] = defaultdict(set)
        self._none: set[str] = set()

    def add(self, invoice: str, *ids: str) -> None:
        for each in filter(None, ids):
            if invoice:
                self._invoices[each].add(invoice)

    def same(self, charge: str, payment: str) -> None:
        if charge and payment:
            self._payment_of[charge] = payment
            self._charges_of[payment].add(charge)

    def none(self, *ids: str) -> None:
        """Stripe was asked, and knows of no invoice."""
        self._none |= set(filter(None, ids))

    def key(self, payment: str, charge: str) -> str:
        """One name for one payment, whichever of its ids is at hand."""
        return payment or self._payment_of.get(charge, charge)

    def invoices(self, payment: str, charge: str) -> frozenset[str]:
        """Empty where it isn't known, or there is none: ``settled`` tells the two apart."""
        ids = self._names(payment, charge)
        return frozenset().union(*(self._invoices.get(each, ()) for each in ids))

    def settled(self, payment: str, charge: str) -> bool:
        known = bool(self.invoices(payment, charge))
        return known or not self._names(payment, charge).isdisjoint(self._none)

    def _names(self, payment: str, charge: str) -> frozenset[str]:
        key = self.key(payment, charge)
        return frozenset((payment, charge, key, *self._charges_of.get(key, ())))


def gather(entries: Iterable[Entry]) -> Story:
    """Of entries in any order; the same event twice counts once."""
    once: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda each: each.number):
        once.setdefault(entry.event_id, entry)
    acts: list[Told] = []
    told_of: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)
    for entry in once.values():
        told = Told(entry, entry.said)
        if entry.kind in _ACTS:
            acts.append(told)
        elif THIN not in told.facts:
            told_of[entry.object_type, entry.object_id].append(told)

    def known(kind: str, facts: type[Facts]) -> dict[str, Known[Facts]]:
        return {
            object_id: _known(newest(snapshots), facts)
            for (object_type, object_id), snapshots in told_of.items()
            if object_type == kind and object_id
        }

    disputes = known("dispute", Dispute) | known("radar.early_fraud_warning", Dispute)
    invoices, payments = known("invoice", Invoice), known("invoice_payment", Payment)
    charges, refunds = known("charge", Charge), known("refund", Refund)
    return Story(
        subscriptions=known("subscription", Subscription),
        invoices=invoices,
        payments=payments,
        charges=charges,
        refunds=refunds,
        disputes=disputes,
        checkouts=known("checkout.session", Checkout),
        acts=acts,
        latest=_moments(told_of, fetched_only=False),
        fetched=_moments(told_of, fetched_only=True),
        links=_links(invoices, payments, charges, [*refunds.values(), *disputes.values()], acts),
    )


def _known(told: Told, facts: type[Facts]) -> Known[Facts]:
    return Known(read(facts, told.facts), told.entry.number, told.entry.observed_at)


def _moments(
    told_of: Mapping[tuple[str, str], list[Told]], *, fetched_only: bool
) -> dict[str, float]:
    return {
        object_id: max(told.entry.observed_at for told in wanted)
        for (_, object_id), snapshots in told_of.items()
        if (wanted := [told for told in snapshots if told.entry.fetched or not fetched_only])
    }


def _links(
    invoices: Mapping[str, Known[Invoice]],
    payments: Mapping[str, Known[Payment]],
    charges: Mapping[str, Known[Charge]],
    others: Iterable[Known[Any]],
    acts: Iterable[Told],
) -> Links:
    links = Links()
    for charge in charges.values():
        links.same(charge.said.id, charge.said.payment)
        links.add(charge.said.invoice, charge.said.id, charge.said.payment)
    for other in others:
        links.same(other.said.charge, other.said.payment)
    for paid in payments.values():
        links.same(paid.said.charge, paid.said.payment)
        links.add(paid.said.invoice, paid.said.payment, paid.said.charge)
    for invoice in invoices.values():
        links.add(invoice.said.id, *invoice.said.payments, *invoice.said.charges)
    for told in acts:
        if told.entry.kind == Act.UNLINKED:
            links.none(told.entry.payment_id, told.entry.charge_id)
    return links
