"""The ledger's head in the log: what finds a tail that was cut off, when nothing in the ledger can."""

from __future__ import annotations

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from gateway.jobs.ledger_head import LedgerHead
from gateway.money.proof import head_of, verify
from gateway.stores.engine import Store
from gateway.stores.ledger import Ledger
from tests.migrated import new_store
from tests.money.telling import ACTS, NOON


def test_the_head_that_is_logged_is_the_one_that_verify_takes(tmp_path: Path) -> None:
    url = new_store(tmp_path / "store.db")

    async def main() -> None:
        store = Store(url)
        ledger = Ledger(store)
        telling = LedgerHead(ledger=ledger)
        try:
            with capture_logs() as log:
                await telling.tell()
                await ledger.append(ACTS, now=NOON)
                await telling.tell()
            ((event, said),) = [(each["event"], each["head"]) for each in log]
            assert event == "ledger-head"
            assert said == str(await ledger.head())
            assert (await verify(ledger, head=head_of(said))).faults == ()
            later = f"{len(ACTS) + 1}:{'ab' * 32}"
            assert (await verify(ledger, head=head_of(later))).faults
        finally:
            await store.close()

    asyncio.run(main())
