"""Ending one subscription at Stripe, now or later, and paying back what was paid for it.

Each method raises StripeRefused and StripeUnavailable. Asked twice it is done once: ending what is
over is told as it stands, and a refund bears a key made of the request that it is for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import StripeRefused
from gateway.model.amount import Amount
from gateway.model.entry import Draft
from gateway.model.subscription import Invoice, Payment, Refund, Status, Subscription, read
from gateway.money.entries.fields import mapping
from gateway.money.stripe_api.door import Door, draft_of
from gateway.money.stripe_api.objects import PAGE, Objects
from gateway.ops.logs import logger

_OVER = frozenset((Status.CANCELED, Status.INCOMPLETE_EXPIRED))
_COMMENT_MAX = 450
_FAILED = frozenset(("failed", "canceled"))
_ALREADY = "charge_already_refunded"
_OURS = "lychgate"  # in a refund's metadata: the request that it is for
_LOG = "lychgate.money"


@dataclass(frozen=True, slots=True)
class PaidBack:
    """``amounts`` by this request. ``left``: what was paid and can't go back by itself. ``before``: that
    some went back already, by somebody's hand. ``drafts``: Stripe's answers, with the links from
    payments to invoices."""

    amounts: tuple[Amount, ...] = ()
    left: tuple[Amount, ...] = ()
    before: bool = False
    drafts: Sequence[Draft] = field(default=(), repr=False)


class Ending:
    """Implements ``money.leaving.Stripe``."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._objects = Objects(door)

    async def subscription(self, subscription_id: str) -> Draft:
        return await self._objects.one("subscription", subscription_id)

    async def end_later(self, subscription_id: str, *, at: int | None, comment: str = "") -> Draft:
        """At the end of what is paid, or ``at`` a moment, without a reckoning of days."""
        wanted: dict[str, Any] = {"cancel_at_period_end": True}
        if at is not None:
            wanted = {"cancel_at": at, "proration_behavior": "none"}
        asked: Any = wanted | _said(comment)
        refused = await self._refusal(
            self._door.v1.subscriptions.update_async(subscription_id, asked)
        )
        draft = await self.subscription(subscription_id)
        said = read(Subscription, draft.facts)
        if said.status in _OVER or said.cancel_at_period_end or said.cancel_at is not None:
            return draft
        raise refused or _wouldnt(subscription_id)

    async def end_now(self, subscription_id: str, *, comment: str = "") -> Draft:
        asked: Any = _said(comment)
        refused = await self._refusal(
            self._door.v1.subscriptions.cancel_async(subscription_id, asked)
        )
        draft = await self.subscription(subscription_id)
        if read(Subscription, draft.facts).status in _OVER:
            return draft
        raise refused or _wouldnt(subscription_id)

    async def pay_back(self, subscription_id: str, *, key: str) -> PaidBack:
        """All that was paid for a subscription and isn't paid back yet."""
        found = [
            await self._invoice_back(each, key=key)
            for each in await self._objects.invoices_of(subscription_id)
        ]
        return PaidBack(
            tuple(amount for each in found for amount in each.amounts),
            tuple(amount for each in found for amount in each.left),
            any(each.before for each in found),
            [draft for each in found for draft in each.drafts],
        )

    async def _invoice_back(self, invoice: Draft, *, key: str) -> PaidBack:
        said = read(Invoice, invoice.facts)
        whole = max(said.amount_paid, said.paid_off_stripe)
        if said.status != "paid" or whole <= 0:
            return PaidBack()
        asked: Any = {"invoice": said.id, "status": "paid", "limit": PAGE}
        page, _ = await self._door.page(self._door.v1.invoice_payments.list_async(asked))
        amounts: list[Amount] = []
        drafts, settled, before = [invoice], 0, False
        for told in page:
            link = draft_of(told)
            paid = read(Payment, link.facts)
            drafts.append(link)
            if not (paid.payment or paid.charge):
                continue  # in cash, or by a transfer that Stripe never saw
            refunds, ours = await self._refund(paid, key=key)
            if refunds is None:
                continue
            went = [each for each in refunds if read(Refund, each.facts).status not in _FAILED]
            drafts += refunds
            amounts += [
                Amount(each.amount_minor or 0, each.currency) for each in went if each in ours
            ]
            settled += paid.amount_paid if went else 0
            before = before or any(each not in ours for each in went)
        left = (Amount(whole - settled, said.currency),) if settled < whole else ()
        return PaidBack(tuple(amounts), left, before, drafts)

    async def _refund(
        self, paid: Payment, *, key: str
    ) -> tuple[list[Draft] | None, Sequence[Draft]]:
        """The whole rest of one payment; or, where it was paid back before, all that was, and what of it
        under this key, which is written on it: Stripe forgets keys after a day. None where Stripe
        won't pay it back."""
        what = {"payment_intent": paid.payment} if paid.payment else {"charge": paid.charge}
        wanted: Any = {**what, "reason": "requested_by_customer", "metadata": {_OURS: key}}
        made = self._door.v1.refunds.create_async(
            wanted, {"idempotency_key": f"{key}:{paid.payment or paid.charge}"}
        )
        try:
            new = draft_of(await self._door.ask(made))
            return [new], [new]
        except StripeRefused as refused:
            if refused.code != _ALREADY:
                logger(_LOG).error("refund-refused", payment=paid.id, why=str(refused))
                return None, ()
        listed: Any = {**what, "limit": PAGE}
        page, _ = await self._door.page(self._door.v1.refunds.list_async(listed))
        found = [(draft_of(each), mapping(each.thing.get("metadata")).get(_OURS)) for each in page]
        return [each for each, _ in found], [each for each, by in found if by == key]

    async def _refusal(self, call: Awaitable[Any]) -> StripeRefused | None:
        """None where it was done. It may have ended meanwhile: how it stands is asked afterwards anyway."""
        try:
            await self._door.ask(call)
        except StripeRefused as refused:
            return refused
        return None

    async def customers_at(self, email: str) -> list[str]:
        """The ids of those whose address is this one, to the letter."""
        listed = self._door.v1.customers.list_async({"email": email, "limit": PAGE})
        page, _ = await self._door.page(listed)
        return [each.id for each in page]


def _said(comment: str) -> dict[str, Any]:
    return {"cancellation_details": {"comment": comment[:_COMMENT_MAX]}} if comment else {}


def _wouldnt(subscription_id: str) -> StripeRefused:
    return StripeRefused(status=409, detail=f"{subscription_id} wouldn't end")
