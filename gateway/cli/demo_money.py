"""The demo's Stripe: what its paper sells there, who has subscribed already, and how its time moves.

The stand-in is asked here as a publisher asks in Stripe's dashboard; what comes of it reaches the
gateway by the webhook and by no other way. Gateway and stand-in share one clock, which only the
demo can move.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.demo.stripe import checkout, customers, discounts, hooks
from gateway.demo.stripe.server import StandIn, application

if TYPE_CHECKING:
    from gateway.demo.stripe.clock import MovableClock

Work = Callable[[], Awaitable[None]]
WEBHOOK = "/-/stripe/webhook"
CODE = "FANAL20"
CARD = "4242424242424242"
FOR_READERS_OF_ALL = "price_soutien_mois"
# Shorter than any letter of a subscription's life here is due, so that a leap of a month skips none.
_STRIDE_SECONDS = 2 * 86_400.0
_CODE_PERCENT = 20
# Ids as the demo's config names them; minor units of the euro, tax included.
_SOLD = (
    ("prod_abonne", "Le Fanal, Abonné", "price_abonne_mois", 990, "month"),
    ("prod_abonne", "Le Fanal, Abonné", "price_abonne_an", 9900, "year"),
    ("prod_soutien", "Le Fanal, Soutien", FOR_READERS_OF_ALL, 1900, "month"),
)


def new_secrets() -> tuple[str, str]:
    """The API's key, and the webhook's."""
    return f"sk_test_{secrets.token_hex(16)}", f"whsec_{secrets.token_hex(16)}"


class DemoMoney:
    """``fold`` and ``fetch`` are the gateway's own work on what was received, ``before`` what it must
    write down before time moves, ``tell`` the letters that it owes by then and ``post`` their way out;
    all are known once the gateway is."""

    def __init__(
        self, *, url: str, gateway_url: str, key: str, secret: str, clock: MovableClock
    ) -> None:
        self.url = url
        self._gateway_url = gateway_url
        self.stand_in: StandIn = application(
            url=url,
            secret_key=key,
            webhook_url=gateway_url + WEBHOOK,
            webhook_secret=secret,
            clock=clock,
        )
        self._one_at_a_time = asyncio.Lock()
        self.fold: Work = _nothing
        self.fetch: Work = _nothing
        self.before: Work = _nothing
        self.tell: tuple[Work, ...] = ()
        self.post: Work = _nothing

    @property
    def dashboard(self) -> str:
        return f"{self.url}/dashboard"

    async def open(self) -> None:
        """Set the shop up. Its events wait for a gateway that hears them."""
        for product, name, price, amount, interval in _SOLD:
            wish = {"id": price, "product": product, "name": name, "unit_amount": amount}
            wish |= {"interval": interval, "tax_behavior": "inclusive"}
            await hooks.offer(self.stand_in, wish)
        account = self.stand_in.account
        coupon = discounts.create_coupon(
            account, {"percent_off": _CODE_PERCENT, "duration": "once", "name": CODE}
        )
        promotion = {"type": "coupon", "coupon": coupon["id"]}
        discounts.create_code(account, {"code": CODE, "promotion": promotion})
        await hooks.plan_changes(self.stand_in, {})

    async def subscribe(self, reader_id: str, *, email: str, name: str) -> None:
        """As a reader does at Checkout, down to the webhooks; then the work that they make."""
        account = self.stand_in.account
        customer = customers.create(account, {"email": email, "name": name})
        session = checkout.create(
            account,
            {
                "client_reference_id": reader_id,
                "customer": customer["id"],
                "line_items": [{"price": FOR_READERS_OF_ALL, "quantity": 1}],
                "mode": "subscription",
                "success_url": f"{self._gateway_url}/",
            },
        )
        await self.stand_in.hook("pay", session=session["id"], card=CARD, email=email, name=name)
        await self.worked()

    async def advance(self, seconds: float) -> None:
        """All that falls due on the way has happened, been heard of and been written to readers once
        it returns: by strides, for a letter is owed for some days and waits for some, not a month."""
        await self.before()
        await self._told()
        while seconds > 0:
            stride = min(seconds, _STRIDE_SECONDS)
            seconds -= stride
            await self.stand_in.advance(stride)
            await self.worked()
            await self._told()

    async def worked(self) -> None:
        """What was received is applied, asked about, and applied again."""
        for work in (self.fold, self.fetch, self.fold):
            await self.alone(work)()

    async def _told(self) -> None:
        for work in self.tell:
            await self.alone(work)()
        await self.post()

    def alone(self, work: Work) -> Work:
        """One at a time: leases, which keep nodes apart, are this one process's all together."""

        async def done() -> None:
            async with self._one_at_a_time:
                await work()

        return done


async def _nothing() -> None:
    return None
