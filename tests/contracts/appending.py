"""A process that appends webhooks without end, and says on standard output which it has acknowledged.

    python -m tests.contracts.appending STORE_URL FIRST

Event ids count up from FIRST; a few before it come again, as a sender redelivers what it isn't sure
of. It is there to be killed.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Iterator

from gateway.clock import SystemClock
from gateway.model.entry import Draft, Source
from gateway.money.ledger import Appender
from gateway.stores.engine import Store
from gateway.stores.ledger import Ledger

AT_ONCE = 8
AGAIN = 20


def draft(number: int) -> Draft:
    return Draft(
        event_id=f"evt_{number}",
        source=Source.WEBHOOK,
        kind="invoice.paid",
        observed_at=1_800_000_000.0,
        customer_id=f"cus_{number % 50}",
        facts={"number": number},
        payload=b"%d" % number * 300,
    )


async def main(url: str, first: int) -> None:
    store = Store(url)
    appender = Appender(ledger=Ledger(store), clock=SystemClock())
    numbers: Iterator[int] = itertools.count(max(0, first - AGAIN))

    async def client() -> None:
        for number in numbers:
            await appender.append(draft(number))
            os.write(1, b"%d\n" % number)

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
