"""What needs a person, of entries that were folded: the marks that say so, gathered by what they are
about, and the troubles that no single entry tells. Pure.

A finding is open until somebody did it, and again when Stripe sends something new of it. What we
fetched ourselves opens nothing again: a nightly reconcile says the same every night. But one that
stopped is open, whatever anybody says, until a reconcile goes through: nothing else mends what is missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gateway.model.entry import Entry, Source
from gateway.model.finding import Finding
from gateway.model.mark import Mark, State, Why
from gateway.model.subscription import Status
from gateway.money.entries.acts import DESK_WORK, Act
from gateway.money.folding.held import Held
from gateway.money.folding.refunds import PaidBack
from gateway.money.folding.story import Story
from gateway.money.folding.subscriptions import Course

_OF_A_PAYMENT = frozenset((Why.REFUNDED, Why.DISPUTED, Why.FRAUD_WARNING))
_PAYS = frozenset((Status.TRIALING, Status.ACTIVE, Status.PAST_DUE))
_GOES_ON = frozenset(Course) - {Course.ENDED, Course.ENDING}


def find(
    entries: Iterable[Entry],
    marks: Mapping[int, Mark],
    story: Story,
    held: Mapping[str, Held],
    back: Mapping[str, PaidBack],
) -> tuple[Finding, ...]:
    """In the order of their keys."""
    everything = list(entries)
    by_number = {entry.number: entry for entry in everything}
    found = of_marks(everything, marks)
    found |= {each.key: each for each in _paying_twice(held, by_number)}
    found |= {each.key: each for each in _over_refunded(story, back, by_number)}
    found |= {each.key: each for each in _drifted(everything)}
    found = {key: _with_dispute(each, by_number, story) for key, each in found.items()}
    said = _said_of(everything, marks, found)
    worked = _acts_on(everything)
    return tuple(_worked(found[key], worked.get(key, ()), said[key]) for key in sorted(found))


def of_marks(entries: Iterable[Entry], marks: Mapping[int, Mark]) -> dict[str, Finding]:
    """By key; of several entries about one thing, the newest speaks."""
    found: dict[str, Finding] = {}
    for entry in sorted(entries, key=lambda each: each.number):
        mark = marks.get(entry.number)
        if mark is not None and mark.state is State.NEEDS_A_PERSON:
            finding = about(entry, Why(mark.reason), detail=_detail(entry))
            found[finding.key] = finding
    return found


def about(entry: Entry, why: Why, *, detail: str = "") -> Finding:
    return Finding(
        why=why,
        subject=_subject(entry, why),
        number=entry.number,
        customer_id=entry.customer_id,
        subscription_id=entry.subscription_id,
        payment_id=entry.payment_id,
        charge_id=entry.charge_id,
        reader=entry.reader,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        detail=detail,
    )


def _detail(entry: Entry) -> str:
    if entry.kind != Act.STOPPED:
        return ""
    return f"{entry.said.get('closing')} / {entry.said.get('open')}"


def _subject(entry: Entry, why: Why) -> str:
    if why is Why.FAILED:
        return entry.event_id
    of_payment = entry.payment_id or entry.charge_id
    if why in _OF_A_PAYMENT:
        return of_payment or entry.object_id
    if why in (Why.NO_READER, Why.TWO_READERS) and entry.customer_id:
        return entry.customer_id
    return entry.subscription_id or of_payment or entry.object_id or entry.event_id


def _paying_twice(held: Mapping[str, Held], by_number: Mapping[int, Entry]) -> list[Finding]:
    """For one tier. Who pays for two that open different ones, or for something else on the same account
    of Stripe's, pays for two things."""
    paying: defaultdict[tuple[str, str], list[Held]] = defaultdict(list)
    for each in held.values():
        live = each.subscription.status in _PAYS and each.standing.course in _GOES_ON
        if live and each.reader and each.whose.opens:
            for tier in {opening.tier for opening in each.standing.openings}:
                paying[each.reader, tier].append(each)
    double: defaultdict[str, dict[str, Held]] = defaultdict(dict)
    for (reader, _), several in paying.items():
        if len(several) > 1:
            double[reader] |= {each.subscription.id: each for each in several}
    found = []
    for reader, those in double.items():
        numbers = [number for each in those.values() for number in each.standing.numbers]
        if numbers:
            entry = by_number[max(numbers)]
            twice = about(entry, Why.TWO_SUBSCRIPTIONS, detail=", ".join(sorted(those))[:200])
            found.append(replace(twice, subject=reader, reader=reader, amount_minor=None))
    return found


def _over_refunded(
    story: Story, back: Mapping[str, PaidBack], by_number: Mapping[int, Entry]
) -> list[Finding]:
    """Only where what was paid is known: absence is no nought."""
    paid: defaultdict[str, int] = defaultdict(int)
    for charge in story.charges.values():
        if charge.said.status in ("", "succeeded"):
            paid[story.links.key(charge.said.payment, charge.said.id)] += charge.said.amount
    for key in back.keys() - paid.keys():
        for invoice_id in story.links.invoices(key, ""):
            invoice = story.invoices.get(invoice_id)
            if invoice is not None and invoice.said.status == "paid":
                paid[key] += invoice.said.amount_paid
    found = []
    for key, each in back.items():
        if key in paid and each.amount > paid[key] and each.numbers:
            over = about(by_number[max(each.numbers)], Why.OVER_REFUNDED)
            found.append(replace(over, subject=key, amount_minor=paid[key] - each.amount))
    return found


def _drifted(entries: list[Entry]) -> list[Finding]:
    """A reconcile appends what differed, and nothing else. A subscription that wasn't known before was
    no drift: it came from somewhere else, and is marked for that."""
    before: dict[str, Entry] = {}
    found = []
    for entry in sorted(entries, key=lambda each: each.number):
        if entry.object_type != "subscription" or entry.kind in frozenset(Act):
            continue
        last = before.get(entry.object_id)
        if entry.source is Source.RECONCILE and last is not None:
            was, said = last.said, entry.said
            fields = sorted(name for name in was.keys() | said if was.get(name) != said.get(name))
            found.append(about(entry, Why.DRIFT, detail=", ".join(fields)))
        before[entry.object_id] = entry
    return found


def _with_dispute(finding: Finding, by_number: Mapping[int, Entry], story: Story) -> Finding:
    """By when the publisher may answer the payer's bank."""
    if finding.why is not Why.DISPUTED:
        return finding
    dispute = story.disputes.get(by_number[finding.number].object_id)
    if dispute is None or dispute.said.due_by is None:
        return finding
    return replace(finding, due=float(dispute.said.due_by))


def _said_of(
    entries: list[Entry], marks: Mapping[int, Mark], found: Mapping[str, Finding]
) -> dict[str, int]:
    """The newest that Stripe sent of each finding; where it sent none, the first that told of it."""
    sent: dict[str, int] = {}
    first: dict[str, int] = {}
    for entry in sorted(entries, key=lambda each: each.number):
        mark = marks.get(entry.number)
        if mark is None or mark.state is not State.NEEDS_A_PERSON:
            continue
        key = about(entry, Why(mark.reason)).key
        first.setdefault(key, entry.number)
        if entry.source is Source.WEBHOOK:
            sent[key] = entry.number
    return {key: sent.get(key, first.get(key, finding.number)) for key, finding in found.items()}


def _acts_on(entries: list[Entry]) -> dict[str, list[Entry]]:
    acts: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda each: each.number):
        if entry.kind in DESK_WORK:
            acts[entry.object_id].append(entry)
    return acts


def _worked(finding: Finding, acts: Iterable[Entry], said: int) -> Finding:
    assignee, done = "", False
    for act in acts:
        if act.kind == Act.ASSIGNED:
            assignee = str(act.said.get("to", ""))
        elif act.kind == Act.DONE and finding.why is not Why.STOPPED:
            done = act.number > said
    return replace(finding, assignee=assignee, done=done)
