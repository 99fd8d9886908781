"""Webhooks as they travel: signed, retried, late, doubled, shuffled, lost; and thin ones."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import stripe

from gateway.demo.stripe.delivery import signature
from tests.demo.stripe.oracle import thing_faults
from tests.demo.stripe.world import GOOD, KEY, SECRET, World, world

pytestmark = pytest.mark.anyio


async def test_the_library_verifies_each_delivery_by_the_real_clock(anyio_backend: str) -> None:
    async with world(at=None) as now:
        await now.v1.customers.create_async({"name": "A"})
        await now.stand_in.settle()
        body, signed = now.receiver.bodies[-1], now.receiver.signatures[-1]
        event = stripe.Webhook.construct_event(body, signed, SECRET, tolerance=300)
        assert event.type == "customer.created"
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, signed, "whsec_other", tolerance=300)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body + b" ", signed, SECRET, tolerance=300)


def test_the_signature_is_the_librarys_own() -> None:
    body = '{"é": 1}'
    ours = signature(body.encode(), [SECRET], 1_790_000_000)
    theirs = stripe.WebhookSignature.generate_signature_header(body, SECRET, 1_790_000_000)
    assert ours.split(",v0=")[0] == theirs


async def test_while_a_secret_is_rolled_both_sign(stripe_world: World) -> None:
    await stripe_world.stand_in.hook("delivery", secrets=["whsec_new", SECRET])
    await stripe_world.v1.customers.create_async({"name": "A"})
    await stripe_world.stand_in.settle()
    assert stripe_world.receiver.signatures[-1].count("v1=") == 2
    for secret in ("whsec_new", SECRET):
        stripe.Webhook.construct_event(
            stripe_world.receiver.bodies[-1],
            stripe_world.receiver.signatures[-1],
            secret,
            tolerance=10**10,
        )


async def test_a_snapshot_is_of_its_moment(stripe_world: World) -> None:
    await stripe_world.stand_in.hook("delivery", held=True)
    customer = await stripe_world.v1.customers.create_async({"name": "A"})
    await stripe_world.v1.customers.update_async(customer.id, {"name": "B"})
    await stripe_world.stand_in.hook("delivery", held=False)
    created = stripe_world.receiver.of("customer.created")[-1]
    updated = stripe_world.receiver.events[-1]
    assert created["name"] == "A"
    assert updated["data"]["previous_attributes"] == {"name": "A"}
    assert updated["request"]["id"].startswith("req_")
    assert updated["api_version"] == "2026-10-28.endive"


async def test_a_refused_delivery_is_tried_again_for_three_days(stripe_world: World) -> None:
    await stripe_world.stand_in.settle()
    stripe_world.receiver.status = 500
    customer = await stripe_world.v1.customers.create_async({"name": "A"})
    await stripe_world.stand_in.settle()
    listed = stripe_world.v1.events.list_async
    (event,) = (await listed({"delivery_success": False})).data
    assert event.pending_webhooks == 1
    tries = [each for each in stripe_world.stand_in.delivery.attempts if each.status == 500]
    assert len(tries) == 1
    await stripe_world.stand_in.hook("advance", seconds=300)
    await stripe_world.stand_in.hook("advance", seconds=1800)
    assert stripe_world.receiver.kinds().count("customer.created") == 3
    stripe_world.receiver.status = 200
    await stripe_world.stand_in.hook("advance", seconds=7200)
    assert (await listed({"delivery_success": False})).data == []
    first, *_, last = [
        each for each in stripe_world.receiver.events if each["type"] == "customer.created"
    ]
    assert (first["id"], first["data"]) == (last["id"], last["data"])
    assert last["data"]["object"]["id"] == customer.id
    await stripe_world.stand_in.hook("advance", days=4)
    assert stripe_world.receiver.kinds().count("customer.created") == 4


async def test_an_endpoint_that_never_answers_is_given_up(stripe_world: World) -> None:
    stripe_world.receiver.status = 404
    await stripe_world.v1.customers.create_async({"name": "A"})
    for _ in range(20):
        await stripe_world.stand_in.hook("advance", days=0.5)
    assert not stripe_world.stand_in.delivery.waiting
    (event,) = (await stripe_world.v1.events.list_async({"type": "customer.created"})).data
    assert event.pending_webhooks == 1


async def test_nobody_listening_is_a_failed_try(stripe_world: World) -> None:
    await stripe_world.stand_in.settle()
    stripe_world.stand_in.delivery.endpoints[0].url = "http://127.0.0.1:9/none"
    await stripe_world.v1.customers.create_async({"name": "A"})
    await stripe_world.stand_in.settle()
    assert stripe_world.stand_in.delivery.attempts[-1].status == 0
    assert len(stripe_world.stand_in.delivery.waiting) == 1


async def test_deliveries_late_doubled_and_backwards(stripe_world: World) -> None:
    await stripe_world.stand_in.settle()
    before = len(stripe_world.receiver.events)
    await stripe_world.stand_in.hook("delivery", delay_seconds=60, copies=2, order="reversed")
    await stripe_world.subscribed()
    await stripe_world.stand_in.settle()
    assert len(stripe_world.receiver.events) == before
    await stripe_world.stand_in.hook("advance", seconds=60)
    heard = stripe_world.receiver.events[before:]
    ids = [each["id"] for each in heard]
    assert len(ids) == 2 * len(set(ids))
    kinds = [each["type"] for each in heard]
    assert kinds.index("checkout.session.completed") < kinds.index("customer.subscription.created")
    statuses = [
        each["status"] for each in stripe_world.receiver.of("customer.subscription.updated")
    ]
    assert statuses[0] == "active"


async def test_a_shuffle_can_be_had_again(anyio_backend: str) -> None:
    async def heard(seed: int) -> list[str]:
        async with world() as one:
            await one.stand_in.settle()
            await one.stand_in.hook("delivery", order="shuffled", seed=seed, held=True)
            await one.subscribed()
            await one.stand_in.hook("delivery", held=False)
            return one.receiver.kinds()

    first = await heard(1)
    assert await heard(1) == first
    assert await heard(2) != first
    assert sorted(await heard(2)) == sorted(first)


async def test_a_lost_event_is_found_in_the_list(stripe_world: World) -> None:
    await stripe_world.stand_in.settle()
    await stripe_world.stand_in.hook("delivery", drop=1)
    await stripe_world.v1.customers.create_async({"name": "A"})
    await stripe_world.v1.products.create_async({"name": "B"})
    await stripe_world.stand_in.settle()
    assert stripe_world.receiver.kinds()[-1] == "product.created"
    assert "customer.created" not in stripe_world.receiver.kinds()
    (lost,) = (await stripe_world.v1.events.list_async({"delivery_success": False})).data
    assert lost.type == "customer.created"
    await stripe_world.stand_in.hook("resend", event=lost.id)
    assert stripe_world.receiver.kinds()[-1] == "customer.created"
    assert (await stripe_world.v1.events.list_async({"delivery_success": False})).data == []


async def test_events_are_listed_by_kind_and_time(stripe_world: World) -> None:
    await stripe_world.subscribed()
    listed = stripe_world.v1.events.list_async
    kinds = {each.type for each in (await listed({"type": "charge.*"})).data}
    assert kinds == {"charge.succeeded"}
    two = (await listed({"types": ["invoice.paid", "customer.created"]})).data
    assert {each.type for each in two} == {"invoice.paid", "customer.created"}
    with pytest.raises(stripe.InvalidRequestError):
        await listed({"type": "a.b", "types": ["c.d"]})


async def test_thin_events_say_only_what_to_fetch(stripe_world: World) -> None:
    await stripe_world.stand_in.settle()
    await stripe_world.stand_in.hook("delivery", payload="thin")
    subscription = await stripe_world.subscribed()
    await stripe_world.stand_in.settle()
    thin: list[dict[str, Any]] = [
        each
        for each in stripe_world.receiver.events
        if each["type"] == "v1.customer.subscription.updated"
    ]
    assert thin[0]["created"].endswith("Z")
    assert "data" not in thin[0]
    client = stripe.StripeClient(KEY, base_addresses={"api": stripe_world.url})
    at = stripe_world.receiver.events.index(thin[0])
    notice: Any = client.parse_event_notification(
        stripe_world.receiver.bodies[at],
        stripe_world.receiver.signatures[at],
        SECRET,
        tolerance=10**10,
    )
    assert notice.related_object.id == subscription.id
    assert notice.related_object.url == f"/v1/subscriptions/{subscription.id}"
    fetched = await stripe_world.client.raw_request_async("get", f"/v2/core/events/{notice.id}")
    assert fetched.data["snapshot_event"] == thin[0]["snapshot_event"]
    snapshot = await stripe_world.v1.events.retrieve_async(thin[0]["snapshot_event"])
    assert snapshot.type == "customer.subscription.updated"


async def test_an_endpoint_hears_only_what_it_asked_for(stripe_world: World) -> None:
    await stripe_world.stand_in.settle()
    before = len(stripe_world.receiver.events)
    await stripe_world.stand_in.hook("delivery", enabled_events=["invoice.paid"])
    await stripe_world.subscribed()
    assert set(stripe_world.receiver.kinds()[before:]) == {"invoice.paid"}
    (endpoint,) = (await stripe_world.v1.webhook_endpoints.list_async()).data
    assert endpoint.enabled_events == ["invoice.paid"]
    assert not thing_faults(endpoint.to_dict())


async def test_some_kinds_alone_are_late_and_many_travel_together(stripe_world: World) -> None:
    await stripe_world.stand_in.settle()
    await stripe_world.stand_in.hook(
        "delivery", delay_seconds=30, copies=2, kinds=["checkout.session.completed"], together=8
    )
    await stripe_world.subscribed()
    assert "invoice.paid" in stripe_world.receiver.kinds()
    assert "checkout.session.completed" not in stripe_world.receiver.kinds()
    assert stripe_world.receiver.at_once_most > 1
    await stripe_world.stand_in.hook("advance", seconds=30)
    assert stripe_world.receiver.kinds().count("checkout.session.completed") == 2


async def test_in_real_time_things_fall_due_by_themselves(anyio_backend: str) -> None:
    async with world(at=None) as now:
        subscription = await now.subscribed()
        charge = (await now.v1.charges.list_async()).data[0]
        account = now.stand_in.account
        account.at(account.clock.now() + 0.05, "dispute", charge.id)
        await now.again(subscription)  # A request sees what is next, and that it comes.
        await now.receiver.wait_for("charge.dispute.created")


async def test_a_payer_isnt_kept_waiting_by_a_webhook_that_is_held(stripe_world: World) -> None:
    await stripe_world.stand_in.hook("delivery", held=True)
    session = await stripe_world.session(await stripe_world.shop())
    async with httpx2.AsyncClient(trust_env=False) as client:
        paid = await client.post(session.url, data={"card": GOOD, "name": "C", "pay": "1"})
    assert paid.status_code == 303
    assert "checkout.session.completed" not in stripe_world.receiver.kinds()
    await stripe_world.stand_in.hook("delivery", held=False)
    assert "checkout.session.completed" in stripe_world.receiver.kinds()


async def test_events_are_forgotten_after_thirty_days(stripe_world: World) -> None:
    await stripe_world.v1.customers.create_async({"name": "A"})
    (event,) = (await stripe_world.v1.events.list_async({"type": "customer.created"})).data
    await stripe_world.stand_in.hook("advance", days=29)
    assert (await stripe_world.v1.events.retrieve_async(event.id)).id == event.id
    await stripe_world.stand_in.hook("advance", days=1)
    assert (await stripe_world.v1.events.list_async({"type": "customer.created"})).data == []
    with pytest.raises(stripe.InvalidRequestError):
        await stripe_world.v1.events.retrieve_async(event.id)
