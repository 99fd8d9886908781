"""The room ``/-/adopt`` of this process, what is offered to readers who log in, and how they are forgotten.

With ``[stripe]`` there is a door of its own to Stripe. Links are mailed, so without ``[mail]`` none is
offered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.clock import Clock
from gateway.config import Settings
from gateway.errors import StoreUnavailable
from gateway.identity.cookies import CookieSigner, cookie_name
from gateway.model.request import Request
from gateway.money.adopting import PAGE_URL
from gateway.money.adopting_pages import AdoptingPages, page_url
from gateway.rooms.pages import Drawing, Pages
from gateway.rooms.routes import Doorway
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.wiring.adopting import adopting_of, erasing_of
from gateway.wiring.login import limits_of
from gateway.wiring.pages import adopt_url_of
from gateway.wiring.syncing import door_of


class AdoptingRoom:
    """``application`` answers ``/-/adopt``; None where there is no such page."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        clock: Clock,
        drawing: Drawing,
        dress: Callable[[bytes], Awaitable[bytes]],
        network_of: Callable[[str], str],
        language_of: Callable[[Request], str],
        demo_mail_url: str = "",
    ) -> None:
        self._store, self._clock = store, clock
        self._door = door_of(settings) if settings.stripe is not None else None
        self.erasing = erasing_of(store, self._door)
        self.adopting = adopting_of(settings, store=store, mails=drawing)
        self.application: Any = None
        if adopt_url_of(settings):
            name = cookie_name(settings.site.url)
            door = Doorway(
                signer=CookieSigner([key.get_secret_value() for key in settings.keys.cookie]),
                cookie_name=name,
                clock=clock,
                network_of=network_of,
                language_of=language_of,
                of_error=_raised,
            )
            pages = AdoptingPages(
                site_url=settings.site.url,
                adopting=self.adopting,
                accounts=Accounts(store),
                pages=Pages(drawing, dress=dress, dressed=bool(settings.site.shell)),
                limits=limits_of(settings, store, clock),
                cookie_name=name + b"-adopt",
                secure=settings.site.url.startswith("https://"),
                demo_mail_url=demo_mail_url,
            )
            self.application = pages.application(door)

    async def offer(self, reader: str, back: str, language: str) -> str:
        """A page to show to a reader who has just logged in, where they seem to pay already and read
        nothing for it; empty for everybody else."""
        if self.application is None or back.startswith(PAGE_URL):
            return ""
        with contextlib.suppress(StoreUnavailable):
            now = self._clock.now()
            account = await Accounts(self._store).account(reader, session_id="", now=now)
            if account is None or not account.email_verified:
                return ""
            reads = any(each.opens(now) for each in account.entitlements)
            if not reads and await self.adopting.adoptable(account.email):
                return page_url(back, language)
        return ""

    async def close(self) -> None:
        if self._door is not None:
            await self._door.close()


async def _raised(ask: object, error: Exception) -> Any:
    """The entrance has a page for each error."""
    del ask
    raise error
