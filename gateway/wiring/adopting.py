"""Taking along what one pays already, and being forgotten, put together from the settings: what commands and
the background process need of it.

Without ``[stripe]`` nothing is paid here, and forgetting asks nobody.
"""

from __future__ import annotations

from gateway.clock import Clock
from gateway.config import Settings
from gateway.jobs.adopting import EVERY_SECONDS, AdoptingJob
from gateway.jobs.periodic import Job
from gateway.money.arriving.adopting import AddressKeys, Adopting, Mails
from gateway.money.erasing import Erasing
from gateway.money.exporting import Exporting
from gateway.money.stripe_api.customers import Customers
from gateway.money.stripe_api.door import Door
from gateway.stores.accounts import Accounts
from gateway.stores.adopting import Adoptions
from gateway.stores.engine import Store
from gateway.stores.leases import Leases
from gateway.stores.ledger import Ledger
from gateway.stores.payloads import Payloads
from gateway.stores.traces import Traces
from gateway.wiring.syncing import door_of


def adopting_of(settings: Settings, *, store: Store, mails: Mails) -> Adopting:
    return Adopting(
        ledger=Ledger(store),
        adoptions=Adoptions(store),
        mails=mails,
        keys=AddressKeys(key.get_secret_value() for key in settings.keys.cookie),
        site_url=settings.site.url,
        language=settings.site.languages[0],
    )


def erasing_of(store: Store, door: Door | None) -> Erasing:
    return Erasing(
        ledger=Ledger(store),
        keys=Payloads(store),
        payments=Customers(door) if door is not None else None,
        traces=Traces(store),
    )


def exporting_of(store: Store) -> Exporting:
    return Exporting(
        ledger=Ledger(store),
        payloads=Payloads(store),
        accounts=Accounts(store),
        traces=Traces(store),
    )


class AdoptingWork:
    """``jobs`` are the background process's; ``close`` lets go of Stripe."""

    def __init__(self, settings: Settings, *, store: Store, clock: Clock, mails: Mails) -> None:
        self._door = door_of(settings)
        self._version = store.changes.version
        self.job = AdoptingJob(
            adopting=adopting_of(settings, store=store, mails=mails),
            stripe=Customers(self._door),
            sweep=Adoptions(store).sweep,
            leases=Leases(store),
            clock=clock,
        )

    def jobs(self) -> list[Job]:
        return [Job("adopt", EVERY_SECONDS, self.job.work, version=self._version)]

    async def close(self) -> None:
        await self._door.close()
