"""The letters of subscriptions' lives put together from the settings: the background's alone."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.clock import Clock
from gateway.config import Settings
from gateway.jobs.life import EVERY_SECONDS, Life
from gateway.jobs.periodic import Job
from gateway.model.amount import Amount
from gateway.money.folding.rules import HOUR_SECONDS
from gateway.money.life.sending import Living, Mails
from gateway.money.stripe_api.life import Asked
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.leases import Leases
from gateway.stores.ledger import Ledger
from gateway.stores.letters import LifeLetters
from gateway.stores.prices import Prices
from gateway.wiring.leaving import LeavingWords
from gateway.wiring.syncing import door_of


class LifeWords(LeavingWords):
    """Implements ``money.living.Words``: what a plan costs is what the catalogue has of it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        super().__init__(settings)
        self._prices = Prices(store)

    async def price(
        self, prices: Sequence[str], currency: str, language: str
    ) -> tuple[str, str, int]:
        """Of several items at once there is no one price to tell."""
        if len(prices) != 1:
            return "", "", 0
        found = (await self._prices.all()).get(prices[0])
        amount: Amount | None = None
        if found is not None and found.recurring:
            amount = found.within(currency) if currency else found.amount
        if found is None or amount is None:
            return "", "", 0
        count = found.interval_count
        per = found.interval if count == 1 else f"{found.interval}s"
        return self.money(amount, language), per, count


class LifeWork:
    """``jobs`` are the background process's; ``close`` lets go of Stripe."""

    def __init__(self, settings: Settings, *, store: Store, clock: Clock, mails: Mails) -> None:
        assert settings.stripe is not None
        self._door = door_of(settings)
        letters = LifeLetters(store)
        living = Living(
            ledger=Ledger(store),
            letters=letters,
            holdings=Holdings(store),
            stripe=Asked(self._door, api_base=settings.stripe.api_base),
            words=LifeWords(settings, store),
            mails=mails,
            languages=settings.site.languages,
            slack_seconds=settings.stripe.renewal_slack_hours * HOUR_SECONDS,
        )
        self.life = Life(living=living, sweep=letters.sweep, leases=Leases(store), clock=clock)

    def jobs(self) -> list[Job]:
        return [Job("life", EVERY_SECONDS, self.life.work)]

    async def close(self) -> None:
        await self._door.close()
