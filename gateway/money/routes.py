"""``/-/stripe/webhook``: raw bytes, whose they are, what they say, and into the ledger. A door to Starlette.

Nothing else happens in the request: 200 says that the bytes are durable, 400 that they aren't
Stripe's or no event, 503 that they couldn't be kept, so that Stripe sends them again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Router

from gateway.clock import Clock
from gateway.errors import RequestRefused, StoreUnavailable, WebhookRefused
from gateway.money.entries.parse import BYTES_MAX, parse
from gateway.money.ledger import Appender
from gateway.money.signature import verify
from gateway.ops.logs import logger
from gateway.rooms.routes import RoomRoute

WEBHOOK = "/-/stripe/webhook"
_SIGNATURE = "stripe-signature"
_LOG = "lychgate.money"


def _uncounted() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRoutes:
    """``secrets`` of the endpoint: each of them counts, so that they can be turned. ``refused`` counts
    what wasn't signed by Stripe, or was no event."""

    appender: Appender
    secrets: Sequence[str] = field(repr=False)
    clock: Clock
    refused: Callable[[], None] = _uncounted

    def router(self) -> Router:
        return Router(
            routes=[RoomRoute(WEBHOOK, self._webhook, methods=["POST"])],
            redirect_slashes=False,
            default=_missing,
        )

    async def _webhook(self, http: HttpRequest) -> Response:
        raw = await _raw(http)
        try:
            header = http.headers.get(_SIGNATURE, "")
            verify(raw, header, secrets=self.secrets, now=self.clock.now())
            appended = await self.appender.append(parse(raw))
        except WebhookRefused as refused:
            logger(_LOG).warning("webhook-refused", reason=refused.reason)
            self.refused()
            return JSONResponse({"error": refused.reason}, 400)
        except StoreUnavailable as error:
            logger(_LOG).error("webhook-not-kept", reason=error.reason)
            return JSONResponse({"error": error.reason}, 503, {"retry-after": "5"})
        return JSONResponse({"entry": appended.number})


async def _raw(http: HttpRequest) -> bytes:
    """The body, or one byte more than is ever looked at."""
    raw = b""
    try:
        async for chunk in http.stream():
            raw += chunk
            if len(raw) > BYTES_MAX:
                return raw[: BYTES_MAX + 1]
    except ClientDisconnect:
        raise ConnectionAbortedError("the sender left") from None
    return raw


async def _missing(scope: Any, receive: Any, send: Any) -> None:
    raise RequestRefused(404, "not-found")
