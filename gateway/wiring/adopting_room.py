"""The room ``/-/adopt`` of this process, what is offered to readers who log in, and how they are forgotten.

With ``[stripe]`` there is a door of its own to Stripe. Links are mailed, so without ``[mail]`` none is
offered.
"""

from __future__ import annotations

import contextlib
from typing import Any

from gateway.errors import StoreUnavailable
from gateway.money.arriving.adopting import PAGE_URL
from gateway.money.arriving.pages import AdoptingPages, page_url
from gateway.stores.accounts import Accounts
from gateway.wiring.adopting import adopting_of, erasing_of
from gateway.wiring.ground import Ground, raised
from gateway.wiring.pages import adopt_url_of
from gateway.wiring.syncing import door_of


class AdoptingRoom:
    """``application`` answers ``/-/adopt``; None where there is no such page."""

    def __init__(self, ground: Ground) -> None:
        settings, store, clock = ground.settings, ground.store, ground.clock
        self._store, self._clock = store, clock
        self._door = door_of(settings) if settings.stripe is not None else None
        self.erasing = erasing_of(store, self._door)
        self.adopting = adopting_of(settings, store=store, mails=ground.templates)
        self.application: Any = None
        if adopt_url_of(settings):
            pages = AdoptingPages(
                site_url=settings.site.url,
                adopting=self.adopting,
                accounts=Accounts(store),
                pages=ground.pages(),
                limits=ground.limits,
                cookie_name=ground.cookie_name + b"-adopt",
                secure=ground.secure,
                demo_mail_url=ground.mail_shown_at,
            )
            self.application = pages.application(ground.doorway(raised))

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
