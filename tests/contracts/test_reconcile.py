"""A reconcile against the stand-in, through the real library, on both databases: whatever was missed,
the end is the truth, and where nothing was missed nothing is written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from gateway.errors import Faults, StripeUnavailable
from gateway.jobs.reconciling import LEASE_SECONDS, next_night
from gateway.model.entry import Source
from gateway.model.mark import Mark, State, Why
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.reconcile import Stripe, too_many
from gateway.wiring.syncing import Syncing
from tests.contracts.till import DAY, HOUR, Till, at_the_till

SLACK = 72 * HOUR
ALL = tuple(f"reader{n}" for n in range(12))


def end_of(bought: object) -> float:
    return float(bought["items"]["data"][0]["current_period_end"])  # type: ignore[index]  # Stripe's plain data


def test_every_webhook_was_missed_and_a_reconcile_makes_it_good(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        yearly = await till.buy("ben", "price_gold_year")
        await till.world.stand_in.hook("refund", subscription=yearly.id, amount=100)
        till.forget()
        report = await till.syncing.reconciling.run()
        assert await till.syncing.reconciling.settle()
        assert report.subscriptions == 2
        assert {drift.subscription for drift in report.drifts} == {bought.id, yearly.id}
        assert len(report.missed) > 4
        assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}
        assert await till.holds("ben") == {"gold": end_of(yearly) + SLACK}
        assert await till.job.projector.replay() == []

    at_the_till(url, tmp_path, work)


def test_a_second_run_and_a_quiet_night_write_nothing(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await till.buy("ana")
        await till.buy("ben")
        await till.hear()
        await till.settled()
        head = await till.ledger.head()
        report = await till.syncing.reconciling.run()
        assert report.agrees
        assert (report.appended, report.closing, report.open) == (0, (), 2)
        await till.pass_time(DAY)
        again = await till.syncing.reconciling.run()
        assert again.agrees
        assert await till.ledger.head() == head

    at_the_till(url, tmp_path, work)


def test_a_missed_event_that_comes_after_all_is_the_same_entry(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await till.buy("ana")
        await till.syncing.reconciling.run()
        before = [each.event_id for each in await till.entries()]
        await till.hear()
        after = [each.event_id for each in await till.entries()]
        kinds = {each.kind for each in await till.entries() if each.event_id not in before}
        assert len(after) == len(set(after))
        assert "checkout.session.completed" not in kinds
        assert "customer.subscription.created" not in kinds
        missed = [each for each in await till.entries() if each.source is Source.RECONCILE]
        assert {each.fetched for each in missed if each.event_id.startswith("evt_")} == {False}

    at_the_till(url, tmp_path, work)


def test_a_cancellation_that_was_missed_closes(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.settled()
        await till.pass_time(40 * DAY)
        till.forget()
        await till.world.stand_in.hook("cancel", subscription=bought.id)
        await till.world.stand_in.settle()
        till.forget()
        await till.pass_time(31 * DAY)  # Stripe forgets its events
        till.forget()
        report = await till.syncing.reconciling.run()
        assert await till.syncing.reconciling.settle()
        (drift,) = report.drifts
        assert "status" in drift.fields
        assert await till.holds("ana") == {}

    at_the_till(url, tmp_path, work)


def test_absence_from_a_list_closes_nothing_and_a_404_is_for_a_person(
    url: str, tmp_path: Path
) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.settled()
        held = await till.holds("ana")
        del till.world.stand_in.account.tables["subscription"][bought.id]
        report = await till.syncing.reconciling.run()
        await till.syncing.reconciling.settle()
        assert report.missing == (bought.id,)
        assert report.closing == ()
        assert await till.holds("ana") == held
        marks = await till.marks()
        (missing,) = [each for each in await till.entries() if each.kind == Act.MISSING]
        assert missing.source is Source.RECONCILE
        assert marks[missing.event_id] == Mark(State.NEEDS_A_PERSON, Why.MISSING)
        head = await till.ledger.head()
        again = await till.syncing.reconciling.run()
        assert again.missing == (bought.id,)
        assert await till.ledger.head() == head

    at_the_till(url, tmp_path, work)


def test_another_business_on_the_same_account_stays_out_of_the_ledger(
    url: str, tmp_path: Path
) -> None:
    async def work(till: Till) -> None:
        await till.world.stand_in.hook("offer", id="price_mug", name="Mugs", unit_amount=500)
        mug = await till.world.subscribed()
        report = await till.syncing.reconciling.run()
        assert (report.subscriptions, report.others) == (1, 1)
        assert report.drifts == ()
        entries = [each for each in await till.entries() if each.object_id == mug.id]
        assert not [each for each in entries if each.fetched]

    at_the_till(url, tmp_path, work)


def test_a_run_that_would_close_too_much_stops_and_asks(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = [await till.buy(reader) for reader in ALL]
        await till.hear()
        await till.settled()
        for each in bought[:10]:
            await till.world.stand_in.hook("cancel", subscription=each.id)
        till.forget()
        await till.pass_time(HOUR)
        head = await till.ledger.head()
        report = await till.syncing.reconciling.run()
        assert report.stopped
        assert (report.open, len(report.closing), report.appended) == (12, 10, 0)
        (said,) = await till.ledger.read(after=head.number, limit=9)
        assert (said.kind, said.said) == ("stopped", {"closing": 10, "open": 12})
        assert await till.holds(ALL[0]) != {}
        allowed = await till.syncing.reconciling.run(allow_closing=True)
        assert await till.syncing.reconciling.settle()
        assert not allowed.stopped
        assert allowed.appended > 0
        held = [await till.holds(reader) for reader in ALL]
        assert [bool(each) for each in held] == [False] * 10 + [True] * 2

    at_the_till(url, tmp_path, work, readers=ALL)


@pytest.mark.parametrize(
    ("closing", "held_open", "stops"),
    [(9, 9, False), (10, 10, True), (10, 499, True), (10, 500, False), (21, 1000, True)],
)
def test_two_per_cent_and_at_least_ten(closing: int, held_open: int, stops: bool) -> None:
    assert too_many(closing, held_open) is stops


def test_several_nodes_at_once_are_one_run(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await till.buy("ana")
        others = [Syncing(till.settings, store=till.store, clock=till.clock) for _ in range(3)]
        nodes = [till.syncing, *others]
        try:
            runs = [each.reconciling.run() for each in nodes]
            done = await asyncio.gather(*runs, return_exceptions=True)
        finally:
            for each in others:
                await each.close()
        assert sorted(type(each).__name__ for each in done) == ["Busy"] * 3 + ["Report"]
        ids = [each.event_id for each in await till.entries()]
        assert len(ids) == len(set(ids))

    at_the_till(url, tmp_path, work)


def test_stripe_goes_away_in_the_middle_and_the_next_run_ends_it(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        till.forget()
        trouble = {"status": 503, "times": 99, "method": "GET", "path": "/v1/subscriptions"}
        await till.world.stand_in.hook("trouble", **trouble)
        head = await till.ledger.head()
        with pytest.raises(StripeUnavailable):
            await till.syncing.reconciling.run()
        till.world.stand_in.api.troubles.clear()
        pinned = await till.ledger.head()
        assert pinned.number == head.number + 1, "nothing but whose account it is"
        await till.syncing.reconciling.run()
        assert await till.syncing.reconciling.settle()
        assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}

    at_the_till(url, tmp_path, work)


def test_the_key_of_another_account_is_a_fault(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await till.syncing.reconciling.run()
        till.world.stand_in.account.id = "acct_another"
        with pytest.raises(Faults, match="another Stripe account"):
            await till.syncing.reconciling.run()
        till.world.stand_in.account.id = "acct_another"

    at_the_till(url, tmp_path, work)


def test_a_nightly_run_happens_once_a_night_whatever_starts(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        other = Syncing(till.settings, store=till.store, clock=till.clock)
        nodes = [till.syncing.reconciling, other.reconciling]
        ran: list[float] = []
        try:
            for _ in range(3 * 24):
                for each in nodes:
                    before = till.asked("/v1/account")
                    await each.nightly()
                    if till.asked("/v1/account") > before:
                        ran.append(till.clock.now())
                till.clock.advance(HOUR)
        finally:
            await other.close()
        nights = [moment % DAY / HOUR for moment in ran[1:]]
        assert len(ran) == 4, "at the start, and three nights"
        assert all(3 <= hour < 4 for hour in nights)

    at_the_till(url, tmp_path, work)


class Standing:
    """Stripe, until one is asked for ``step``: there the process stands, as one does that was killed."""

    def __init__(self, stripe: Stripe, step: str) -> None:
        self._stripe, self._step = stripe, step
        self.reached = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return self._stand if name == self._step else getattr(self._stripe, name)

    async def _stand(self, *ids: str) -> Any:
        self.reached.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("step", ["account", "subscription"])
def test_a_nightly_run_that_was_killed_is_taken_up_again_in_that_night(
    url: str, tmp_path: Path, step: str
) -> None:
    """Whatever it was at: the night counts as done once what was found is written."""

    async def work(till: Till) -> None:
        gone = await till.buy("ben")
        await till.hear()
        await till.settled()
        del till.world.stand_in.account.tables["subscription"][gone.id]
        bought = await till.buy("ana")
        till.forget()
        reconciling = till.syncing.reconciling
        stripe = reconciling.stripe
        standing = Standing(stripe, step)
        reconciling.stripe = cast("Stripe", standing)
        killed = asyncio.create_task(reconciling.nightly())
        await asyncio.wait_for(standing.reached.wait(), 10)
        other = Syncing(till.settings, store=till.store, clock=till.clock)
        try:
            await other.reconciling.nightly()
            assert await till.holds("ana") == {}, "it may still be alive, and merely slow"
            till.clock.advance(LEASE_SECONDS + 1)
            await other.reconciling.nightly()
            assert await other.reconciling.settle()
            assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}
            done = till.asked("/v1/account")
            for _ in range(6):
                await other.reconciling.nightly()
                till.clock.advance(300)
            assert till.asked("/v1/account") == done, "and then it is done"
        finally:
            reconciling.stripe = stripe
            killed.cancel()
            await asyncio.gather(killed, return_exceptions=True)
            await other.close()

    at_the_till(url, tmp_path, work)


def test_the_night_is_that_of_the_site_s_own_time_zone() -> None:
    paris = ZoneInfo("Europe/Paris")
    summer_begins = 1_774_660_000.0  # 2026-03-28, the eve of the change
    night = next_night(summer_begins, paris)
    assert summer_begins < night < summer_begins + DAY
    assert next_night(night, paris) - night in (23 * HOUR, 24 * HOUR, 25 * HOUR)


def test_known_and_grown_facts_are_named_in_the_drift(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.settled()
        update = till.world.v1.subscriptions.update_async
        await till.pass_time(5)
        await update(bought.id, {"cancel_at_period_end": True})
        await till.world.stand_in.settle()
        till.forget()
        till.world.stand_in.account.tables["event"].clear()
        await till.pass_time(5)
        report = await till.syncing.reconciling.run()
        assert report.drifts
        assert report.drifts[0].fields
        assert set(report.drifts[0].fields) <= {"cancel_at", "cancel_at_period_end"}
        await till.syncing.reconciling.settle()
        assert await till.holds("ana") == {"gold": end_of(bought)}

    at_the_till(url, tmp_path, work)


def test_a_grant_is_none_of_stripe_s_business(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        now = till.clock.now()
        granted = acts.grant("ana", "gold", until=None, by="ops", at=now, reason="press")
        await till.ledger.append([granted], now=now)
        await till.settled()
        report = await till.syncing.reconciling.run()
        assert (report.open, report.closing) == (1, ())
        assert set(await till.holds("ana")) == {"gold"}

    at_the_till(url, tmp_path, work)
