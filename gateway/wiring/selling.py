"""Selling put together from the settings: the plans page, Checkout, the portal, and what an account has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gateway.clock import Clock
from gateway.config import Settings
from gateway.jobs.folding import Folding
from gateway.model.entry import Appended, Draft
from gateway.money.ledger import Ledger as LedgerPort
from gateway.money.selling.ordering import Terms
from gateway.money.selling.sessions import Selling
from gateway.money.selling.shop import Shop
from gateway.money.selling.showcase import Showcase
from gateway.money.stripe_api.selling import HOSTS, Till
from gateway.stores.accounts import Accounts
from gateway.stores.attempts import Attempts
from gateway.stores.ledger import Ledger
from gateway.stores.prices import Prices
from gateway.wiring.ground import Ground
from gateway.wiring.money import folding as folding_of
from gateway.wiring.plans import plans_of
from gateway.wiring.syncing import door_of
from gateway.wiring.words import Words


@dataclass(frozen=True, slots=True)
class _Applying:
    """Stripe's answers into the ledger, and applied before anybody goes on."""

    ledger: LedgerPort
    folding: Folding
    clock: Clock

    async def append(self, drafts: Sequence[Draft]) -> Sequence[Appended]:
        appended = await self.ledger.append(drafts, now=self.clock.now())
        await self.folding.fold_now()
        return appended


def form_targets_of(settings: Settings) -> tuple[str, ...]:
    """Where Stripe's own pages are, or those of whatever stands in for it."""
    if settings.stripe is None:
        return ()
    return (settings.stripe.api_base,) if settings.stripe.api_base else HOSTS


class SellingRoom:
    """``application`` answers ``/-/plans``, ``/-/checkout`` and ``/-/portal``; ``close`` lets go of Stripe."""

    def __init__(
        self,
        ground: Ground,
        *,
        adoptable: Callable[[str], Awaitable[bool]],
        adopt_url: str,
    ) -> None:
        settings, store, clock = ground.settings, ground.store, ground.clock
        assert settings.stripe is not None
        self._door = door_of(settings)
        ledger, words = Ledger(store), Words(settings)
        selling = Selling(
            ledger=ledger,
            attempts=Attempts(store),
            stripe=Till(self._door),
            terms=Terms(
                site_url=settings.site.url,
                automatic_tax=settings.stripe.automatic_tax,
                promotion_codes=settings.stripe.promotion_codes,
                portal_configuration=settings.stripe.portal_configuration,
            ),
        )
        shop = Shop(
            site_url=settings.site.url,
            plans=plans_of(settings),
            catalogue=Prices(store),
            selling=selling,
            accounts=Accounts(store),
            append=_Applying(ledger, folding_of(settings, store=store, clock=clock), clock).append,
            adoptable=adoptable,
            adopt_url=adopt_url,
            pages=ground.pages(form_targets=form_targets_of(settings)),
            showcase=Showcase(words=words, zone=ZoneInfo(settings.site.timezone)),
        )
        self.application = shop.application(ground.doorway(shop.of_error))

    async def close(self) -> None:
        await self._door.close()
