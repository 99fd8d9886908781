"""One subscription as a fold found it: what the fold's own parts, the pages and the letters hand each
other. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.subscription import Subscription
from gateway.money.folding.subscriptions import Hold, Standing
from gateway.money.folding.whose import Whose


@dataclass(frozen=True, slots=True)
class Held:
    """How it stands, whose it is, and what a person should look at."""

    subscription: Subscription
    standing: Standing
    whose: Whose
    reader: str
    refunded: Hold | None
