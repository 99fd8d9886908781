"""What Stripe lists of the whole account, page by page: events of the last days, all subscriptions.

Each method raises StripeUnavailable, and StripeRefused for what the key may not see. Nothing is
concluded from what isn't in a list.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from gateway.errors import WebhookRefused
from gateway.model.entry import Draft, Source, canonical
from gateway.money.entries.parse import parse
from gateway.money.stripe_api.door import Door, Told, draft_of
from gateway.money.stripe_api.objects import PAGE, Objects

_KINDS_MAX = 20  # docs.stripe.com/api/events/list: "types", at most 20


class Listing:
    """Implements ``money.reconcile.Stripe``."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._objects = Objects(door)

    async def account(self) -> str:
        """The id of the account that the key speaks for."""
        return (await self._door.ask(self._door.v1.accounts.retrieve_current_async())).id

    async def events(
        self, kinds: Sequence[str], *, since: float, undelivered: bool = False
    ) -> AsyncIterator[list[Draft]]:
        """As webhooks would have brought them, the newest first. Stripe keeps them for 30 days."""
        for start in range(0, len(kinds), _KINDS_MAX):
            wanted: dict[str, Any] = {
                "types": list(kinds[start : start + _KINDS_MAX]),
                "created": {"gte": int(since)},
            }
            if undelivered:
                wanted["delivery_success"] = False
            async for page in self._pages(self._door.v1.events.list_async, wanted):
                yield [draft for told in page if (draft := _of_event(told)) is not None]

    async def subscriptions(self) -> AsyncIterator[list[Draft]]:
        """Every one, ended ones too, each with all its items."""
        asked = {"status": "all"}
        async for page in self._pages(self._door.v1.subscriptions.list_async, asked):
            whole = [await self._objects.with_all_items(each) for each in page]
            yield [draft_of(each, source=Source.RECONCILE) for each in whole]

    async def subscription(self, subscription_id: str) -> Draft:
        return await self._objects.one("subscription", subscription_id, source=Source.RECONCILE)

    async def _pages(self, listing: Any, asked: dict[str, Any]) -> AsyncIterator[list[Told]]:
        last = ""
        while True:
            after = {"starting_after": last} if last else {}
            page, more = await self._door.page(listing({**asked, "limit": PAGE, **after}))
            if page:
                yield page
                last = page[-1].id
            if not more or not page:
                return


def _of_event(told: Told) -> Draft | None:
    try:
        draft = parse(canonical(told.thing).encode())
    except WebhookRefused:
        return None  # over 1 MB: no webhook of it would have been taken either
    return replace(draft, source=Source.RECONCILE)
