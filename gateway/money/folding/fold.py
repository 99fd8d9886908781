"""Entries → entitlements. Pure: the same entries in any order, doubled or not, come to the same; and
without a clock but for what is worth asking Stripe about.

A subscription opens for the reader whom its customer is bound to, and for nobody else: by an act
(``bind``), else by the Checkout that the reader completed, never by an address. Everything that
isn't plainly ours is granted to nobody and marked with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.model.entitlement import Entitlement
from gateway.model.entry import Entry
from gateway.model.finding import Finding
from gateway.model.mark import Mark, Why
from gateway.model.movement import Movement, Sort
from gateway.model.subscription import Invoice, Status
from gateway.money.entries.acts import FOREVER, Act
from gateway.money.folding import disputes, findings, movements, refunds
from gateway.money.folding.held import Held
from gateway.money.folding.marking import mark_all
from gateway.money.folding.rules import Rules, rules_of
from gateway.money.folding.story import Known, Story, gather
from gateway.money.folding.subscriptions import Course, standing
from gateway.money.folding.whose import Binding, bindings, foreign, whose

_CLOSED = 0.0  # the end of what doesn't open now


@dataclass(frozen=True, slots=True)
class Want:
    """Something to ask Stripe for: ``subscription`` or ``invoices`` (of a subscription's id), or
    ``payment`` (what invoice a payment intent or charge paid)."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """``entitlements`` names every reader whom these entries know, were it with nothing.
    ``marks`` has each of ``entries`` by its number. ``findings`` need a person, ``movements`` are money."""

    entitlements: Mapping[str, tuple[Entitlement, ...]]
    marks: Mapping[int, Mark]
    held: Mapping[str, Held]
    wants: frozenset[Want] = field(default=frozenset())
    findings: tuple[Finding, ...] = ()
    movements: Mapping[tuple[str, Sort], Movement] = field(default_factory=dict)
    entries: tuple[Entry, ...] = field(default=(), repr=False)


def fold(entries: Iterable[Entry], *, now: float) -> Folded:
    """``entries``: of the whole ledger, or of whole stories with every ``plans`` and ``settings``."""
    everything = list(entries)
    rules = newest_rules(everything)
    ours, theirs = _sorted_out(everything, rules)
    story = gather(ours)
    bound = bindings(story)
    back = refunds.paid_back(story)
    held = _held(story, bound, back, rules)
    marks = mark_all(everything, theirs, story, bound, held)
    return Folded(
        entitlements=_entitlements(story, bound, held),
        marks=marks,
        held=held,
        wants=_wants(story, held, now),
        findings=findings.find(everything, marks, story, held, back),
        movements=movements.moved(story, held),
        entries=tuple(everything),
    )


def newest_rules(entries: Iterable[Entry]) -> Rules:
    newest: dict[str, Entry] = {}
    for entry in entries:
        if entry.kind in (Act.PLANS, Act.SETTINGS):
            before = newest.get(entry.kind)
            if before is None or before.number < entry.number:
                newest[entry.kind] = entry
    plans, settings = newest.get(Act.PLANS), newest.get(Act.SETTINGS)
    return rules_of(plans.said if plans else {}, settings.said if settings else {})


def _sorted_out(entries: Iterable[Entry], rules: Rules) -> tuple[list[Entry], dict[int, Why]]:
    """Another mode's or a Connect account's events say nothing about anyone here."""
    ours: list[Entry] = []
    theirs: dict[int, Why] = {}
    for entry in entries:
        why = foreign(entry, rules)
        if why:
            theirs[entry.number] = why
        else:
            ours.append(entry)
    return ours, theirs


def _held(
    story: Story,
    bound: Mapping[str, Binding],
    back: Mapping[str, refunds.PaidBack],
    rules: Rules,
) -> dict[str, Held]:
    invoices: defaultdict[str, list[Known[Invoice]]] = defaultdict(list)
    for invoice in story.invoices.values():
        invoices[invoice.said.subscription].append(invoice)
    held: dict[str, Held] = {}
    for subscription_id, known in story.subscriptions.items():
        own = invoices[subscription_id]
        found = refunds.refunded(story, own, back)
        hold = disputes.hold(story, own, rules) or refunds.hold(found, rules)
        binding = bound.get(known.said.customer)
        held[subscription_id] = Held(
            subscription=known.said,
            standing=standing(known, invoices=own, hold=hold, rules=rules),
            whose=whose(known.said, binding, rules),
            reader=binding.reader if binding else "",
            refunded=found,
        )
    return held


def _entitlements(
    story: Story, bound: Mapping[str, Binding], held: Mapping[str, Held]
) -> dict[str, tuple[Entitlement, ...]]:
    by_reader: defaultdict[str, set[Entitlement]] = defaultdict(set)
    for told in story.acts:
        if told.entry.reader:
            by_reader[told.entry.reader]
    for binding in bound.values():
        if binding.reader:
            by_reader[binding.reader]
    for each in held.values():
        if not each.reader or not each.whose.opens:
            continue
        binding = bound[each.subscription.customer]
        numbers = tuple(sorted({*each.standing.numbers, *binding.numbers}))
        for opening in each.standing.openings:
            if opening.ends_at is None and not opening.mendable:
                continue
            ends_at = _CLOSED if opening.ends_at is None else opening.ends_at
            by_reader[each.reader].add(
                Entitlement(opening.tier, 0.0, ends_at, opening.mendable, numbers)
            )
    for reader, granted in _grants(story).items():
        by_reader[reader] |= granted
    erased = {told.entry.reader for told in story.acts_of(Act.ERASED)}
    return {
        reader: () if reader in erased else tuple(sorted(these, key=_shown))
        for reader, these in by_reader.items()
    }


def _shown(entitlement: Entitlement) -> tuple[str, float, tuple[int, ...]]:
    return entitlement.tier, -entitlement.ends_at, entitlement.entries


def _grants(story: Story) -> dict[str, set[Entitlement]]:
    """Acts in the order of their numbers: a revocation takes back what was granted before it."""
    granted: defaultdict[str, dict[int, Entitlement]] = defaultdict(dict)
    for told in story.acts_of(Act.GRANT, Act.REVOKE):
        reader, tier = told.entry.reader, str(told.facts.get("tier", ""))
        if told.entry.kind == Act.GRANT:
            until = told.facts.get("until")
            number = told.entry.number
            granted[reader][number] = Entitlement(
                tier, 0.0, FOREVER if until is None else float(until), False, (number,)
            )
        else:
            kept = granted[reader].items()
            granted[reader] = {n: each for n, each in kept if tier not in ("", each.tier)}
    return {reader: set(these.values()) for reader, these in granted.items()}


def _wants(story: Story, held: Mapping[str, Held], now: float) -> frozenset[Want]:
    wants: set[Want] = set()
    for subscription_id, each in held.items():
        if not each.reader or each.standing.course is Course.ENDED:
            continue
        periods = [item.ends_at for item in each.subscription.items]
        running = each.subscription.status in (Status.ACTIVE, Status.TRIALING)
        if (
            each.subscription.more_items
            or None in periods
            or (running and any(end is not None and end <= now for end in periods))
        ):
            wants.add(Want("subscription", subscription_id))
        if each.standing.wants_invoices:
            wants.add(Want("invoices", subscription_id))
    for invoice in story.invoices.values():
        if invoice.said.subscription not in held:
            wants.add(Want("subscription", invoice.said.subscription))
    moved = {(each.said.payment, each.said.charge) for each in story.refunds.values()}
    moved |= {(each.said.payment, each.said.charge) for each in story.disputes.values()}
    moved |= {
        (each.said.payment, each.said.id)
        for each in story.charges.values()
        if each.said.amount_refunded or each.said.disputed
    }
    for payment, charge in moved:
        if not story.links.settled(payment, charge):
            wants.add(Want("payment", story.links.key(payment, charge)))
    missing = {told.entry.object_id for told in story.acts_of(Act.MISSING)}
    return frozenset(want for want in wants if want.id and want.id not in missing)
