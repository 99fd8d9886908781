"""From an admitted request to an ``Ask``, and from a ``Reply`` to a response. A door to Starlette.

Requests come admitted, in ``scope["state"]["request"]``, and their origin is checked where one is
posted (``edge.reserved``). What a road raises becomes a page where its room has one (``of_error``),
or goes on to the entrance.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Match, Route, Router

from gateway.clock import Clock
from gateway.errors import LychgateError, RequestRefused, SessionInvalid
from gateway.identity.cookies import CookieSigner, find
from gateway.model.request import Request
from gateway.rooms.asking import Ask, Reply

FORM_BYTES_MAX = 64 << 10
FIELDS_MAX = 50
_FORM = "application/x-www-form-urlencoded"

Road = Callable[[Ask], Awaitable[Reply]]


@dataclass(slots=True, kw_only=True)
class Doorway:
    """``network_of`` and ``language_of`` look at an admitted request. ``of_error`` is the page of an
    error that a road raised; it raises it again where no page of the room is for it."""

    signer: CookieSigner
    cookie_name: bytes
    clock: Clock
    network_of: Callable[[str], str]
    language_of: Callable[[Request], str]
    of_error: Callable[[Ask, LychgateError], Awaitable[Reply]]

    def route(self, path: str, road: Road, method: str = "GET") -> Route:
        async def answer(http: HttpRequest) -> Response:
            return response_of(await self._answered(await self.ask(http), road))

        return RoomRoute(path, answer, methods=[method])

    def named(
        self, path: str, road: Callable[[Ask, str], Awaitable[Reply]], method: str = "GET"
    ) -> Route:
        """``path`` holds ``{name}``, which the road is given."""

        async def answer(http: HttpRequest) -> Response:
            name = http.path_params["name"]
            ask = await self.ask(http)
            return response_of(await self._answered(ask, lambda one: road(one, name)))

        return RoomRoute(path, answer, methods=[method])

    async def ask(self, http: HttpRequest) -> Ask:
        """Raises RequestRefused for a form that none of our pages sends."""
        request: Request = http.scope["state"]["request"]
        form = await _form(http) if request.method == "POST" else {}
        return Ask(
            request=request,
            query=_fields(request.query),
            form=form,
            session_id=self._session_id(request),
            language=self.language_of(request),
            network=self.network_of(request.client),
            now=self.clock.now(),
        )

    async def _answered(self, ask: Ask, road: Road) -> Reply:
        try:
            return await road(ask)
        except LychgateError as error:
            return await self.of_error(ask, error)

    def _session_id(self, request: Request) -> str:
        raw = find(request.header(b"cookie") or b"", self.cookie_name)
        try:
            return self.signer.verify(raw) if raw else ""
        except SessionInvalid:
            return ""


class RoomRoute(Route):
    """Another method is refused as anything else is: by the entrance, on a page of ours."""

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] in (self.methods or ()):
            await self.app(scope, receive, send)
            return
        here = [each for each in scope["router"].routes if each.matches(scope)[0] is not Match.NONE]
        allowed = {method for each in here for method in each.methods}
        raise RequestRefused(405, "method-not-allowed", allow=", ".join(sorted(allowed)))


def response_of(reply: Reply) -> Response:
    response = Response(reply.body, status_code=reply.status)
    response.raw_headers = [
        *reply.headers,
        *((b"set-cookie", cookie) for cookie in reply.cookies),
        (b"content-length", b"%d" % len(reply.body)),
    ]
    return response


def router_of(routes: Sequence[Route]) -> Router:
    """A room's own addresses, and no other."""
    return Router(routes=list(routes), redirect_slashes=False, default=missing)


async def missing(scope: Any, receive: Any, send: Any) -> None:
    """What a room's router answers where it has no route."""
    raise RequestRefused(404, "not-found")


async def _form(http: HttpRequest) -> dict[str, list[str]]:
    """Raises RequestRefused for what no form of ours sends. One without fields may be no body."""
    body = b""
    try:
        async for chunk in http.stream():
            body += chunk
            if len(body) > FORM_BYTES_MAX:
                raise RequestRefused(413, "form-too-large")
    except ClientDisconnect:
        raise ConnectionAbortedError("the reader left") from None
    kind = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != _FORM:
        raise RequestRefused(415, "not-a-form")
    return _fields(body)


def _fields(encoded: bytes) -> dict[str, list[str]]:
    try:
        fields = parse_qs(
            encoded.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=FIELDS_MAX,
            errors="strict",
        )
    except ValueError:
        raise RequestRefused(400, "unreadable-form") from None
    # Nobody types it, and PostgreSQL can't keep it.
    if any("\0" in text for values in fields.values() for text in values):
        raise RequestRefused(400, "unreadable-form")
    return fields
