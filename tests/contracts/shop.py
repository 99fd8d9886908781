"""A shop at the Stripe stand-in whose events are delivered by hand, and what its readers must hold.

What they must hold is read off the stand-in's own objects, as stripe.com describes them, and has
nothing in common with the fold.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import httpx2

from gateway.demo.stripe import checkout, customers, hooks
from gateway.demo.stripe.account import DAY
from gateway.demo.stripe.clock import MovableClock
from gateway.demo.stripe.delivery import Endpoint, signature
from gateway.demo.stripe.server import StandIn, application

KEY, SECRET = "sk_test_only-on-loopback", "whsec_only-on-loopback"
HOUR = 3600
SLACK, GRACE = 72 * HOUR, 14 * DAY
PRICE = "price_gold"
TIER = "gold"
GOOD, FAILS_LATER = "4242424242424242", "4000000000000341"
SETTINGS = f"""[stripe]
secret_key = "{KEY}"
webhook_secrets = ["{SECRET}"]
api_base = "{{stripe}}"
[[plan]]
id = "gold"
name = {{{{ en = "Gold" }}}}
tiers = ["{TIER}"]
prices = ["{PRICE}"]
"""


def reader(number: int) -> str:
    return f"reader-{number}"


@dataclass
class Shop:
    """``api_url`` is where the stand-in is served. Its clock stands still unless moved."""

    api_url: str
    clock: MovableClock = field(default_factory=lambda: MovableClock(at=1_790_000_000.0))
    stand_in: StandIn = field(init=False)

    def __post_init__(self) -> None:
        self.stand_in = application(
            url=self.api_url, secret_key=KEY, webhook_url="", webhook_secret="", clock=self.clock
        )

    async def open(self, readers: int) -> None:
        """Each reader buys, and then every one of six lives goes its own way over two months."""
        wish = {"id": PRICE, "name": "Gold", "unit_amount": 900}
        await hooks.offer(self.stand_in, wish)
        for number in range(readers):
            await self._buys(number, FAILS_LATER if number % 6 == 1 else GOOD)
            await self.stand_in.advance(7)
        for number in range(readers):
            await self._goes_on(number)
        await self.stand_in.advance(31 * DAY)

    async def _buys(self, number: int, card: str) -> None:
        account = self.stand_in.account
        customer = customers.create(account, {"email": f"{number}@readers.example"})
        session = checkout.create(
            account,
            {
                "client_reference_id": reader(number),
                "customer": customer["id"],
                "line_items": [{"price": PRICE, "quantity": 1}],
                "mode": "subscription",
                "success_url": "https://news.example/done",
            },
        )
        await self.stand_in.hook("pay", session=session["id"], card=card)

    async def _goes_on(self, number: int) -> None:
        subscription = self.subscriptions()[reader(number)]["id"]
        match number % 6:
            case 2:
                await self.stand_in.hook("cancel", subscription=subscription, at_period_end=True)
            case 3:
                await self.stand_in.hook("cancel", subscription=subscription)
            case 4:
                await self.stand_in.hook("refund", subscription=subscription, amount=100)
            case 5:
                await self.stand_in.hook("dispute", subscription=subscription)
            case _:
                pass

    def subscriptions(self) -> dict[str, Any]:
        account = self.stand_in.account
        return {
            each["client_reference_id"]: account.named("subscription", each["subscription"])
            for each in account.all("checkout.session")
        }

    def owed(self) -> dict[str, dict[str, float]]:
        """By reader the moment that the tier ends; none where nothing is left to mend."""
        disputed = {
            reader(number) for number in range(len(self.subscriptions())) if number % 6 == 5
        }
        return {
            each: {TIER: 0.0} if each in disputed else self._owed(subscription)
            for each, subscription in self.subscriptions().items()
        }

    def _owed(self, subscription: Any) -> dict[str, float]:
        if subscription["status"] == "canceled":
            return {}
        if subscription["status"] == "past_due":
            invoice = self.stand_in.account.named("invoice", subscription["latest_invoice"])
            return {TIER: invoice["status_transitions"]["finalized_at"] + GRACE}
        assert subscription["status"] == "active"
        (item,) = subscription["items"]["data"]
        if subscription["cancel_at"]:
            return {TIER: subscription["cancel_at"]}
        return {TIER: item["current_period_end"] + SLACK}

    def events(self) -> list[Any]:
        """The oldest first."""
        return list(reversed(self.stand_in.account.all("event")))


@dataclass
class Sender:
    """Delivers every event until it is acknowledged, and some of them again, in any order.

    ``ahead_seconds`` is how far the receiver's clock is before ours.
    """

    url: str
    shop: Shop
    seed: int = 0
    ahead_seconds: float = 0.0
    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0

    async def deliver(self, *, at_once: int = 8, again: float = 0.2) -> None:
        """Returns once all of them were acknowledged."""
        chance = random.Random(self.seed)
        waiting = self.shop.events()
        waiting += [each for each in waiting if chance.random() < again]
        chance.shuffle(waiting)

        async def one(client: httpx2.AsyncClient) -> None:
            while waiting:
                event = waiting.pop()
                if not await self._sent(client, event):
                    waiting.insert(chance.randrange(len(waiting) + 1), event)

        limits = httpx2.Limits(max_keepalive_connections=at_once)
        async with httpx2.AsyncClient(trust_env=False, timeout=20, limits=limits) as client:
            await asyncio.gather(*(one(client) for _ in range(at_once)))

    async def _sent(self, client: httpx2.AsyncClient, event: Any) -> bool:
        body = self.shop.stand_in.delivery.body(event, Endpoint("we_1", self.url, [SECRET]))
        at = int(MovableClock().now() + self.ahead_seconds)
        headers = {"stripe-signature": signature(body, [SECRET], at)}
        try:
            answer = await client.post(self.url, content=body, headers=headers)
        except httpx2.HTTPError:
            return False
        if answer.status_code != 200:
            # Signed for a life that ended before it looked, and read by a later one whose clock is
            # ahead: not acknowledged either, and Stripe signs anew each time.
            stale = answer.status_code == 400 and "stale-signature" in answer.text
            assert stale or answer.status_code == 503, answer.text
            self.refused += 1
            return False
        self.acknowledged.add(event["id"])
        return True
