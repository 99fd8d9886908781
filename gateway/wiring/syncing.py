"""What asks Stripe in the background, put together from the settings: one door for all of it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from gateway.clock import Clock
from gateway.config import Settings
from gateway.jobs.fetching import EVERY_SECONDS, Fetching
from gateway.jobs.folding import Folding
from gateway.jobs.periodic import Job
from gateway.jobs.reconciling import EVERY_SECONDS as NIGHTLY_SECONDS
from gateway.jobs.reconciling import Reconciling
from gateway.money.fetching import Fetcher
from gateway.money.folding.rules import HOUR_SECONDS
from gateway.money.looking_ahead import wants_of_ending
from gateway.money.prices import Refresher
from gateway.money.stripe_api.catalogue import Shelf
from gateway.money.stripe_api.door import Door
from gateway.money.stripe_api.listing import Listing
from gateway.money.stripe_api.objects import Objects
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.leases import Leases
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.prices import Prices
from gateway.stores.wants import Wants
from gateway.wiring.money import folding as folding_of
from gateway.wiring.money import mode_of

_PRICES_SECONDS = 30.0  # only what is absent or a day old is asked for
_WEEK_SECONDS = 7 * 86400.0


def door_of(settings: Settings) -> Door:
    """To be closed by whoever opened it."""
    assert settings.stripe is not None
    key = settings.stripe.secret_key.get_secret_value()
    return Door(secret_key=key, api_base=settings.stripe.api_base)


class Syncing:
    """``jobs`` are the background process's, beside ``folding``; ``close`` lets go of Stripe."""

    def __init__(
        self, settings: Settings, *, store: Store, clock: Clock, folding: Folding | None = None
    ) -> None:
        assert settings.stripe is not None
        self._store, self._clock = store, clock
        self._door = door_of(settings)
        listing = Listing(self._door)
        self._ledger, self._wants = Ledger(store), Wants(store)
        self._slack_seconds = settings.stripe.renewal_slack_hours * HOUR_SECONDS
        refresher = Refresher(
            catalogue=Prices(store),
            stripe=Shelf(self._door),
            prices=frozenset(price for plan in settings.plan for price in plan.prices),
            clock=clock,
        )
        self._version = store.changes.version
        self.fetching = Fetching(
            fetcher=Fetcher(
                ledger=self._ledger,
                work=LedgerWork(store),
                wants=self._wants,
                stripe=Objects(self._door),
                clock=clock,
                shelve=refresher.refresh,
            ),
            refresher=refresher,
            ledger=self._ledger,
            leases=Leases(store),
            clock=clock,
            account=listing.account,
            told=mode_of(settings),
        )
        self.reconciling = Reconciling(
            ledger=self._ledger,
            work=LedgerWork(store),
            holdings=Holdings(store),
            stripe=listing,
            folding=folding or folding_of(settings, store=store, clock=clock),
            fetching=self.fetching,
            leases=Leases(store),
            clock=clock,
            mode=mode_of(settings),
            zone=ZoneInfo(settings.site.timezone),
        )

    def jobs(self) -> list[Job]:
        return [
            Job("fetch", EVERY_SECONDS, self.fetching.fetch_due, version=self._version),
            Job("prices", _PRICES_SECONDS, self.fetching.refresh_prices),
            Job("reconcile", NIGHTLY_SECONDS, self.reconciling.nightly),
            Job("look-ahead", HOUR_SECONDS, self.look_ahead, once_among_nodes=True),
        ]

    async def look_ahead(self) -> None:
        """Want to know what became of renewals. Raises StoreUnavailable."""
        now = self._clock.now()
        wants = await wants_of_ending(
            self._ledger, Holdings(self._store), slack_seconds=self._slack_seconds, now=now
        )
        if wants:
            await self._wants.want([(each.kind, each.id) for each in wants], now=now)
        await self._wants.sweep(before=now - _WEEK_SECONDS)

    async def close(self) -> None:
        await self._door.close()
