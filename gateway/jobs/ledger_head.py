"""Each hour the ledger's head goes to the log: who keeps the log elsewhere can find a tail that was cut off
since (``lychgate ledger verify --head``), which nothing within the ledger can tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.money.ledger import Ledger
from gateway.ops.logs import logger

EVERY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHead:
    ledger: Ledger

    async def tell(self) -> None:
        """Raises StoreUnavailable."""
        head = await self.ledger.head()
        if head.number:
            logger("lychgate.ledger").info("ledger-head", head=str(head))
