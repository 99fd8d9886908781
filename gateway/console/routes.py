"""``/-/finance/…``: the console's pages. A door to Starlette.

Every look is in the audit log before it is shown, with who, when, what. What must not be here: a
decision of its own; ``explain`` asks the gate.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, quote

from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router

from gateway.clock import Clock
from gateway.console.access import Denied, Operator, admit
from gateway.console.address import target_of
from gateway.console.explain import Asking, Explanation, explain, reader_named
from gateway.errors import LychgateError, RequestRefused, SessionInvalid
from gateway.identity.accounts import Accounts
from gateway.identity.cookies import CookieSigner, find
from gateway.identity.roles import Operators
from gateway.model.reader import Reader
from gateway.model.request import Request

_URL_MAX = 2000
_FORM_BYTES_MAX = 16 << 10
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "private, no-store",
    "referrer-policy": "strict-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
}
# What the page shows of an explanation, in this order; each is a text's key too.
_SHOWN = "status decision wall reason access rule way kind label label_from caching".split()


class Drawing(Protocol):
    def page(self, name: str, language: str, **context: object) -> bytes: ...


class Audit(Protocol):
    async def note(self, *, who: str, act: str, what: str, why: str = "", now: float) -> None:
        """Append. Raises StoreUnavailable: what can't be written down isn't shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleRoutes:
    """``readers_with`` finds the accounts of an address."""

    accounts: Accounts
    operators: Operators
    audit: Audit
    drawing: Drawing
    asking: Callable[[], Asking]
    readers_with: Callable[[str], Awaitable[tuple[Reader, ...]]]
    signer: CookieSigner
    cookie_name: bytes
    language_of: Callable[[Request], str]
    site_url: str
    clock: Clock

    def router(self) -> Router:
        return Router(
            routes=[
                Route("/-/finance", self._home),
                Route("/-/finance/", self._home),
                Route("/-/finance/explain", self._explain, methods=["GET", "POST"]),
            ],
            redirect_slashes=False,
            default=_missing,
        )

    async def _home(self, http: HttpRequest) -> Response:
        entered = await self._entered(http)
        if isinstance(entered, Response):
            return entered
        return RedirectResponse("/-/finance/explain", 303, {"cache-control": "private, no-store"})

    async def _explain(self, http: HttpRequest) -> Response:
        """URL × reader → decision, as `lychgate explain` says it. Posted, for an address of a reader
        has no place in an address bar; a link may name the page."""
        entered = await self._entered(http)
        if isinstance(entered, Response):
            return entered
        form = parse_qs((await http.body())[:_FORM_BYTES_MAX].decode("latin-1"))
        asked = form if http.method == "POST" else {"url": [http.query_params.get("url", "")]}
        url = asked.get("url", [""])[0].strip()[:_URL_MAX]
        named = asked.get("as", ["anonymous"])[0].strip()[:320] or "anonymous"
        found: Explanation | None = None
        wrong = ""
        if url and http.method == "POST":
            now = self.clock.now()
            what = f"{url} as {named}"
            await self.audit.note(who=entered.who, act="explain", what=what, now=now)
            try:
                found = await self._explained(url, named)
            except LookupError:
                wrong = "console.no-such-reader"
            except RequestRefused:
                wrong = "console.not-this-site"
            except LychgateError as error:
                wrong = (
                    f"console.{'origin' if error.status in (502, 503, 504) else 'not-this-site'}"
                )
        told = [(name, str(getattr(found, name))) for name in _SHOWN if getattr(found, name, "")]
        if found is not None and found.body_found:
            told.append(
                ("words", f"{found.words_kept} / {found.words_kept + found.words_withheld}")
            )
        return self._page(
            http,
            "finance-explain",
            url=url,
            named=named,
            told=told,
            wrong=wrong,
            who=entered.who,
            roles=sorted(entered.roles),
        )

    async def _explained(self, url: str, named: str) -> Explanation:
        """Raises LookupError where nobody has the address."""
        reader = reader_named(named)
        if reader is None:
            accounts = await self.readers_with(named.lower())
            if not accounts:
                raise LookupError(named)
            reader = accounts[0]
        target = target_of(url, site_url=self.site_url)
        return await explain(self.asking(), target, reader, named=named)

    async def _entered(self, http: HttpRequest) -> Operator | Response:
        request: Request = http.scope["state"]["request"]
        now = self.clock.now()
        raw = find(request.header(b"cookie") or b"", self.cookie_name)
        login = None
        if raw:
            try:
                login = await self.accounts.login(self.signer.verify(raw), now=now)
            except SessionInvalid:
                login = None
        entered = admit(login, self.operators, now=now)
        if isinstance(entered, Operator):
            return entered
        login_url = f"/-/login?return_to={quote(request.path, safe='/')}"
        if entered is Denied.ANONYMOUS:
            return RedirectResponse(login_url, 303, {"cache-control": "private, no-store"})
        roles = sorted(self.operators.roles(login)) if login else []
        stale = entered is Denied.STALE
        return self._page(
            http, "finance-denied", status=403, roles=roles, stale=stale, login_url=login_url
        )

    def _page(
        self, http: HttpRequest, name: str, *, status: int = 200, **context: object
    ) -> Response:
        language = self.language_of(http.scope["state"]["request"])
        body = self.drawing.page(name, language, **context)
        return Response(body, status, {**_HEADERS, "content-language": language})


async def _missing(scope: object, receive: object, send: object) -> None:
    raise RequestRefused(404, "not-found")
