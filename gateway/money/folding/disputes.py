"""What a dispute does: it flags, it freezes where the settings say so, and once won it restores. Pure.

An inquiry (``warning_…``) and an early warning of fraud took no money: they flag, and freeze nothing.
A lost dispute took the money for one invoice; the next one that is paid opens again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.model.mark import Why
from gateway.model.subscription import Dispute, Invoice
from gateway.money.folding.rules import Rules
from gateway.money.folding.story import Known, Story
from gateway.money.folding.subscriptions import Course, Hold, age

OVER = frozenset(("won", "warning_closed", "prevented"))
_INQUIRY = "warning_"
_LOST = "lost"


def flag(dispute: Dispute) -> Why:
    """What a person should look at; nothing, once it ended well."""
    if dispute.warning:
        return Why.FRAUD_WARNING
    return Why.NONE if dispute.status in OVER else Why.DISPUTED


def hold(story: Story, invoices: Sequence[Known[Invoice]], rules: Rules) -> Hold | None:
    """What freezes the subscription of these invoices."""
    if not rules.dispute_freezes:
        return None
    numbers = [
        dispute.number
        for invoice in invoices
        for dispute in _about(story, invoice)
        if _freezes(dispute.said, invoice, invoices)
    ]
    return Hold(Course.DISPUTED, tuple(sorted(numbers))) if numbers else None


def _about(story: Story, invoice: Known[Invoice]) -> Iterator[Known[Dispute]]:
    for dispute in story.disputes.values():
        if invoice.said.id in story.links.invoices(dispute.said.payment, dispute.said.charge):
            yield dispute


def _freezes(dispute: Dispute, invoice: Known[Invoice], all_of: Sequence[Known[Invoice]]) -> bool:
    if dispute.warning or dispute.status in OVER or dispute.status.startswith(_INQUIRY):
        return False
    if dispute.status != _LOST:
        return True
    return not any(
        each.said.status == "paid" and each.said.amount_paid > 0 and age(each) > age(invoice)
        for each in all_of
    )
