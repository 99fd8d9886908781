"""``/-/plans``, ``/-/checkout`` and ``/-/portal``: what is on sale, what an order means, and back again.

A page says nothing that Stripe hasn't said: prices come from the catalogue, and where they can't be
had the page says so. Nothing here grants anything; coming back from Checkout only asks Stripe sooner.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from gateway.errors import (
    LychgateError,
    RequestRefused,
    StripeRefused,
    StripeUnavailable,
)
from gateway.identity.accounts import Account, Accounts
from gateway.model.entry import Appended, Draft
from gateway.model.price import Price
from gateway.model.selling import Attempt, Attempted, Plan
from gateway.money.selling import offers
from gateway.money.selling.ordering import Wish
from gateway.money.selling.owning import Owned
from gateway.money.selling.sessions import NOBODYS, Selling
from gateway.money.selling.showcase import CHECKOUT_URL, PLANS_URL, Showcase, recap_url
from gateway.ops.logs import logger
from gateway.rooms.asking import Ask, Reply, see_other
from gateway.rooms.pages import Pages, login_url
from gateway.rooms.return_to import return_to
from gateway.rooms.routes import Doorway, router_of

ACCOUNT_URL = "/-/account"
PORTAL_URL = "/-/portal"
# Workers ask for news three times a second: who comes back sooner would see the wall once more.
HEARD_SECONDS = 0.5
_SESSION = re.compile(r"cs_[A-Za-z0-9_]{4,250}")
_INDEXED = (b"x-robots-tag",)
_LOG = "lychgate.money"


class Catalogue(Protocol):
    async def all(self) -> Mapping[str, Price]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """``append`` writes Stripe's answers down and applies them at once. ``adoptable``: whether an address
    seems to pay already, for no reader. ``adopt_url`` is empty where no link can be mailed."""

    site_url: str
    plans: Sequence[Plan]
    catalogue: Catalogue
    selling: Selling
    accounts: Accounts
    append: Callable[[Sequence[Draft]], Awaitable[Sequence[Appended]]]
    adoptable: Callable[[str], Awaitable[bool]]
    adopt_url: str
    pages: Pages
    showcase: Showcase

    def application(self, door: Doorway) -> Any:
        return router_of(
            [
                door.route(PLANS_URL, self.show),
                door.route(CHECKOUT_URL, self.recap),
                door.route(CHECKOUT_URL, self.order, "POST"),
                door.route(f"{CHECKOUT_URL}/done", self.done),
                door.route(PORTAL_URL, self.portal, "POST"),
            ]
        )

    async def show(self, ask: Ask) -> Reply:
        back = self._back(ask.asked("return_to"))
        sale = offers.on_sale(self.plans, await self.catalogue.all())
        account = await self._account(ask)
        owned = Owned()
        if account is not None:
            owned = await self.selling.owned(account.id, now=ask.now)
        mine = {item.price for each in owned.live for item in each.subscription.items}
        reply = await self.pages.page(
            ask,
            "plans",
            status=200 if sale else 503,
            plans=self.showcase.plans(
                sale, ask.language, back=back, mine=mine, trial=not owned.ever
            ),
            unsold=False,
            subscribed=bool(owned.live),
            promotion_codes=self.selling.terms.promotion_codes,
            tax_included=all(one.tax_included for each in sale for one in each.prices),
            adopt_url=self._adopt_url(back, ask) if not owned.live else "",
            signed_in=account is not None,
            login_url=login_url(f"{PLANS_URL}?return_to={quote(back, safe='/')}", ask.language),
            return_to=back,
        )
        kept = tuple(each for each in reply.headers if each[0] not in _INDEXED)
        return Reply(reply.status, kept, reply.body)

    async def recap(self, ask: Ask) -> Reply:
        """What an order means, before it is made."""
        back = self._back(ask.asked("return_to"))
        plan_id, price_id = ask.asked("plan"), ask.asked("price")
        found = await self._chosen(plan_id, price_id)
        if found is None:
            return see_other(_plans_url(back, ask.language))
        account = await self._account(ask)
        if account is None:
            return self._to_login(ask, plan_id, price_id, back)
        owned = await self.selling.owned(account.id, now=ask.now)
        seems = bool(self.adopt_url and account.email_verified and not owned.live)
        return await self.pages.page(
            ask,
            "checkout",
            **self.showcase.order(*found, ask.language, now=ask.now, trial=not owned.ever),
            action=CHECKOUT_URL,
            plan=plan_id,
            price=found[1].id,
            subscribed=bool(owned.live),
            adopt_url=self._adopt_url(back, ask)
            if seems and await self.adoptable(account.email)
            else "",
            plans_url=_plans_url(back, ask.language),
            return_to=back,
        )

    async def order(self, ask: Ask) -> Reply:
        back = self._back(ask.written("return_to"))
        plan_id, price_id = ask.written("plan"), ask.written("price")
        found = await self._chosen(plan_id, price_id)
        if found is None:
            return see_other(_plans_url(back, ask.language))
        account = await self._account(ask)
        if account is None:
            return self._to_login(ask, plan_id, price_id, back)
        wish = Wish(
            reader=account.id,
            email=account.email if account.email_verified else "",
            name=account.name,
            plan=found[0],
            price=found[1],
            return_to=back,
            language=ask.language,
        )
        led = await self.selling.order(wish, now=ask.now)
        if led.done:
            return see_other(f"{CHECKOUT_URL}/done?session_id={led.done}")
        return see_other(led.url or _plans_url(back, ask.language))

    async def done(self, ask: Ask) -> Reply:
        """Back from Stripe: asks for that session and what hangs on it, and leads back to the article."""
        session_id = ask.asked("session_id")
        if not _SESSION.fullmatch(session_id):
            raise RequestRefused(404, "no-such-session")
        account = await self._account(ask)
        if account is None:
            here = f"{CHECKOUT_URL}/done?session_id={session_id}"
            return see_other(login_url(here, ask.language))
        attempt = await self.selling.attempts.of_session(session_id)
        if attempt is None or attempt.reader != account.id:
            # Another reader's, or none of ours: nothing is asked, nothing is told.
            return see_other(f"{ACCOUNT_URL}?lang={ask.language}")
        return await self._settled(ask, attempt)

    async def portal(self, ask: Ask) -> Reply:
        back = self._back(ask.written("return_to"), otherwise=ACCOUNT_URL)
        account = await self._account(ask)
        if account is None:
            return see_other(login_url(back, ask.language))
        owned = await self.selling.owned(account.id, now=ask.now)
        url = await self.selling.portal(account.id, owned, back=back, language=ask.language)
        return see_other(url or _plans_url(back, ask.language))

    async def of_error(self, ask: Ask, error: LychgateError) -> Reply:
        """A page that says that nothing was charged. Raises again what no page of ours is for."""
        if not isinstance(error, StripeUnavailable | StripeRefused):
            raise error
        logger(_LOG).error("stripe-failed", reason=error.reason, detail=error.detail)
        named = ask.form or ask.query
        back = self._back((named.get("return_to") or [""])[0])
        reply = await self.pages.page(
            ask,
            "checkout-failed",
            status=503,
            unclear=isinstance(error, StripeRefused) and error.code == NOBODYS,
            again_url=_plans_url(back, ask.language),
            error_id=ask.request.id,
            return_to=back,
        )
        return reply.with_headers((b"retry-after", b"30"))

    async def _settled(self, ask: Ask, attempt: Attempt) -> Reply:
        try:
            session = await self.selling.stripe.bought(attempt.session_id)
        except StripeUnavailable:
            # The webhook brings it all the same, or has; until then nobody can say more.
            if await self._opens(attempt, ask.now):
                return see_other(attempt.return_to)
            return await self._waiting(ask, attempt, "unknown")
        if session.status == "open":
            return see_other(session.url or _plans_url(attempt.return_to, ask.language))
        if session.status != "complete":
            await self.selling.attempts.ended(attempt.id, Attempted.OVER)
            return see_other(_plans_url(attempt.return_to, ask.language))
        await self.append(session.drafts)
        await self.selling.attempts.ended(attempt.id, Attempted.COMPLETE)
        if not await self._opens(attempt, ask.now):
            return await self._waiting(ask, attempt, "pending")
        await asyncio.sleep(HEARD_SECONDS)
        return see_other(attempt.return_to)

    async def _opens(self, attempt: Attempt, now: float) -> bool:
        owned = await self.selling.owned(attempt.reader, now=now)
        return any(
            opening.ends_at is not None and opening.ends_at > now
            for each in owned.held
            for opening in each.standing.openings
        )

    async def _waiting(self, ask: Ask, attempt: Attempt, state: str) -> Reply:
        again = f"{CHECKOUT_URL}/done?session_id={attempt.session_id}&lang={ask.language}"
        return await self.pages.page(
            ask, "checkout-done", state=state, again_url=again, return_to=attempt.return_to
        )

    async def _chosen(self, plan_id: str, price_id: str) -> tuple[Plan, Price] | None:
        sale = offers.on_sale(self.plans, await self.catalogue.all())
        return offers.chosen(sale, plan_id, price_id)

    async def _account(self, ask: Ask) -> Account | None:
        if not ask.session_id:
            return None
        login = await self.accounts.login(ask.session_id, now=ask.now)
        if login is None:
            return None
        return await self.accounts.account(
            login.reader_id, session_id=login.session_id, now=ask.now
        )

    def _to_login(self, ask: Ask, plan_id: str, price_id: str, back: str) -> Reply:
        here = recap_url(plan_id, price_id, back)
        return see_other(login_url(here, ask.language, register=True))

    def _back(self, written: str, *, otherwise: str = "/") -> str:
        return return_to(written, site_url=self.site_url) if written else otherwise

    def _adopt_url(self, back: str, ask: Ask) -> str:
        if not self.adopt_url:
            return ""
        return f"{self.adopt_url}?return_to={quote(back, safe='/')}&lang={ask.language}"


def _plans_url(back: str, language: str) -> str:
    return f"{PLANS_URL}?return_to={quote(back, safe='/')}&lang={language}"
