"""What is counted of logins and mails, and where: one for all rooms, on the bus or in the store."""

from __future__ import annotations

from gateway.bus.rates import BusRates
from gateway.clock import Clock
from gateway.config import Settings
from gateway.login.limits import Limits
from gateway.stores.engine import Store
from gateway.stores.rates import RateStorage


class Counting:
    """``limits`` for all rooms; ``close`` ends the connections to the bus."""

    def __init__(self, settings: Settings, *, store: Store, clock: Clock) -> None:
        rates, bus = RateStorage(store, clock), settings.bus.url.get_secret_value()
        self._on_bus = BusRates(bus, spare=rates, clock=clock) if bus else None
        self.limits = Limits(
            self._on_bus or rates,
            login_per_five_minutes=settings.limits.login_per_five_minutes,
            mail_per_hour=settings.limits.mail_per_hour,
            clock=clock,
        )

    async def close(self) -> None:
        if self._on_bus is not None:
            await self._on_bus.close()
