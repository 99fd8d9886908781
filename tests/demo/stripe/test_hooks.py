"""What tests and the demo make happen: over HTTP, by the dashboard, and what is refused there."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import httpx2
import pytest

import gateway.demo.stripe
from gateway.config.sections import Stripe
from gateway.demo.stripe.account import Settings
from gateway.demo.stripe.dashboard import BUTTONS
from gateway.demo.stripe.hooks import HOOKS
from tests.demo.stripe.world import World

pytestmark = pytest.mark.anyio


async def posted(world: World, path: str, **more: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return await client.post(world.url + path, **more)


async def test_a_story_by_hooks_over_http(stripe_world: World) -> None:
    session = await stripe_world.session(await stripe_world.shop())
    paid = await posted(stripe_world, "/test/pay", json={"session": session.id, "name": "Camille"})
    assert paid.json()["outcome"] == "paid"
    subscription = paid.json()["session"]["subscription"]
    moved = await posted(stripe_world, "/test/advance", json={"days": 1})
    assert moved.json()["now"] == stripe_world.clock.now()
    refunded = await posted(
        stripe_world, "/test/refund", json={"subscription": subscription, "amount": 1}
    )
    assert refunded.json()["amount"] == 1
    assert "charge.refunded" in stripe_world.receiver.kinds()
    ended = await posted(stripe_world, "/test/cancel", json={"subscription": subscription})
    assert ended.json()["status"] == "canceled"


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/test/nothing", {"json": {}}, 404),
        ("/test/advance", {"data": {"days": "1"}}, 415),
        ("/test/advance", {"json": [1]}, 400),
        ("/test/advance", {"content": "{", "headers": {"content-type": "application/json"}}, 400),
        ("/test/pay", {"json": {}}, 400),
        ("/test/pay", {"json": {"session": "cs_none"}}, 400),
        ("/test/refund", {"json": {"subscription": "sub_none"}}, 400),
        ("/test/trouble", {"json": {"colour": "red"}}, 400),
        ("/test/delivery", {"json": {"colour": "red"}}, 400),
        ("/test/settings", {"json": {"colour": "red"}}, 400),
    ],
)
async def test_a_hook_says_what_was_wrong(
    stripe_world: World, path: str, more: dict[str, Any], status: int
) -> None:
    answer = await posted(stripe_world, path, **more)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


async def test_any_event_can_be_sent(stripe_world: World) -> None:
    await stripe_world.stand_in.hook(
        "event",
        type="galaxy.collided",
        object={"id": "gal_1", "object": "galaxy"},
        overrides={"livemode": True, "account": "acct_other"},
    )
    sent = stripe_world.receiver.events[-1]
    assert (sent["type"], sent["livemode"], sent["account"]) == (
        "galaxy.collided",
        True,
        "acct_other",
    )
    # Not a kind that the judge knows, and not ours to keep.
    del stripe_world.stand_in.account.tables["event"][sent["id"]]


async def test_the_dashboard_shows_and_does(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    async with httpx2.AsyncClient(trust_env=False, base_url=stripe_world.url) as client:
        page = await client.get("/dashboard")
        assert "reader@example.com" in page.text
        done = await client.post(
            "/dashboard", data={"do": "cancel-later", "subscription": subscription.id}
        )
        assert done.status_code == 303
        assert (await stripe_world.again(subscription)).cancel_at
        await client.post("/dashboard", data={"do": "dispute", "subscription": subscription.id})
        (dispute,) = (await stripe_world.v1.disputes.list_async()).data
        again = await client.post(
            "/dashboard", data={"do": "dispute", "subscription": subscription.id}
        )
        assert "disputed" in again.text
        await client.post("/dashboard", data={"do": "won", "dispute": dispute.id})
        assert (await stripe_world.v1.disputes.retrieve_async(dispute.id)).status == "won"
        await client.post("/dashboard", data={"do": "month"})
        assert (await stripe_world.again(subscription)).status == "canceled"
        foreign = await client.post(
            "/dashboard", data={"do": "month"}, headers={"origin": "https://elsewhere.example"}
        )
        assert foreign.status_code == 403


async def test_it_starts_and_stops_as_servers_ask(stripe_world: World) -> None:
    told: list[str] = []
    asked = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> dict[str, Any]:
        return {"type": next(asked)}

    async def send(message: Any) -> None:
        told.append(message["type"])

    await stripe_world.stand_in({"type": "lifespan"}, receive, send)
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    # It serves on: what was closed is opened again when needed.
    await stripe_world.v1.customers.create_async({"name": "A"})
    await stripe_world.stand_in.settle()
    assert "customer.created" in stripe_world.receiver.kinds()


def test_every_button_has_its_hook() -> None:
    assert {hook for hook, _ in BUTTONS.values()} <= HOOKS.keys()


def test_the_stand_in_knows_nothing_of_the_gateway_but_its_clock() -> None:
    folder = Path(gateway.demo.stripe.__file__).parent
    named = {
        node.module or ""
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    } | {
        alias.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert "stripe" not in {name.partition(".")[0] for name in named}
    ours = {name for name in named if name.startswith("gateway")}
    assert ours - {"gateway.clock"} == {
        name for name in ours if name.startswith("gateway.demo.stripe")
    }


def test_it_tries_for_as_long_as_a_reader_is_promised_to_read() -> None:
    assert Settings().retry_days[-1] >= Stripe.model_fields["past_due_grace_days"].default
