"""Plans changed, collection paused, periods and clocks: what a subscription does in between."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import stripe

from gateway.demo.stripe.account import difference
from gateway.demo.stripe.clock import MovableClock
from gateway.demo.stripe.discounts import taken_off
from gateway.demo.stripe.periods import months_later, next_end
from tests.demo.stripe.world import FAILS_LATER, World

pytestmark = pytest.mark.anyio
DAY = 86_400


def moment(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


def test_months_keep_the_anchors_day() -> None:
    anchor = moment(2026, 1, 31)
    monthly: dict[str, object] = {"interval": "month", "interval_count": 1}
    ends = [anchor]
    for _ in range(4):
        ends.append(next_end(anchor, monthly, ends[-1]))
    days = [datetime.fromtimestamp(each, UTC).strftime("%m-%d") for each in ends]
    assert days == ["01-31", "02-28", "03-31", "04-30", "05-31"]
    assert months_later(moment(2024, 2, 29), 12) == moment(2025, 2, 28)
    assert next_end(anchor, monthly, anchor - 1) == anchor
    weekly: dict[str, object] = {"interval": "week", "interval_count": 2}
    assert next_end(anchor, weekly, anchor + 14 * DAY) == anchor + 28 * DAY


def test_a_clock_moves_forward_only() -> None:
    clock = MovableClock(at=100.0)
    clock.advance(5)
    assert clock.now() == 105
    with clock.turning(103.0):
        assert clock.now() == 103
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_former_values_are_the_changed_ones() -> None:
    before = {"a": 1, "b": {"c": 1, "d": 2}, "e": [1], "f": 0}
    after = {"a": 1, "b": {"c": 3, "d": 2}, "e": [2], "f": 0}
    assert difference(before, after) == {"b": {"c": 1}, "e": [1]}


def test_what_a_coupon_takes() -> None:
    assert taken_off({"percent_off": 33.3, "amount_off": None}, 1000) == 333
    assert taken_off({"percent_off": 100.0, "amount_off": None}, 990) == 990
    assert taken_off({"percent_off": None, "amount_off": 500}, 300) == 300


async def another_plan(world: World, subscription: Any, *, amount: int, interval: str) -> Any:
    item = subscription["items"].data[0]
    return await world.v1.prices.create_async(
        {
            "product": item.price.product,
            "currency": "eur",
            "unit_amount": amount,
            "recurring": {"interval": interval},
        }
    )


async def test_a_dearer_plan_of_one_rhythm(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(amount=1000)
    item = subscription["items"].data[0]
    dearer = await another_plan(stripe_world, subscription, amount=3000, interval="month")
    half = (item.current_period_end - item.current_period_start) // 2
    await stripe_world.stand_in.hook("advance", seconds=half)
    changed = await stripe_world.v1.subscriptions.update_async(
        subscription.id,
        {"items": [{"id": item.id, "price": dearer.id}], "proration_behavior": "always_invoice"},
    )
    assert changed["items"].data[0].price.id == dearer.id
    assert changed["items"].data[0].current_period_end == item.current_period_end
    invoice = await stripe_world.v1.invoices.retrieve_async(changed.latest_invoice)
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert [line.amount for line in invoice.lines.data] == [-500, 1500]
    assert all(line.parent.subscription_item_details.proration for line in invoice.lines.data)
    assert invoice.amount_paid == 1000


async def test_prorations_wait_for_the_next_invoice(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(amount=1000)
    item = subscription["items"].data[0]
    dearer = await another_plan(stripe_world, subscription, amount=3000, interval="month")
    await stripe_world.v1.subscriptions.update_async(
        subscription.id, {"items": [{"id": item.id, "price": dearer.id}]}
    )
    await stripe_world.stand_in.settle()
    assert stripe_world.receiver.kinds().count("invoiceitem.created") == 2
    await stripe_world.stand_in.hook("advance", days=32)
    invoice = (await stripe_world.v1.invoices.list_async()).data[0]
    assert [line.amount for line in invoice.lines.data] == [-1000, 3000, 3000]
    assert invoice.amount_paid == 5000


async def test_a_year_instead_of_months_begins_now(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(amount=1000)
    item = subscription["items"].data[0]
    yearly = await another_plan(stripe_world, subscription, amount=10_000, interval="year")
    await stripe_world.stand_in.hook("advance", days=15)
    now = stripe_world.stand_in.account.now()
    changed = await stripe_world.v1.subscriptions.update_async(
        subscription.id, {"items": [{"id": item.id, "price": yearly.id}]}
    )
    assert changed["items"].data[0].current_period_start == now
    invoice = await stripe_world.v1.invoices.retrieve_async(changed.latest_invoice)
    assert [line.amount for line in invoice.lines.data] == [-500, 10_000]
    assert invoice.amount_paid == 9_500
    # The month that was given up doesn't bill any more.
    await stripe_world.stand_in.hook("advance", days=60)
    assert (await stripe_world.again(subscription)).latest_invoice == invoice.id


async def test_a_cheaper_plan_leaves_credit(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(amount=3000)
    item = subscription["items"].data[0]
    cheaper = await another_plan(stripe_world, subscription, amount=1000, interval="month")
    changed = await stripe_world.v1.subscriptions.update_async(
        subscription.id,
        {"items": [{"id": item.id, "price": cheaper.id}], "proration_behavior": "always_invoice"},
    )
    invoice = await stripe_world.v1.invoices.retrieve_async(changed.latest_invoice)
    assert (invoice.total, invoice.amount_due, invoice.status) == (-2000, 0, "paid")
    customer = await stripe_world.v1.customers.retrieve_async(subscription.customer)
    assert customer.balance == -2000
    await stripe_world.stand_in.hook("advance", days=32)
    renewed = (await stripe_world.v1.invoices.list_async()).data[0]
    assert (renewed.total, renewed.amount_due, renewed.ending_balance) == (1000, 0, -1000)


async def test_a_change_whose_payment_fails(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(card=FAILS_LATER, amount=1000)
    item = subscription["items"].data[0]
    dearer = await another_plan(stripe_world, subscription, amount=3000, interval="month")
    wanted = {
        "items": [{"id": item.id, "price": dearer.id}],
        "proration_behavior": "always_invoice",
    }
    with pytest.raises(stripe.CardError):
        await stripe_world.v1.subscriptions.update_async(
            subscription.id, {**wanted, "payment_behavior": "error_if_incomplete"}
        )
    assert (await stripe_world.again(subscription))["items"].data[0].price.id == item.price.id
    changed = await stripe_world.v1.subscriptions.update_async(subscription.id, wanted)
    assert changed.status == "past_due"


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")],
)
async def test_collection_paused(stripe_world: World, behaviour: str, status: str) -> None:
    subscription = await stripe_world.subscribed()
    resumes = stripe_world.stand_in.account.now() + 40 * DAY
    paused = await stripe_world.v1.subscriptions.update_async(
        subscription.id, {"pause_collection": {"behavior": behaviour, "resumes_at": resumes}}
    )
    assert (paused.status, paused.pause_collection.behavior) == ("active", behaviour)
    await stripe_world.stand_in.hook("advance", days=32)
    invoice = (await stripe_world.v1.invoices.list_async()).data[0]
    assert invoice.status == status
    await stripe_world.stand_in.hook("advance", days=10)
    assert (await stripe_world.again(subscription)).pause_collection is None
    await stripe_world.v1.subscriptions.update_async(subscription.id, {"pause_collection": ""})


async def test_a_pause_asked_for(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    paused = await stripe_world.v1.subscriptions.pause_async(
        subscription.id, {"type": "subscription"}
    )
    assert paused.status_details.paused.subscription.type == "pause_requested"
    await stripe_world.stand_in.hook("advance", days=40)
    assert len((await stripe_world.v1.invoices.list_async()).data) == 1
    await stripe_world.v1.subscriptions.resume_async(subscription.id)
    assert (await stripe_world.again(subscription)).status == "active"


async def test_a_trial_ended_early(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(subscription_data={"trial_period_days": 14})
    await stripe_world.v1.subscriptions.update_async(subscription.id, {"trial_end": "now"})
    over = await stripe_world.again(subscription)
    assert over.status == "active"
    await stripe_world.stand_in.hook("advance", seconds=3600)
    invoice = await stripe_world.v1.invoices.retrieve_async(over.latest_invoice)
    assert (invoice.status, invoice.amount_paid) == ("paid", 990)


async def test_the_portal_changes_to_what_is_offered(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(amount=1000)
    item = subscription["items"].data[0]
    dearer = await another_plan(stripe_world, subscription, amount=3000, interval="month")
    flow = {
        "type": "subscription_update_confirm",
        "subscription_update_confirm": {
            "subscription": subscription.id,
            "items": [{"id": item.id, "price": dearer.id, "quantity": 1}],
        },
        "after_completion": {
            "type": "redirect",
            "redirect": {"return_url": "https://news.example/-/account"},
        },
    }
    wanted = {"customer": subscription.customer, "flow_data": flow}
    create = stripe_world.v1.billing_portal.sessions.create_async
    with pytest.raises(stripe.InvalidRequestError, match="disabled"):
        await create(wanted)
    await stripe_world.stand_in.hook("plan_changes", proration_behavior="always_invoice")
    session = await create(wanted)
    assert session.flow.subscription_update_confirm["items"][0].price == dearer.id
    kept_back = await another_plan(stripe_world, subscription, amount=1, interval="month")
    async with httpx2.AsyncClient(trust_env=False) as client:
        form = {"do": "plan", "subscription": subscription.id, "price": kept_back.id}
        assert (await client.post(session.url, data=form)).status_code == 200
        unchanged = await stripe_world.again(subscription)
        assert unchanged["items"].data[0].price.id == item.price.id
        answer = await client.post(
            session.url, data={"do": "plan", "subscription": subscription.id, "price": dearer.id}
        )
    assert answer.headers["location"] == "https://news.example/-/account"
    assert (await stripe_world.again(subscription))["items"].data[0].price.id == dearer.id
    for wrong in (
        {
            **flow,
            "subscription_update_confirm": {"subscription": "sub_none", "items": [{"id": "x"}]},
        },
        {**flow, "type": "subscription_cancel"},
        {**flow, "after_completion": {"type": "redirect"}},
    ):
        with pytest.raises(stripe.InvalidRequestError):
            await create({**wanted, "flow_data": wrong})


async def test_real_time_that_passes_counts_too(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    stripe_world.clock.advance(32 * DAY)
    turned = await stripe_world.again(subscription)
    assert (
        turned["items"].data[0].current_period_start
        == subscription["items"].data[0].current_period_end
    )


@pytest.mark.parametrize(("balance", "charged"), [(-300, 690), (-2000, 0), (500, 1490)])
async def test_checkout_settles_a_balance(stripe_world: World, balance: int, charged: int) -> None:
    customer = await stripe_world.v1.customers.create_async({"email": "a@example.com"})
    await stripe_world.v1.customers.update_async(customer.id, {"balance": balance})
    await stripe_world.subscribed(customer=customer.id)
    invoice = (await stripe_world.v1.invoices.list_async()).data[0]
    assert (invoice.total, invoice.amount_paid, invoice.status) == (990, charged, "paid")
    intents = (await stripe_world.v1.payment_intents.list_async()).data
    assert sum(each.amount_received for each in intents) == charged
    paid = await stripe_world.v1.customers.retrieve_async(customer.id)
    assert paid.balance == min(0, 990 + balance)


async def test_a_deleted_customers_session_is_over(stripe_world: World) -> None:
    session = await stripe_world.session(await stripe_world.shop())
    await stripe_world.v1.customers.delete_async(session.customer)
    session = await stripe_world.v1.checkout.sessions.retrieve_async(session.id)
    assert session.status == "expired"
