"""How a login can fail, as its reader is told: less than the log says, and what helps."""

from __future__ import annotations

from enum import StrEnum

from gateway.login.refusal import Refusal


class Failing(StrEnum):
    """What the page says (``templates/page/login-failed.html``)."""

    CANCELLED = "cancelled"  # the reader said no at the provider
    EXPIRED = "expired"  # the state, the link or the code is over, or has served
    FOREIGN = "foreign"  # the callback came to a browser that didn't begin this login
    PROVIDER_DOWN = "provider-down"  # no usable answer in time
    PROVIDER_SAID_NO = "provider-said-no"  # an OAuth error of the provider
    UNVERIFIED_EMAIL = "unverified-email"  # the provider hasn't verified the address
    REFUSED = "refused"  # what the provider said doesn't stand the checks
    TAKEN = "taken"  # the way to be added belongs to another account
    TOO_MANY = "too-many"  # the rate limit
    STORE_DOWN = "store-down"  # nobody can log in just now; who is logged in reads on
    LOOP = "loop"  # the third round in vain


STATUSES = {
    Failing.TOO_MANY: 429,
    Failing.PROVIDER_DOWN: 503,
    Failing.STORE_DOWN: 503,
    Failing.TAKEN: 409,
}

_TOLD = {
    Refusal.TOO_LATE: Failing.EXPIRED,
    Refusal.CANCELLED: Failing.CANCELLED,
    Refusal.PROVIDER_SAID_NO: Failing.PROVIDER_SAID_NO,
    Refusal.UNVERIFIED_EMAIL: Failing.UNVERIFIED_EMAIL,
    Refusal.CODE_REFUSED: Failing.EXPIRED,  # nearly always a code that has served, or was kept
}


def told(reason: str) -> Failing:
    """What the reader is told of a ``Refusal``."""
    return _TOLD.get(Refusal(reason), Failing.REFUSED)
