"""Two nodes that both believe it is theirs to fold: the later writes, and nothing older over it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

import pytest

from gateway.errors import StoreUnavailable
from gateway.jobs.folding import LEASE_SECONDS, Folding
from gateway.model.entitlement import Entitlement
from gateway.model.reader import Reader
from gateway.money.project import Projector
from gateway.stores.books import Books
from gateway.stores.engine import Store
from gateway.stores.holdings import Holdings
from gateway.stores.leases import FOLDING, Leases
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.sessions import Readers
from gateway.stores.wants import Wants
from tests.money.stories import sub
from tests.money.telling import BIND, NOON


@dataclass
class Clock:
    instant: float = float(NOON)

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant


class Paused(Holdings):
    """Stands still between what it read and what it writes, as a whole machine may."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self.pauses = False

    async def held(self, reader_ids: Collection[str]) -> dict[str, tuple[Entitlement, ...]]:
        found = await super().held(reader_ids)
        if self.pauses:
            self.reached.set()
            await self.go_on.wait()
        return found


def folding(store: Store, holdings: Holdings, clock: Clock) -> Folding:
    ledger, work = Ledger(store), LedgerWork(store)
    return Folding(
        ledger=ledger,
        work=work,
        projector=Projector(
            ledger=ledger, work=work, holdings=holdings, clock=clock, books=Books(store)
        ),
        wants=Wants(store),
        leases=Leases(store),
        clock=clock,
        prices={"price_gold": ["gold"]},
        settings={"livemode": False, "account": "acct_us"},
    )


@pytest.mark.anyio
@pytest.mark.parametrize("skew_seconds", [0.0, 3600.0])
async def test_a_node_that_stood_still_writes_no_older_fold(url: str, skew_seconds: float) -> None:
    """By its clock the other one takes the lease too early, or in its turn: both are fenced."""
    slow_store, store = Store(url), Store(url)
    clock, ahead = Clock(), Clock(float(NOON) + skew_seconds)
    try:
        await Readers(store).add(Reader(id="ana"), now=NOON)
        paused, holdings = Paused(slow_store), Holdings(store)
        slow, other = folding(slow_store, paused, clock), folding(store, holdings, ahead)
        await slow.fold_due()
        await Ledger(store).append([BIND, sub("e1", "active", NOON)], now=clock.now())
        paused.pauses = True
        asleep = asyncio.create_task(slow.fold_due())
        await paused.reached.wait()
        ahead.instant += LEASE_SECONDS + 5
        await Ledger(store).append([sub("e2", "canceled", NOON + 10)], now=ahead.now())
        await other.fold_due()
        paused.go_on.set()
        with pytest.raises(StoreUnavailable):
            await asleep
        paused.pauses = False
        held = (await holdings.held(["ana"]))["ana"]
        assert not any(each.opens(ahead.now()) for each in held)
        assert await other.projector.replay() == []
    finally:
        await slow_store.close()
        await store.close()


@pytest.mark.anyio
async def test_who_waits_is_folded_for_once_another_node_is_done(url: str) -> None:
    store, clock = Store(url), Clock()
    try:
        await Readers(store).add(Reader(id="ana"), now=NOON)
        holdings = Holdings(store)
        one = folding(store, holdings, clock)
        await one.fold_due()
        await Ledger(store).append([BIND, sub("e1", "active", NOON)], now=clock.now())
        leases = Leases(store)
        assert await leases.take(FOLDING, "another", now=clock.now(), seconds=LEASE_SECONDS)
        await one.fold_due()
        assert (await holdings.held(["ana"]))["ana"] == ()
        waiting = asyncio.create_task(one.fold_now())
        await asyncio.sleep(0.15)
        assert not waiting.done()
        await leases.take(FOLDING, "another", now=clock.now(), seconds=0.0)
        await waiting
        assert any(each.opens(clock.now()) for each in (await holdings.held(["ana"]))["ana"])
    finally:
        await store.close()
