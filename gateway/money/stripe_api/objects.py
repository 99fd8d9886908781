"""One object asked of Stripe by its id, and the few short lists that hang on one id. As drafts.

Each method raises StripeRefused (``missing`` where Stripe says that there is no such object) and
StripeUnavailable. Knows nothing of who wants an answer, or what follows from it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.errors import StripeRefused
from gateway.model.entry import Draft, Source
from gateway.money.entries.fields import mapping
from gateway.money.stripe_api.door import Door, Told, draft_of

PAGE = 100  # as many as Stripe gives at once
PAGES_MAX = 20  # of what hangs on one object
_NO_SUCH_KIND = 400


class Objects:
    """Implements ``money.fetching.Objects``."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._retrieve: Mapping[str, Callable[[str], Awaitable[Any]]] = {
            "invoice": lambda name: door.v1.invoices.retrieve_async(name, {"expand": ["payments"]}),
            "charge": door.v1.charges.retrieve_async,
            "refund": door.v1.refunds.retrieve_async,
            "dispute": door.v1.disputes.retrieve_async,
            "checkout.session": door.v1.checkout.sessions.retrieve_async,
            "radar.early_fraud_warning": door.v1.radar.early_fraud_warnings.retrieve_async,
            "price": door.v1.prices.retrieve_async,
            "product": door.v1.products.retrieve_async,
        }

    async def one(self, object_type: str, object_id: str, *, source: Source = Source.API) -> Draft:
        """Any object of ``kinds.FETCHED``, whole: a subscription with each of its items."""
        if object_type == "subscription":
            asked = await self._door.ask(self._door.v1.subscriptions.retrieve_async(object_id))
            return draft_of(await self.with_all_items(asked), source=source)
        retrieve = self._retrieve.get(object_type)
        if retrieve is None:
            raise StripeRefused(status=_NO_SUCH_KIND, detail=f"no way to ask for a {object_type}")
        return draft_of(await self._door.ask(retrieve(object_id)), source=source)

    async def with_all_items(self, subscription: Told) -> Told:
        """Stripe shows ten of them within a subscription, and the others in a list of their own."""
        if mapping(subscription.thing.get("items")).get("has_more") is not True:
            return subscription
        asked = {"subscription": subscription.id}
        items = await self._all(self._door.v1.subscription_items.list_async, asked)
        whole = {"object": "list", "data": [dict(each.thing) for each in items], "has_more": False}
        # As old as its oldest part.
        return replace(subscription, thing={**subscription.thing, "items": whole})

    async def invoices_of(self, subscription: str) -> Sequence[Draft]:
        """All of them, and what paid each."""
        asked = {"subscription": subscription, "expand": ["data.payments"]}
        found = await self._all(self._door.v1.invoices.list_async, asked)
        return [draft_of(each) for each in found]

    async def paid_by(self, payment: str) -> Sequence[Draft]:
        """Which invoices a payment intent paid; none where it paid for something else."""
        asked = {"payment": {"type": "payment_intent", "payment_intent": payment}}
        found = await self._all(self._door.v1.invoice_payments.list_async, asked)
        return [draft_of(each) for each in found]

    async def _all(self, listing: Any, asked: dict[str, Any]) -> list[Told]:
        found: list[Told] = []
        for _ in range(PAGES_MAX):
            after = {"starting_after": found[-1].id} if found else {}
            page, more = await self._door.page(listing({**asked, "limit": PAGE, **after}))
            found += page
            if not more:
                break
        return found
