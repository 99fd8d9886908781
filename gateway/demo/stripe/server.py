"""The stand-in as an ASGI application, and as an object that tests reach into.

Brings requests to ``api``, pages to ``hosted`` and ``dashboard``, test hooks to ``hooks``. Must not know how money
moves. Answers carry the clock's own ``Date``: a server in front must not add another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.stripe import disputes, portal
from gateway.demo.stripe.account import Account, Settings, Thing
from gateway.demo.stripe.account_routes import endpoint
from gateway.demo.stripe.agenda import catch_up
from gateway.demo.stripe.api import BODY_BYTES_MAX, Api, Asked, refusal
from gateway.demo.stripe.clock import MovableClock
from gateway.demo.stripe.dashboard import Dashboard
from gateway.demo.stripe.delivery import Delivery, Endpoint
from gateway.demo.stripe.hooks import HOOKS
from gateway.demo.stripe.hosted import HostedPages
from gateway.demo.stripe.idempotency import Answer
from gateway.demo.stripe.refused import Refused
from gateway.demo.stripe.routes import ACTIONS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Checkout waits this long for the answer to checkout.session.completed before it sends a payer
# back (docs.stripe.com/checkout/fulfillment).
CHECKOUT_WAIT_SECONDS = 10.0
# A clock that stands still is looked at no more often than this.
_SOONEST_SECONDS = 0.05


class StandIn:
    """``gate`` may be cleared by a test: API answers then wait, their keys in use."""

    def __init__(
        self, *, account: Account, secret_key: str, webhook_url: str, webhook_secret: str
    ) -> None:
        self.account = account
        self.api = Api(account, secret_key)
        endpoints: list[Endpoint] = []
        if webhook_url:
            thing = endpoint(account, webhook_url)
            endpoints.append(
                Endpoint(
                    thing["id"], webhook_url, [webhook_secret], "snapshot", thing["enabled_events"]
                )
            )
        self.delivery = Delivery(account, endpoints)
        self._timer: asyncio.TimerHandle | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        account.heard = self._hear
        portal.create_configuration(account, {}, default=True)
        self._pages = HostedPages(account, self.told)
        self._app = Starlette(
            routes=[
                Route("/v1/{path:path}", self._api, methods=["GET", "POST", "DELETE"]),
                Route("/v2/core/events/{event}", self._thin_event),
                Route("/test/{hook:path}", self._hook, methods=["POST"]),
                Route("/", lambda _: RedirectResponse("/dashboard", 303)),
                *self._pages.routes(),
                *Dashboard(account, self.delivery, self.hook).routes(),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    def _hear(self, event: Thing) -> None:
        self.delivery.hear(event)
        disputes.dispute_new_charges(self.account, event)

    async def told(self) -> None:
        """Once what happened has reached the webhook, or Checkout has waited long enough."""
        self._wake()
        await self.delivery.wait(CHECKOUT_WAIT_SECONDS)

    def _wake(self) -> None:
        """Send what happened, and come back when the next thing falls due in real time."""
        catch_up(self.account, ACTIONS)
        self.delivery.wake()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.account.agenda:
            wait = self.account.agenda[0][0] - self.account.clock.now()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(wait, _SOONEST_SECONDS), self._wake)

    async def advance(self, seconds: float) -> int:
        """Move the clock, do all that falls due on the way, and send its events."""
        self.account.clock.advance(seconds)
        done = catch_up(self.account, ACTIONS)
        await self.delivery.settle()
        return done

    async def settle(self) -> None:
        """Until every event that is due was sent once."""
        catch_up(self.account, ACTIONS)
        await self.delivery.settle()

    async def hook(self, name: str, /, **wish: Any) -> Thing:
        """What ``POST /test/{name}`` does, without a socket."""
        catch_up(self.account, ACTIONS)
        said = await HOOKS[name](self, wish)
        await self.settle()
        return said

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self.delivery.close()

    async def _api(self, request: Request) -> Response:
        body = await request.body()
        asked = Asked(
            request.method,
            request.url.path,
            request.url.query,
            body[: BODY_BYTES_MAX + 1],
            {name.lower(): value for name, value in request.headers.items()},
        )
        try:
            answer = self.api.begin(asked)
        except Refused as refused:
            return self._response(refusal(refused))
        if answer is None:
            await self.gate.wait()
            answer = self.api.answer(asked)
            self._wake()
        return self._response(answer)

    def _response(self, answer: Answer) -> Response:
        headers = {
            **dict(answer.headers),
            "content-type": "application/json",
            "cache-control": "no-cache, no-store",
            "date": formatdate(self.account.clock.now(), usegmt=True),
        }
        return Response(answer.body, answer.status, headers)

    async def _thin_event(self, request: Request) -> Response:
        kept = self.account.backstage.get(request.path_params["event"], {})
        event = self.account.get("event", kept.get("event"))
        if event is None:
            error = {"code": "not_found", "message": "No such event."}
            return JSONResponse({"error": error}, status_code=404)
        thin = self.delivery.thin(event)
        return JSONResponse(thin)

    async def _hook(self, request: Request) -> Response:
        name = request.path_params["hook"]
        if name not in HOOKS:
            return JSONResponse({"error": {"message": f"no such hook: {name}"}}, status_code=404)
        # A page elsewhere can't send this type without the browser asking us first.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"error": {"message": "send application/json"}}, status_code=415)
        try:
            wish = await request.json()
            return JSONResponse(await self.hook(name, **wish))
        except Refused as refused:
            return JSONResponse({"error": refused.error}, status_code=refused.status)
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": {"message": f"{error!r}"}}, status_code=400)


def application(
    *,
    url: str,
    secret_key: str,
    webhook_url: str,
    webhook_secret: str,
    clock: MovableClock,
    settings: Settings | None = None,
) -> StandIn:
    """A fresh account at ``url`` (no slash at its end), which tells ``webhook_url`` ("": nobody).

    ``clock`` is shared with the gateway: moving it moves both.
    """
    account = Account(url=url, clock=clock, settings=settings or Settings())
    return StandIn(
        account=account,
        secret_key=secret_key,
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
    )
