"""Which money moved, of a story: each invoice that was paid, each refund and each dispute, once. Pure.

The newest snapshot speaks for its object, as in the fold. Only money of subscriptions that are ours
counts, whether or not a reader is known: what it paid for is told by the links of ``story``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.model.entry import Entry
from gateway.model.movement import Movement, Sort
from gateway.model.subscription import Dispute, Invoice, Refund
from gateway.money.folding import disputes
from gateway.money.folding.held import Held
from gateway.money.folding.story import Known, Story

NOT_PAID_BACK = frozenset(("failed", "canceled"))
_TOOK_NOTHING = "warning_"


def moved(story: Story, held: Mapping[str, Held]) -> dict[tuple[str, Sort], Movement]:
    ours = {name for name, each in held.items() if each.whose.ours}
    found: list[Movement] = []
    for invoice in story.invoices.values():
        if invoice.said.subscription in ours:
            found += _paid(invoice)
    for refund in story.refunds.values():
        counts = refund.said.status not in NOT_PAID_BACK
        if counts and _ours(story, ours, refund.said):
            found.append(_back(story, refund, Sort.REFUND))
    for dispute in story.disputes.values():
        if took(dispute.said) and _ours(story, ours, dispute.said):
            found.append(_back(story, dispute, Sort.DISPUTE))
    return {(each.object_id, each.sort): each for each in found}


def moved_at(entry: Entry) -> float | None:
    """By which day an entry's money counts, where it says that any moved."""
    said = entry.said
    if entry.object_type == "invoice":
        at = said.get("paid_at") if said.get("status") == "paid" else None
    else:
        at = said.get("created") if entry.object_type in ("refund", "dispute") else None
    return None if at is None else float(at)


def took(dispute: Dispute) -> bool:
    """Whether the payer's bank has the money: not for an inquiry, nor for what was won."""
    status = dispute.status
    return not (dispute.warning or status in disputes.OVER or status.startswith(_TOOK_NOTHING))


def _paid(invoice: Known[Invoice]) -> Iterator[Movement]:
    said = invoice.said
    if said.status != "paid":
        return
    parts = (
        (Sort.PAYMENT, said.amount_paid - said.paid_off_stripe),
        (Sort.OUT_OF_BAND, said.paid_off_stripe),
    )
    for sort, amount in parts:
        if amount:
            yield Movement(
                object_id=said.id,
                sort=sort,
                at=None if said.paid_at is None else float(said.paid_at),
                currency=said.currency,
                amount_minor=amount,
                number=invoice.number,
                customer_id=said.customer,
                invoice_id=said.id,
                payment_id=said.payments[0] if said.payments else "",
                charge_id=said.charges[0] if said.charges else "",
            )


def _ours(story: Story, ours: set[str], said: Refund | Dispute) -> bool:
    return any(
        (invoice := story.invoices.get(invoice_id)) is not None
        and invoice.said.subscription in ours
        for invoice_id in story.links.invoices(said.payment, said.charge)
    )


def _back(story: Story, known: Known[Refund] | Known[Dispute], sort: Sort) -> Movement:
    said = known.said
    invoices = sorted(story.links.invoices(said.payment, said.charge))
    invoice = story.invoices.get(invoices[0]) if invoices else None
    return Movement(
        object_id=said.id,
        sort=sort,
        at=None if said.created is None else float(said.created),
        currency=said.currency,
        amount_minor=-said.amount,
        number=known.number,
        customer_id=invoice.said.customer if invoice else "",
        invoice_id=invoices[0] if invoices else "",
        payment_id=said.payment,
        charge_id=said.charge,
    )
