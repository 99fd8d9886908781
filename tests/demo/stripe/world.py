"""The stand-in on a loopback socket, the official library in front of it, a receiver behind it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import stripe
import uvicorn

from gateway.demo.stripe.account import Thing
from gateway.demo.stripe.clock import MovableClock
from gateway.demo.stripe.server import StandIn, application

KEY = "sk_test_a-key-of-no-account"
SECRET = "whsec_of-no-account"
START = 1_790_000_000.0
GOOD, FAILS_LATER, DECLINED = "4242424242424242", "4000000000000341", "4000000000009995"
DEBIT, BAD_DEBIT = "FR1420041010050500013M02606", "FR8420041010050500013M02607"


@dataclass
class Receiver:
    """A webhook endpoint: verifies each delivery with the library, and keeps it."""

    clock: MovableClock
    on_the_way_seconds_max: int = 0  # in real time a second may end there
    secret: str = SECRET
    status: int = 200
    events: list[Thing] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    url: str = ""
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)
    at_once: int = 0
    at_once_most: int = 0

    async def wait_for(self, kind: str) -> None:
        async with asyncio.timeout(10), self.heard:
            await self.heard.wait_for(lambda: kind in self.kinds())

    def kinds(self) -> list[str]:
        return [each["type"] for each in self.events]

    def of(self, kind: str) -> list[Thing]:
        return [each["data"]["object"] for each in self.events if each["type"] == kind]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        signed = dict(scope["headers"])[b"stripe-signature"].decode()
        self.bodies.append(body)
        self.signatures.append(signed)
        said = json.loads(body)
        if said["object"] == "event":
            # The library compares with the machine's clock, and ours stands elsewhere.
            stripe.Webhook.construct_event(body, signed, self.secret, tolerance=10**10)
            signed_at = int(signed.partition(",")[0].removeprefix("t="))
            assert 0 <= int(self.clock.now()) - signed_at <= self.on_the_way_seconds_max
        self.at_once += 1
        self.at_once_most = max(self.at_once, self.at_once_most)
        await asyncio.sleep(0)  # Others under way get their turn.
        async with self.heard:
            self.events.append(said)
            self.heard.notify_all()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        self.at_once -= 1


@dataclass
class World:
    stand_in: StandIn
    clock: MovableClock
    receiver: Receiver
    client: stripe.StripeClient
    url: str

    @property
    def v1(self) -> Any:
        """Untyped: tests also send what the library's types forbid."""
        return self.client.v1

    async def shop(self, *, amount: int = 990, interval: str = "month") -> Any:
        """A product and a recurring price."""
        product = await self.v1.products.create_async({"name": "Soutien"})
        return await self.v1.prices.create_async(
            {
                "product": product.id,
                "currency": "eur",
                "unit_amount": amount,
                "recurring": {"interval": interval},
            }
        )

    async def session(self, price: Any, **more: Any) -> Any:
        customer = more.pop("customer", None)
        if customer is None and "customer_email" not in more:
            made = await self.v1.customers.create_async({"email": "reader@example.com"})
            customer = made.id
        wanted = {
            "mode": "subscription",
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": "https://news.example/done?session_id={CHECKOUT_SESSION_ID}",
            **({"customer": customer} if customer else {}),
            **more,
        }
        return await self.v1.checkout.sessions.create_async(wanted)

    async def subscribed(self, *, card: str = GOOD, amount: int = 990, **more: Any) -> Any:
        """A subscription bought at Checkout."""
        session = await self.session(await self.shop(amount=amount), **more)
        await self.stand_in.hook("pay", session=session.id, card=card)
        session = await self.v1.checkout.sessions.retrieve_async(session.id)
        return await self.v1.subscriptions.retrieve_async(session.subscription)

    async def again(self, subscription: Any) -> Any:
        return await self.v1.subscriptions.retrieve_async(subscription.id)


@contextlib.asynccontextmanager
async def served(make: Callable[[str], Any]) -> AsyncIterator[tuple[Any, str]]:
    """An application on a free port of loopback, with no ``Date`` but its own."""
    # Named so, asyncio switches Nagle off: else each answer of two writes waits 40 ms for an ACK.
    taken = socket.socket(proto=socket.IPPROTO_TCP)
    taken.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    app = make(url)
    config = uvicorn.Config(app, log_level="warning", lifespan="off", date_header=False)
    server = uvicorn.Server(config)
    # No signal handlers: the test runner keeps its own.
    task = asyncio.create_task(server._serve(sockets=[taken]))
    while not server.started:
        await asyncio.sleep(0)
        if task.done():
            task.result()
    try:
        yield app, url
    finally:
        server.should_exit = True
        await task
        taken.close()


@contextlib.asynccontextmanager
async def world(*, at: float | None = START, **more: Any) -> AsyncIterator[World]:
    clock = MovableClock(at=at)
    async with contextlib.AsyncExitStack() as stack:
        patience = 5 if at is None else 0
        receiver, hook = await stack.enter_async_context(
            served(lambda _: Receiver(clock, patience))
        )
        receiver.url = f"{hook}/-/stripe/webhook"
        stand_in, url = await stack.enter_async_context(
            served(
                lambda own: application(
                    url=own,
                    secret_key=KEY,
                    webhook_url=receiver.url,
                    webhook_secret=SECRET,
                    clock=clock,
                    **more,
                )
            )
        )
        http = stripe.AIOHTTPClient()
        client = stripe.StripeClient(
            KEY, base_addresses={"api": url}, http_client=http, max_network_retries=0
        )
        stack.push_async_callback(stand_in.close)
        stack.push_async_callback(http.close_async)
        stack.callback(stand_in.gate.set)  # Whatever a test left waiting is let go.
        yield World(stand_in, clock, receiver, client, url)
