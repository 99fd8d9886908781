"""Leaving put together from the settings: the room that takes requests, and the job that carries out
those that Stripe couldn't hear of at once."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from gateway.clock import Clock
from gateway.config import Settings
from gateway.identity.address import address
from gateway.jobs.periodic import Job
from gateway.model.amount import Amount
from gateway.money.leaving.carrying_out import Finder, Leaver
from gateway.money.leaving.pages import LeavingPages
from gateway.money.leaving.receipts import Mails, Receipts
from gateway.money.leaving.turn import Turns
from gateway.money.leaving.withdrawing import last_moment
from gateway.money.stripe_api.customers import Customers
from gateway.money.stripe_api.door import Door
from gateway.money.stripe_api.leaving import Ending
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.leaving import Leavings
from gateway.stores.ledger import Ledger
from gateway.stores.readers import Addresses
from gateway.wiring.ground import Ground
from gateway.wiring.syncing import door_of
from gateway.wiring.words import Words

EVERY_SECONDS = 5.0
_SWEEP_SECONDS = 6 * 3600.0


class LeavingWords:
    """Implements ``money.leaving_receipts.Words``."""

    def __init__(self, settings: Settings) -> None:
        self._words = Words(settings)
        self._zone = ZoneInfo(settings.site.timezone)
        self._plans = settings.plan

    def day(self, instant: float, language: str) -> str:
        return self._words.day(instant, language)

    def exact(self, instant: float, language: str) -> str:
        return self._words.exact(instant, language)

    def plan(self, prices: Sequence[str], language: str) -> str:
        """The plans' names; of a price that no plan names, the price itself."""
        named = {price: each.name for each in self._plans for price in each.prices}
        shown = [
            names.get(language) or next(iter(names.values()))
            for names in (named.get(price, {language: price}) for price in prices)
        ]
        return ", ".join(dict.fromkeys(shown))

    def money(self, amount: Amount, language: str) -> str:
        return self._words.money(amount, language)

    def withdraw_until(self, made_at: float, language: str) -> str:
        """The last day on which that is possible."""
        return self.day(last_moment(made_at, self._zone) - 1.0, language)


def finder_of(store: Store, door: Door) -> Finder:
    return Finder(
        ledger=Ledger(store),
        readers=Addresses(store),
        stripe=Ending(door),
        customers=Customers(door),
    )


def turns_of(settings: Settings, *, store: Store, door: Door, clock: Clock, mails: Mails) -> Turns:
    zone = ZoneInfo(settings.site.timezone)
    return Turns(
        requests=Leavings(store),
        leaver=Leaver(
            finder=finder_of(store, door), ledger=Ledger(store), stripe=Ending(door), zone=zone
        ),
        customers=Customers(door),
        receipts=Receipts(
            site_url=settings.site.url,
            language=settings.site.languages[0],
            zone=zone,
            words=LeavingWords(settings),
            mails=mails,
        ),
        mails=settings.mail is not None,
        hand=_hand(settings),
        clock=clock,
    )


def _hand(settings: Settings) -> str:
    """Where readers are told to write; else whom mail comes from."""
    if settings.mail is None:
        return ""
    support = settings.site.legal.support
    if support.startswith("mailto:"):
        return address(unquote(support.removeprefix("mailto:").partition("?")[0]))
    return address(parseaddr(settings.mail.sender)[1])


class LeavingRoom:
    """``application`` answers ``/-/cancel`` and ``/-/withdraw``. There is a ``[stripe]``."""

    def __init__(self, ground: Ground) -> None:
        settings, store, clock = ground.settings, ground.store, ground.clock
        self._door = door_of(settings)
        turns = turns_of(
            settings, store=store, door=self._door, clock=clock, mails=ground.templates
        )
        pages = LeavingPages(
            accounts=Accounts(store),
            finder=finder_of(store, self._door),
            requests=turns.requests,
            turns=turns,
            receipts=turns.receipts,
            pages=ground.pages(),
            limits=ground.limits,
            zone=turns.leaver.zone,
            mails=turns.mails,
        )
        self.application: Any = pages.application(ground.doorway(pages.of_error))

    async def close(self) -> None:
        await self._door.close()


class LeavingWork:
    """``jobs`` are the background process's; ``close`` lets go of Stripe."""

    def __init__(self, settings: Settings, *, store: Store, clock: Clock, mails: Mails) -> None:
        self._door = door_of(settings)
        self._requests, self._clock = Leavings(store), clock
        self.turns = turns_of(settings, store=store, door=self._door, clock=clock, mails=mails)

    def jobs(self) -> list[Job]:
        return [
            Job("leaving", EVERY_SECONDS, self.turns.take_due),
            Job("leaving-late", _SWEEP_SECONDS, self.turns.look_back, once_among_nodes=True),
            Job("leaving-sweep", _SWEEP_SECONDS, self._sweep, once_among_nodes=True),
        ]

    async def _sweep(self) -> None:
        await self._requests.sweep(before=self._clock.now() - _SWEEP_SECONDS)

    async def close(self) -> None:
        await self._door.close()
