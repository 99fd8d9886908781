"""The reserved prefix ``/-/``: what answers under it in the request's way. The door to Starlette.

Requests come here admitted, in ``scope["state"]["request"]``; nothing looks at the URL that a
framework made. Nothing under the prefix is ever forwarded.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from gateway.clock import Clock
from gateway.edge import me
from gateway.edge.answers import Plain
from gateway.edge.entrance import Application, Readers
from gateway.edge.failures import Failures
from gateway.edge.forward_auth import ForwardAuth
from gateway.edge.help_page import HelpPage
from gateway.edge.shell_page import ShellPage
from gateway.edge.target import canonical_path
from gateway.errors import RequestRefused
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.origin.cache import PageCache
from gateway.page.templates import Templates
from gateway.policy.compile import Policy

_FORM_BYTES_MAX = 16 << 10
_WRITTEN = "%!\"#$&'()*+,/:;<=>?@[\\]^`{|}~"  # left for ``canonical_path`` to judge
_NOINDEX = {"x-robots-tag": "noindex", "cache-control": "private, no-store"}
_PAGE = {
    **_NOINDEX,
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "strict-origin",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
}

# The publisher's own page brings its own scripts and styles along; but it stands in nobody's frame.
_IN_SHELL = {**_PAGE, "content-security-policy": "frame-ancestors 'none'"}


class Ours:
    """``told_purge`` passes a purge on to the other workers, and raises StoreUnavailable; ``preview``
    shows every wall."""

    def __init__(
        self,
        *,
        templates: Templates,
        failures: Failures,
        forward_auth: ForwardAuth,
        help_page: HelpPage,
        readers: Readers,
        policy: Callable[[], Policy],
        cache: PageCache,
        jwks: dict[str, Any],
        purge_key: str,
        told_purge: Callable[[str], Awaitable[None]],
        clock: Clock,
        shell: ShellPage,
        preview: bool = False,
    ) -> None:
        self._templates = templates
        self._failures = failures
        self._forward_auth = forward_auth
        self._help_page = help_page
        self._readers = readers
        self._policy = policy
        self._cache = cache
        self._jwks = jwks
        self._purge_key = purge_key
        self._told_purge = told_purge
        self._clock = clock
        self._shell = shell
        self._in_shell = _IN_SHELL if shell.path else _PAGE
        self.preview = preview
        # A bare router: what a room raises is the entrance's to answer, as anything else is.
        self._app = Router(
            redirect_slashes=False,
            routes=[
                Route("/-/jwks.json", self._keys),
                Route("/-/purge", self._purge, methods=["POST"]),
                Route("/-/decide", self._decide),
                Route("/-/help", self._help),
                Route("/-/help", self._look_again, methods=["POST"]),
                Route("/-/me", self._me),
                Route("/-/me.js", self._script),
                Route("/-/preview", self._preview),
                Route("/-/{rest:path}", self._missing, methods=None),
            ],
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def before(self, extra: Application) -> Application:
        """``extra`` first; what it leaves unanswered comes here. It says so by raising nothing and
        returning False from ``answers``."""

        async def first(scope: Any, receive: Any, send: Any) -> None:
            takes = getattr(extra, "takes", None)
            if takes is not None and takes(scope["path"]):
                await extra(scope, receive, send)
            else:
                await self._app(scope, receive, send)

        return first

    async def _keys(self, http: HttpRequest) -> Response:
        headers = {"cache-control": "public, max-age=300", "x-robots-tag": "noindex"}
        return JSONResponse(self._jwks, headers=headers)

    async def _help(self, http: HttpRequest) -> Response:
        request = _admitted(http)
        reader = await self._reader(request)
        written, headers = http.query_params.get("from", "/"), http.scope["headers"]
        page = await self._help_page.draw(request, reader, headers, written)
        return Response(await self._shell.around(page, request), headers=self._in_shell)

    async def _look_again(self, http: HttpRequest) -> Response:
        request = _admitted(http)
        form = await _form(http)
        to, headers = form.get("from", ["/"])[0], http.scope["headers"]
        reader = await self._reader(request)
        location = await self._help_page.look_again(reader, request, headers, to)
        return Response(status_code=303, headers={**_NOINDEX, "location": location})

    async def _reader(self, request: Request) -> Reader:
        return await self._readers.reader_of(request.header(b"cookie"), self._clock.now())

    async def _me(self, http: HttpRequest) -> Response:
        return _response(me.me(await self._reader(_admitted(http)), self._clock.now()))

    async def _script(self, http: HttpRequest) -> Response:
        return _response(me.script())

    async def _preview(self, http: HttpRequest) -> Response:
        """For designers, in the demo and in `lychgate try` alone."""
        if not self.preview:
            return await self._missing(http)
        language = self._failures.language(_admitted(http))
        return Response(self._templates.preview(language), headers=_PAGE)

    async def _missing(self, http: HttpRequest) -> Response:
        return _response(self._failures.status(404, "not-found", request=_admitted(http)))

    async def _decide(self, http: HttpRequest) -> Response:
        client = http.client.host if http.client else ""
        headers = http.scope["headers"]
        try:
            asked = self._forward_auth.asked(
                headers,
                peer=client,
                scheme=http.scope["scheme"],
                path_parameters_allowed=self._policy().path_parameters_allowed,
            )
        except RequestRefused as refused:
            return _response(self._failures.of_error(refused, request=None, error_id=""))
        now = self._clock.now()
        reader = await self._readers.reader_of(asked.header(b"cookie"), now)
        return _response(self._forward_auth.answer(asked, reader, policy=self._policy(), now=now))

    async def _purge(self, http: HttpRequest) -> Response:
        """``Authorization: Bearer KEY`` and one of ``path=``, ``url=``, ``tag=``, ``all=1``.

        Raises StoreUnavailable where the others couldn't be told: 503, so that it is sent again.
        """
        bearer = http.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._purge_key or not hmac.compare_digest(
            bearer.encode(), self._purge_key.encode()
        ):
            return _response(self._failures.problem(403, "purge-key", error_id=""))
        named = _to_purge(await _form(http) | parse_qs(http.url.query))
        if not named:
            return _response(self._failures.problem(400, "purge-names-nothing", error_id=""))
        dropped = 0
        # All of it here first: what can be dropped doesn't wait for a store that is away.
        for word, value in named:
            dropped += self._cache.purge(**{word: value} if value else {"everything": True})
        for word, value in named:
            await self._told_purge(f"{word}:{value}" if value else word)
        return JSONResponse({"dropped": dropped}, headers=_NOINDEX)


def _admitted(http: HttpRequest) -> Request:
    request: Request = http.scope["state"]["request"]
    return request


def _to_purge(asked: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Each ``path`` and ``tag`` with its value, and ``all`` without. Raises RequestRefused (400)."""
    paths = [*asked.get("path", ()), *(_path_of(url) for url in asked.get("url", ()))]
    # As a browser sends what people write: a form's field is decoded already.
    sent = (quote(path, safe=_WRITTEN).encode() for path in paths)
    named = [("path", canonical_path(path).decode()) for path in sent]
    named += [("tag", tag) for tag in asked.get("tag", ())]
    return [*named, ("all", "")] if asked.get("all") else named


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path or "/"
    except ValueError:  # half an IPv6 address, as in http://[::1
        raise RequestRefused(400, "purge-url-unreadable") from None


async def _form(http: HttpRequest) -> dict[str, list[str]]:
    """Raises RequestRefused(413) once it is longer than any that people send here."""
    body = b""
    try:
        async for chunk in http.stream():
            body += chunk
            if len(body) > _FORM_BYTES_MAX:
                raise RequestRefused(413, "form-too-large")
    except ClientDisconnect:
        raise ConnectionAbortedError("the reader left") from None
    return parse_qs(body.decode("latin-1"))


def _response(plain: Plain) -> Response:
    response = Response(plain.body, status_code=plain.status)
    said = [*plain.headers, (b"content-length", b"%d" % len(plain.body))]
    if not any(name == b"x-robots-tag" for name, _ in said):
        said.append((b"x-robots-tag", b"noindex"))
    response.raw_headers = said
    return response
