"""Requests of the login way as values, and replies as responses. A door to Starlette.

Requests come admitted, in ``scope["state"]["request"]``, and their origin is checked where one is
posted (``edge.reserved``). What a road raises becomes a page here, or goes on to the entrance.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, Router

from gateway.clock import Clock
from gateway.errors import (
    LoginRefused,
    ProviderUnavailable,
    RequestRefused,
    SessionInvalid,
    StoreUnavailable,
    TooManyLogins,
)
from gateway.identity.cookies import CookieSigner, find
from gateway.login.account import AccountPages
from gateway.login.asking import Ask, Reply, see_other
from gateway.login.front import Front
from gateway.login.leaving import Leaving
from gateway.login.mailed_link import MailedLink
from gateway.login.pages import Pages
from gateway.model.request import Request

FORM_BYTES_MAX = 64 << 10
FIELDS_MAX = 50
_FORM = "application/x-www-form-urlencoded"
_MAIL_OFF = "no-mail"

Road = Callable[[Ask], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """``mailed`` is None where no mail is set up."""

    front: Front
    mailed: MailedLink | None
    account: AccountPages
    leaving: Leaving


@dataclass(slots=True, kw_only=True)
class LoginRoutes:
    """``network_of`` and ``language_of`` look at an admitted request."""

    roads: Roads
    pages: Pages
    signer: CookieSigner
    cookie_name: bytes
    clock: Clock
    network_of: Callable[[str], str]
    language_of: Callable[[Request], str]

    def router(self) -> Router:
        front, mailed = self.roads.front, self.roads.mailed
        account, leaving = self.roads.account, self.roads.leaving
        routes = [
            self._route("/-/login", front.choose),
            self._route("/-/login/mail", _to_login),
            self._route("/-/login/mail", self._mail(mailed.ask_for if mailed else None), "POST"),
            self._route("/-/login/code", self._mail(mailed.code if mailed else None)),
            self._route("/-/login/code", self._mail(mailed.type_code if mailed else None), "POST"),
            self._route(
                "/-/login/code/apart", self._mail(mailed.apart if mailed else None), "POST"
            ),
            self._named("/-/login/mail/{name}", mailed.look if mailed else _no_mail),
            self._named("/-/login/mail/{name}", mailed.follow if mailed else _no_mail, "POST"),
            self._named("/-/login/{name}", front.start),
            self._named("/-/login/{name}/callback", front.callback),
            self._named("/-/login/{name}/callback", front.callback, "POST"),
            self._named("/-/login/{name}/start", front.third_party),
            self._named("/-/login/{name}/start", front.third_party, "POST"),
            self._named("/-/login/{name}/backchannel-logout", leaving.back_channel, "POST"),
            self._route("/-/logout", leaving.logged_out),
            self._route("/-/logout", leaving.log_out, "POST"),
            self._route("/-/account", account.show),
            self._route("/-/account/export", account.export),
            self._route("/-/account/name", account.rename, "POST"),
            self._route("/-/account/sessions/end", account.end_sessions, "POST"),
            self._route("/-/account/ways/remove", account.remove_way, "POST"),
            self._route("/-/account/erase", account.erase, "POST"),
        ]
        return Router(routes=routes, redirect_slashes=False, default=_missing)

    def _route(self, path: str, road: Road, method: str = "GET") -> Route:
        async def answer(http: HttpRequest) -> Response:
            return _response(await self._answered(await self._ask(http), road))

        return Route(path, answer, methods=[method])

    def _named(
        self, path: str, road: Callable[[Ask, str], Awaitable[Reply]], method: str = "GET"
    ) -> Route:
        async def answer(http: HttpRequest) -> Response:
            name = http.path_params["name"]
            ask = await self._ask(http)
            return _response(await self._answered(ask, lambda one: road(one, name)))

        return Route(path, answer, methods=[method])

    def _mail(self, road: Road | None) -> Road:
        async def none(ask: Ask) -> Reply:
            raise RequestRefused(404, _MAIL_OFF)

        return road or none

    async def _answered(self, ask: Ask, road: Road) -> Reply:
        try:
            return await road(ask)
        except (LoginRefused, ProviderUnavailable, StoreUnavailable, TooManyLogins) as error:
            return await self.pages.of_error(ask, error)

    async def _ask(self, http: HttpRequest) -> Ask:
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

    def _session_id(self, request: Request) -> str:
        raw = find(request.header(b"cookie") or b"", self.cookie_name)
        try:
            return self.signer.verify(raw) if raw else ""
        except SessionInvalid:
            return ""


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
        return parse_qs(
            encoded.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=FIELDS_MAX,
            errors="strict",
        )
    except ValueError:
        raise RequestRefused(400, "unreadable-form") from None


def _response(reply: Reply) -> Response:
    response = Response(reply.body, status_code=reply.status)
    response.raw_headers = [
        *reply.headers,
        *((b"set-cookie", cookie) for cookie in reply.cookies),
        (b"content-length", b"%d" % len(reply.body)),
    ]
    return response


async def _to_login(ask: Ask) -> Reply:
    """The address of a form that was posted, looked at."""
    return see_other("/-/login")


async def _no_mail(ask: Ask, name: str) -> Reply:
    raise RequestRefused(404, _MAIL_OFF)


async def _missing(scope: Any, receive: Any, send: Any) -> None:
    raise RequestRefused(404, "not-found")
