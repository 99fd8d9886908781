"""Asking Stripe what hints and the fold want to know: through the real library, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.model.entry import Draft, Source
from gateway.model.mark import Mark, State, Why
from gateway.money.entries.acts import Act
from gateway.stores.wants import Wants
from gateway.wiring.syncing import Syncing
from tests.contracts.till import DAY, HOUR, Till, at_the_till
from tests.demo.stripe.world import FAILS_LATER
from tests.money.telling import event, invoice, refund, subscription, thin

SLACK = 72 * HOUR


def _updated(event_id: str, subscription_id: str, at: int) -> Draft:
    thing = subscription(id=subscription_id)
    return event(event_id, thing, at=at, kind="customer.subscription.updated")


def end_of(bought: object) -> float:
    return float(bought["items"]["data"][0]["current_period_end"])  # type: ignore[index]  # Stripe's plain data


def test_an_event_is_asked_about_and_the_answer_is_in_the_ledger(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.settled()
        assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}
        answers = [each for each in await till.entries() if each.source is Source.API]
        assert {each.object_type for each in answers} >= {"subscription", "checkout.session"}
        again = len(await till.entries())
        await till.settled()
        assert len(await till.entries()) == again, "nothing is asked twice"

    at_the_till(url, tmp_path, work)


def test_many_hints_of_one_object_are_one_question(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        at = int(till.clock.now())
        drafts = [_updated(f"e{n}", bought.id, at - n) for n in range(1, 30)]
        for draft in drafts:
            await till.ledger.append([draft], now=till.clock.now())
        await till.syncing.fetching.fetch_due()
        assert till.asked(f"/v1/subscriptions/{bought.id}") == 2, "once by the test itself"
        assert await till.work.hints(now=till.clock.now(), limit=1) == []

    at_the_till(url, tmp_path, work)


def test_what_stripe_said_since_answers_an_older_event(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.pass_time(5)
        await till.settled()
        asked = till.asked("/v1/subscriptions/")
        late = _updated("late", bought.id, int(till.clock.now()) - 3)
        await till.ledger.append([late], now=till.clock.now())
        await till.settled()
        assert till.asked("/v1/subscriptions/") == asked
        assert await till.work.hints(now=till.clock.now() + DAY, limit=1) == []

    at_the_till(url, tmp_path, work)


def test_a_payment_that_arrives_before_its_subscription(url: str, tmp_path: Path) -> None:
    """The invoice leads to its subscription, which nobody told us of."""

    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear(but=["customer.subscription.created", "customer.subscription.updated"])
        await till.job.fold_due()
        waiting = {mark for mark in (await till.marks()).values() if mark.reason}
        assert Mark(State.RECEIVED, Why.TO_BE_FETCHED) in waiting
        assert await till.holds("ana") == {}
        await till.settled()
        assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}

    at_the_till(url, tmp_path, work)


def test_a_thin_event_is_settled_by_the_answer_whatever_it_is_of(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        sessions = await till.world.v1.checkout.sessions.list_async({"subscription": bought.id})
        things = {
            "checkout.session": sessions.data[0].id,
            "subscription": bought.id,
            "invoice": bought.latest_invoice,
            "price": "price_gold",
            "refund": "re_nobody_knows",
        }
        at = "2026-09-21T14:13:20.500Z"
        drafts = [thin(f"t_{kind}", kind, thing, at=at) for kind, thing in things.items()]
        await till.ledger.append(drafts, now=till.clock.now())
        await till.settled()
        marks = await till.marks()
        assert {marks[draft.event_id].state for draft in drafts} == {
            State.APPLIED,
            State.IGNORED,
            State.NEEDS_A_PERSON,
        }
        assert marks["t_refund"] == Mark(State.NEEDS_A_PERSON, Why.MISSING)
        assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}

    at_the_till(url, tmp_path, work)


def test_stripe_away_while_hints_wait(url: str, tmp_path: Path) -> None:
    """What events said themselves serves; nothing is lost, and it is asked when Stripe is back."""

    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        trouble = {"status": 503, "times": 10_000, "method": "GET"}
        await till.world.stand_in.hook("trouble", **trouble)
        await till.job.fold_due()
        await till.syncing.fetching.fetch_due()
        assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}, "she paid"
        later = till.clock.now() + DAY
        waiting = await till.work.hints(now=later, limit=99)
        assert waiting
        tried = till.asked("/v1/")
        await till.syncing.fetching.fetch_due()
        assert till.asked("/v1/") == tried, "asking rests for a while"
        till.world.stand_in.api.troubles.clear()
        await till.pass_time(HOUR)
        reborn = Syncing(till.settings, store=till.store, clock=till.clock)
        try:
            await reborn.fetching.fetch_due()
        finally:
            await reborn.close()
        assert await till.work.hints(now=later, limit=99) == []

    at_the_till(url, tmp_path, work)


def test_stripe_goes_away_in_the_middle_of_a_round(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await till.syncing.fetching.refresh_prices()
        for reader in ("ana", "ben"):
            await till.buy(reader)
        await till.hear()
        trouble = {"status": 500, "times": 10_000, "method": "GET", "path": "/v1/invoices"}
        await till.world.stand_in.hook("trouble", **trouble)
        await till.syncing.fetching.fetch_due()
        waiting = await till.work.hints(now=till.clock.now() + DAY, limit=99)
        assert any(each.object_type == "invoice" for each in waiting)
        tries = await till.work.tries([each.number for each in waiting])
        assert max(fetch for _, fetch in tries.values()) == 1

    at_the_till(url, tmp_path, work)


def test_what_stripe_does_not_know_needs_a_person(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        ghost = thin("t1", "subscription", "sub_ghost", at="2026-09-21T14:13:20Z")
        thing = invoice(1, subscription="sub_lost")
        lost = event("e1", thing, at=int(till.clock.now()), kind="invoice.paid")
        await till.ledger.append([ghost, lost], now=till.clock.now())
        await till.settled()
        marks = await till.marks()
        assert marks["t1"] == Mark(State.NEEDS_A_PERSON, Why.MISSING)
        assert marks["e1"] == Mark(State.NEEDS_A_PERSON, Why.MISSING)
        missing = [each.object_id for each in await till.entries() if each.kind == Act.MISSING]
        assert sorted(missing) == ["in_1", "sub_ghost", "sub_lost"]
        await till.pass_time(2 * DAY)
        before = till.asked("/v1/")
        await till.settled()
        assert till.asked("/v1/") == before

    at_the_till(url, tmp_path, work)


def test_a_refund_finds_the_subscription_that_it_pays_back(url: str, tmp_path: Path) -> None:
    """refund → payment → invoice → subscription, though no invoice was ever heard of."""

    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear(
            but=[
                "invoice.paid",
                "invoice.payment_succeeded",
                "invoice.finalized",
                "invoice.created",
                "invoice_payment.paid",
                "charge.succeeded",
            ]
        )
        await till.settled()
        await till.world.stand_in.hook("refund", subscription=bought.id)
        await till.hear()
        await till.settled()
        refunds = {
            each.event_id: mark
            for each in await till.entries()
            if each.object_type == "refund"
            for mark in [(await till.marks())[each.event_id]]
        }
        assert refunds
        assert Mark(State.NEEDS_A_PERSON, Why.REFUNDED) in refunds.values()
        assert {mark.state for mark in refunds.values()} <= {State.NEEDS_A_PERSON, State.APPLIED}
        assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}

    at_the_till(url, tmp_path, work)


def test_a_refund_of_something_else_is_settled_too(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        strange = event("e1", refund() | {"charge": "", "payment_intent": "pi_of_a_mug"}, kind="x")
        alone = event("e2", refund(2) | {"charge": "ch_gone", "payment_intent": None}, kind="x")
        await till.ledger.append([strange, alone], now=till.clock.now())
        await till.settled()
        marks = await till.marks()
        assert marks["e1"].state is State.IGNORED
        assert marks["e2"].state is State.IGNORED

    at_the_till(url, tmp_path, work)


def test_another_mode_s_and_a_connect_account_s_objects_are_never_asked_for(
    url: str, tmp_path: Path
) -> None:
    """Our key knows nothing of them: its 404 would be a person's work about nobody."""

    async def work(till: Till) -> None:
        await till.settled()
        kind = "customer.subscription.updated"
        live = event("e1", subscription(id="sub_live"), kind=kind, livemode=True)
        connected = event("e2", subscription(id="sub_c"), kind=kind, account="acct_their_own")
        await till.ledger.append([live, connected], now=till.clock.now())
        before = till.asked("/v1/")
        await till.settled()
        assert till.asked("/v1/") == before
        marks = await till.marks()
        assert marks["e1"] == Mark(State.NOT_OURS, Why.OTHER_MODE)
        assert marks["e2"] == Mark(State.NOT_OURS, Why.OTHER_ACCOUNT)

    at_the_till(url, tmp_path, work)


def test_a_dispute_that_names_no_customer_freezes_and_restores(url: str, tmp_path: Path) -> None:
    """dispute → payment → invoice → subscription, asked of Stripe step by step."""

    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear(but=["invoice.paid"])
        await till.settled()
        open_until = {"gold": end_of(bought) + SLACK}
        assert await till.holds("ana") == open_until
        await till.pass_time(DAY)
        disputed = await till.world.stand_in.hook("dispute", subscription=bought.id)
        await till.hear()
        await till.settled()
        assert await till.holds("ana") == {"gold": 0.0}
        await till.pass_time(DAY)
        await till.world.stand_in.hook("dispute/close", dispute=disputed["id"], won=True)
        await till.hear()
        await till.settled()
        assert await till.holds("ana") == open_until

    at_the_till(url, tmp_path, work)


def test_a_failed_renewal_that_nobody_told_us_of_is_found_within_the_slack(
    url: str, tmp_path: Path
) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.settled()
        await till.world.stand_in.hook("card", subscription=bought.id, number=FAILS_LATER)
        await till.pass_time(end_of(bought) - till.clock.now() + 6 * HOUR)
        till.forget()
        assert await till.holds("ana") == {"gold": end_of(bought) + SLACK}
        await till.syncing.look_ahead()
        await till.settled()
        again = await till.world.again(bought)
        assert again.status == "past_due"
        (ends_at,) = (await till.holds("ana")).values()
        assert 13 * DAY < ends_at - end_of(bought) < 15 * DAY, "grace, by its open invoice"

    at_the_till(url, tmp_path, work)


def test_a_renewal_that_nobody_told_us_of_goes_on(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.settled()
        await till.pass_time(end_of(bought) - till.clock.now() + 6 * HOUR)
        till.forget()
        await till.syncing.look_ahead()
        await till.settled()
        again = await till.world.again(bought)
        assert end_of(again) > end_of(bought)
        assert await till.holds("ana") == {"gold": end_of(again) + SLACK}

    at_the_till(url, tmp_path, work)


def test_several_nodes_ask_one_at_a_time(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        for reader in ("ana", "ben"):
            await till.buy(reader)
        await till.hear()
        others = [Syncing(till.settings, store=till.store, clock=till.clock) for _ in range(3)]
        try:
            before = till.asked("/v1/subscriptions/")
            nodes = [each.fetching.fetch_due() for each in (till.syncing, *others)]
            await asyncio.gather(*nodes)
            assert till.asked("/v1/subscriptions/") - before == 2, "one question a subscription"
        finally:
            for each in others:
                await each.close()
        await till.job.fold_due()
        assert set(await till.holds("ana")) == set(await till.holds("ben")) == {"gold"}

    at_the_till(url, tmp_path, work)


def test_another_account_s_answers_never_get_in(url: str, tmp_path: Path) -> None:
    async def work(till: Till) -> None:
        await till.syncing.fetching.refresh_prices()
        await till.buy("ana")
        await till.hear()
        till.world.stand_in.account.id = "acct_another"
        reborn = Syncing(till.settings, store=till.store, clock=till.clock)
        try:
            await reborn.fetching.fetch_due()
        finally:
            await reborn.close()
        assert not [each for each in await till.entries() if each.source is Source.API]
        assert await till.work.hints(now=till.clock.now(), limit=1)

    at_the_till(url, tmp_path, work)


def test_two_answers_of_one_second_are_followed_by_a_third(url: str, tmp_path: Path) -> None:
    """They can't be put in order: what is asked in the next second can."""

    async def work(till: Till) -> None:
        bought = await till.buy("ana")
        await till.hear()
        await till.settled()
        await till.world.v1.subscriptions.update_async(bought.id, {"cancel_at_period_end": True})
        await till.hear()
        await till.settled()
        await till.pass_time(2)
        await till.settled()
        assert await till.holds("ana") == {"gold": end_of(bought)}
        assert await till.work.hints(now=till.clock.now() + DAY, limit=1) == []

    at_the_till(url, tmp_path, work)


def test_a_price_that_changes_is_in_the_catalogue_at_once(url: str, tmp_path: Path) -> None:
    from gateway.stores.prices import Prices

    async def work(till: Till) -> None:
        await till.syncing.fetching.refresh_prices()
        prices = await Prices(till.store).all()
        assert set(prices) == {"price_gold", "price_gold_year"}
        gold = prices["price_gold"]
        assert gold.amount is not None
        assert (gold.amount.minor, gold.amount.currency, gold.monthly) == (990, "eur", True)
        assert gold.active
        asked = till.asked("/v1/prices")
        await till.syncing.fetching.refresh_prices()
        assert till.asked("/v1/prices") == asked, "once a day"
        await till.world.v1.products.update_async("prod_gold", {"active": False})
        await till.hear()
        await till.settled()
        prices = await Prices(till.store).all()
        assert not prices["price_gold"].active
        assert not prices["price_gold_year"].active

    at_the_till(url, tmp_path, work)


def test_a_want_rests_once_it_was_asked_and_comes_up_when_it_is_wanted_again(
    url: str, tmp_path: Path
) -> None:
    async def work(till: Till) -> None:
        wants, now = Wants(till.store), till.clock.now()
        pair = ("invoices", "sub_1")
        await wants.want([pair, ("payment", "pi_1")], now=now)
        await wants.want([pair], now=now + 1)
        assert await wants.due(now=now, limit=9) == {pair: 0, ("payment", "pi_1"): 0}
        await wants.asked(pair, settled=True, next_at=now + 60)
        assert await wants.due(now=now + 99, limit=9) == {("payment", "pi_1"): 0}
        await wants.want([pair], now=now + 1)
        assert pair not in await wants.due(now=now + 1, limit=9)
        assert (await wants.due(now=now + 60, limit=9))[pair] == 1
        await wants.asked(pair, settled=False, next_at=now + 120)
        assert (await wants.due(now=now + 120, limit=9))[pair] == 2
        await wants.asked(pair, settled=True, next_at=now + 130)
        assert await wants.sweep(before=now + 131) == 1

    at_the_till(url, tmp_path, work)
