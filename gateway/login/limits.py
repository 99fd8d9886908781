"""How often one network or one address may try to log in. The door to the ``limits`` library.

Counted in the store, or on the bus while there is one, so that workers and nodes count together.
"""

from __future__ import annotations

import math
from hashlib import sha256

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from gateway.clock import Clock
from gateway.errors import StoreUnavailable, TooManyLogins

_MINUTES = 5


class Limits:
    """``login_per_five_minutes`` of one network, ``mail_per_hour`` of one network and to one address.

    0 is off. Each method raises TooManyLogins, or StoreUnavailable: what can't be counted isn't
    let through, for nobody could log in then anyway.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        login_per_five_minutes: int,
        mail_per_hour: int,
        clock: Clock,
    ) -> None:
        self._limiter = FixedWindowRateLimiter(storage)
        self._clock = clock
        self._login = _item(RateLimitItemPerMinute, login_per_five_minutes, _MINUTES, "login")
        self._mail = _item(RateLimitItemPerHour, mail_per_hour, 1, "mail")

    async def login(self, network: str) -> None:
        """One step of a login: its start, its callback, a code that was typed."""
        if self._login is not None:
            await self._hit(self._login, network)

    async def mail(self, network: str, address: str) -> None:
        """One mail, before it is written."""
        if self._mail is not None:
            await self._hit(self._mail, "network", network)
            # Its hash: what counts windows needs to name nobody.
            await self._hit(self._mail, "address", sha256(address.encode()).hexdigest()[:32])

    async def _hit(self, item: RateLimitItem, *names: str) -> None:
        try:
            if await self._limiter.hit(item, *names):
                return
            resets_at, _ = await self._limiter.get_window_stats(item, *names)
        except (StorageError, OSError) as error:
            raise StoreUnavailable(type(error).__name__) from error
        raise TooManyLogins(max(1, math.ceil(resets_at - self._clock.now())))


def _item(
    kind: type[RateLimitItem], amount: int, multiples: int, namespace: str
) -> RateLimitItem | None:
    return kind(amount, multiples, namespace=namespace) if amount else None
