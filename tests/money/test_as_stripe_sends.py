"""The payments stand-in's own webhooks, byte for byte, through signature, parser and fold.

Each story ends with what the account itself then says, and with every delivery turned around.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.model.entry import Draft, Source
from gateway.model.mark import State, Why
from gateway.money.entries import acts
from gateway.money.entries.parse import parse
from gateway.money.entries.shapes import described
from gateway.money.folding.fold import Folded
from gateway.money.folding.subscriptions import Course
from gateway.money.signature import verify
from tests.demo.stripe.world import FAILS_LATER, SECRET, START, World, world
from tests.money.telling import folded

pytestmark = pytest.mark.anyio
HOUR, DAY = 3600, 86_400
SLACK, GRACE = 72 * HOUR, 14 * DAY


@pytest.fixture(name="stripe")
async def _stripe(anyio_backend: str) -> AsyncIterator[World]:
    async with world() as made:
        yield made


async def bought(stripe: World, **more: Any) -> Any:
    return await stripe.subscribed(client_reference_id="ana", **more)


def received(stripe: World) -> list[Draft]:
    """Every webhook, verified as at the moment of its signature, then read."""
    pairs = zip(stripe.receiver.bodies, stripe.receiver.signatures, strict=True)
    drafts = []
    for body, signature in pairs:
        signed_at = float(signature.partition(",")[0].removeprefix("t="))
        verify(body, signature, secrets=[SECRET], now=signed_at)
        drafts.append(parse(body))
    return drafts


def answers(stripe: World, *kinds: str) -> list[Draft]:
    """As the worker fetches objects at the end of the story."""
    now = stripe.clock.now()
    return [
        Draft(
            event_id=f"fetch:{thing['id']}",
            source=Source.API,
            kind="fetched",
            observed_at=now,
            livemode=False,
            **described(thing),
        )
        for kind in kinds
        for thing in stripe.stand_in.account.tables.get(kind, {}).values()
    ]


async def told(stripe: World, subscription: Any, **settings: Any) -> Folded:
    """The fold of all that was sent, which is the same in any order and after asking again."""
    await stripe.stand_in.settle()
    price = subscription["items"].data[0].price.id
    base = [
        acts.plans({price: ["gold"]}, at=0.0),
        acts.settings({"livemode": False} | settings, at=0.0),
    ]
    links = answers(stripe, "invoice_payment")
    drafts = [*received(stripe), *links]
    found = folded(drafts, before=base)
    chance = random.Random(1)
    for _ in range(20):
        chance.shuffle(drafts)
        assert gold(folded(drafts, before=base)) == gold(found)
    asked = answers(stripe, "subscription", "invoice", "charge", "refund", "dispute")
    assert gold(folded([*drafts, *asked], before=base)) == gold(found)
    events_alone = folded([*links, *asked, *answers(stripe, "checkout.session")], before=base)
    assert gold(events_alone) == gold(found), "a reconcile alone comes to the same"
    return found


def gold(found: Folded) -> list[tuple[str, float, bool]]:
    return [(e.tier, e.ends_at, e.mendable) for e in found.entitlements.get("ana", ())]


async def course(stripe: World, found: Folded, subscription: Any) -> Course:
    held = found.held[subscription.id]
    assert held.subscription.status == (await stripe.again(subscription)).status
    return held.standing.course


def whys(found: Folded) -> set[str]:
    return {mark.reason for mark in found.marks.values() if mark.state is State.NEEDS_A_PERSON}


async def test_bought(stripe: World) -> None:
    subscription = await bought(stripe)
    found = await told(stripe, subscription)
    end = subscription["items"].data[0].current_period_end
    assert gold(found) == [("gold", end + SLACK, True)]
    assert whys(found) == set()
    assert State.RECEIVED not in {mark.state for mark in found.marks.values()}


async def test_renewed_twice(stripe: World) -> None:
    subscription = await bought(stripe)
    await stripe.stand_in.hook("advance", days=65)
    end = (await stripe.again(subscription))["items"].data[0].current_period_end
    assert gold(await told(stripe, subscription)) == [("gold", end + SLACK, True)]


async def test_a_renewal_that_fails_has_grace_and_then_ends(stripe: World) -> None:
    subscription = await bought(stripe, card=FAILS_LATER)
    end = subscription["items"].data[0].current_period_end
    await stripe.stand_in.hook("advance", to=end + 2 * HOUR)
    found = await told(stripe, subscription)
    assert gold(found) == [("gold", end + HOUR + GRACE, True)]
    assert await course(stripe, found, subscription) is Course.IN_GRACE
    await stripe.stand_in.hook("advance", days=30)
    assert gold(await told(stripe, subscription)) == []


@pytest.mark.parametrize("wish", ["unpaid", "past_due"])
async def test_a_renewal_that_never_comes(stripe: World, wish: str) -> None:
    await stripe.stand_in.hook("settings", after_last_failure=wish)
    subscription = await bought(stripe, card=FAILS_LATER)
    end = subscription["items"].data[0].current_period_end
    await stripe.stand_in.hook("advance", days=31 + 20)
    found = await told(stripe, subscription)
    until = 0.0 if wish == "unpaid" else end + HOUR + GRACE
    assert gold(found) == [("gold", until, True)]


async def test_cancelled_for_the_end_and_over(stripe: World) -> None:
    subscription = await bought(stripe)
    end = subscription["items"].data[0].current_period_end
    # Two events of one status in one second can't be told apart before Stripe is asked.
    await stripe.stand_in.hook("advance", seconds=60)
    await stripe.v1.subscriptions.update_async(subscription.id, {"cancel_at": "min_period_end"})
    found = await told(stripe, subscription)
    assert gold(found) == [("gold", float(end), False)]
    await stripe.stand_in.hook("advance", to=end)
    assert gold(await told(stripe, subscription)) == []


async def test_what_one_second_leaves_open_stripes_answer_settles(stripe: World) -> None:
    """Bought and cancelled in one second: the event id may choose either, the fetch can't."""
    subscription = await bought(stripe)
    end = subscription["items"].data[0].current_period_end
    await stripe.v1.subscriptions.update_async(subscription.id, {"cancel_at": "min_period_end"})
    await stripe.stand_in.settle()
    base = [acts.plans({subscription["items"].data[0].price.id: ["gold"]}, at=0.0)]
    drafts = [*received(stripe), *answers(stripe, "subscription")]
    chance = random.Random(2)
    for _ in range(20):
        chance.shuffle(drafts)
        assert gold(folded(drafts, before=base)) == [("gold", float(end), False)]


async def test_a_trial_without_a_card_is_paused(stripe: World) -> None:
    data = {
        "trial_period_days": 7,
        "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
    }
    more = {"payment_method_collection": "if_required", "subscription_data": data}
    subscription = await bought(stripe, **more)
    found = await told(stripe, subscription)
    assert gold(found) == [("gold", START + 7 * DAY + SLACK, True)]
    await stripe.stand_in.hook("advance", days=8)
    found = await told(stripe, subscription)
    assert gold(found) == [("gold", 0.0, True)]
    held = found.held[subscription.id]
    assert held.subscription.paused_reason == "trial_end_without_payment_method"


async def test_paid_back_in_full(stripe: World) -> None:
    subscription = await bought(stripe)
    end = subscription["items"].data[0].current_period_end
    await stripe.stand_in.hook("refund", subscription=subscription.id)
    found = await told(stripe, subscription)
    assert gold(found) == [("gold", end + SLACK, True)]
    assert whys(found) == {Why.REFUNDED}
    found = await told(stripe, subscription, full_refund="end")
    assert gold(found) == [("gold", 0.0, True)]


async def test_a_refund_that_fails_afterwards(stripe: World) -> None:
    subscription = await bought(stripe, card="4000000000005126")
    end = subscription["items"].data[0].current_period_end
    await stripe.stand_in.hook("refund", subscription=subscription.id)
    await stripe.stand_in.hook("advance", seconds=60)
    found = await told(stripe, subscription, full_refund="end")
    assert gold(found) == [("gold", end + SLACK, True)]


@pytest.mark.parametrize("won", [True, False])
async def test_disputed_and_decided(stripe: World, won: bool) -> None:
    subscription = await bought(stripe)
    end = subscription["items"].data[0].current_period_end
    opened = await stripe.stand_in.hook("dispute", subscription=subscription.id)
    found = await told(stripe, subscription)
    assert gold(found) == [("gold", 0.0, True)]
    assert whys(found) == {Why.DISPUTED}
    await stripe.stand_in.hook("dispute/close", dispute=opened["id"], won=won)
    found = await told(stripe, subscription)
    assert gold(found) == [("gold", end + SLACK if won else 0.0, True)]
    assert (whys(found) == set()) is won


async def test_warned_of_fraud(stripe: World) -> None:
    subscription = await bought(stripe)
    await stripe.stand_in.hook("warn", subscription=subscription.id)
    found = await told(stripe, subscription)
    assert gold(found)[0][1] > START
    assert whys(found) == {Why.FRAUD_WARNING}


async def test_a_deleted_customers_subscription_is_over(stripe: World) -> None:
    subscription = await bought(stripe)
    await stripe.v1.customers.delete_async(subscription.customer)
    assert gold(await told(stripe, subscription)) == []


async def test_a_thin_endpoint_waits_and_says_so(stripe: World) -> None:
    subscription = await bought(stripe)
    await stripe.stand_in.settle()
    price = subscription["items"].data[0].price.id
    account = stripe.stand_in.account

    thin = [
        parse(json.dumps(stripe.stand_in.delivery.thin(event)).encode())
        for event in account.tables["event"].values()
    ]
    base = [acts.plans({price: ["gold"]}, at=0.0)]
    waiting = folded(thin, before=base)
    assert not any(waiting.entitlements.values())
    assert Why.TO_BE_FETCHED in {mark.reason for mark in waiting.marks.values()}
    kinds = ("subscription", "invoice", "charge", "checkout.session", "invoice_payment")
    found = folded([*thin, *answers(stripe, *kinds, "price", "product")], before=base)
    assert gold(found)[0][0] == "gold"
    assert State.RECEIVED not in {mark.state for mark in found.marks.values()}
