"""The money way put together from the settings: the webhook's room, and the folding of what it kept."""

from __future__ import annotations

from typing import Any

from gateway.clock import Clock
from gateway.config import Settings
from gateway.jobs.folding import Folding
from gateway.money.ledger import Appender
from gateway.money.project import Projector
from gateway.money.refusals import Refusals
from gateway.money.routes import MoneyRoutes
from gateway.stores.alerts import Refusals as RefusalCounts
from gateway.stores.books import Books
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.leases import Leases
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.wants import Wants

_RULES = (
    "past_due_grace_days renewal_slack_hours unpaid paused_collection full_refund dispute_freezes"
).split()
_LIVE = ("sk_live_", "rk_live_")
_TEST = ("sk_test_", "rk_test_")


class Money:
    """``application`` answers the webhook; ``close`` lets what waits be written."""

    def __init__(self, settings: Settings, *, store: Store, clock: Clock) -> None:
        assert settings.stripe is not None
        self._appender = Appender(ledger=Ledger(store), clock=clock)
        self._refusals = Refusals(RefusalCounts(store, clock).add)
        self.application = MoneyRoutes(
            appender=self._appender,
            secrets=[each.get_secret_value() for each in settings.stripe.webhook_secrets],
            clock=clock,
            refused=self._refusals.one,
        ).router()

    async def close(self) -> None:
        await self._refusals.close()
        await self._appender.close()


def projector(store: Store, clock: Clock) -> Projector:
    return Projector(
        ledger=Ledger(store),
        work=LedgerWork(store),
        holdings=Holdings(store),
        clock=clock,
        books=Books(store),
    )


def folding(settings: Settings, *, store: Store, clock: Clock) -> Folding:
    return Folding(
        ledger=Ledger(store),
        work=LedgerWork(store),
        projector=projector(store, clock),
        wants=Wants(store),
        leases=Leases(store),
        clock=clock,
        prices={price: plan.tiers for plan in settings.plan for price in plan.prices},
        settings=_rules(settings),
        dropped=settings.stripe.dropped_prices if settings.stripe is not None else (),
    )


def _rules(settings: Settings) -> dict[str, Any]:
    """The keys of ``[stripe]`` that decide on access, and the mode that its key speaks for."""
    if settings.stripe is None:
        return {}
    told: dict[str, Any] = {name: getattr(settings.stripe, name) for name in _RULES}
    return told | mode_of(settings)


def mode_of(settings: Settings) -> dict[str, bool]:
    """``livemode`` as Stripe's keys say it in their first letters; empty for a key that doesn't."""
    assert settings.stripe is not None
    key = settings.stripe.secret_key.get_secret_value()
    known = key.startswith((*_LIVE, *_TEST))
    return {"livemode": key.startswith(_LIVE)} if known else {}
