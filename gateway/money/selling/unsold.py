"""``/-/plans`` of a site that sells nothing by itself: walls lead here all the same.

Knows nothing of Stripe. Access is given by hand or by an import there, so the page says whom to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.money.selling.showcase import PLANS_URL
from gateway.rooms.asking import Ask, Reply
from gateway.rooms.pages import Pages, login_url
from gateway.rooms.return_to import return_to
from gateway.rooms.routes import Doorway, router_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingSold:
    """``site_url`` has no slash at its end."""

    site_url: str
    pages: Pages

    def application(self, door: Doorway) -> Any:
        return router_of([door.route(PLANS_URL, self.show)])

    async def show(self, ask: Ask) -> Reply:
        back = return_to(ask.asked("return_to") or "/", site_url=self.site_url)
        return await self.pages.page(
            ask,
            "plans",
            plans=(),
            unsold=True,
            subscribed=False,
            adopt_url="",
            signed_in=bool(ask.session_id),
            login_url=login_url(back, ask.language),
            return_to=back,
        )
