"""The sessions of the demo's identity provider, and their end: asked for by the gateway, or by the
reader on the provider's own page.

OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0. Whichever way a session ends, the
client is told on the back channel. Who may log in, and how, is ``identity``'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.identity_asked import fields, language
from gateway.demo.identity_page import account, confirm, refused, reply, signed_out
from gateway.demo.identity_tokens import Tokens

COOKIE = "fanal-id"  # a name of its own: cookies are a host's, whatever the port
SESSIONS_MAX = 1000
_NOTICE_SECONDS = 3.0

Post = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Session:
    """``id`` is its public name (``sid``), ``key`` the cookie's value."""

    key: str
    id: str
    subject: str
    name: str
    began_at: float


class Sessions:
    def __init__(self) -> None:
        self._live: dict[str, Session] = {}

    def of(self, http: Request) -> Session | None:
        return self._live.get(http.cookies.get(COOKIE, ""))

    def begin(self, http: Request, *, subject: str, name: str, now: float) -> Session:
        """The browser's session goes on where it is the same person's, at a new time."""
        held = self.of(http)
        key, session_id = secrets.token_urlsafe(24), secrets.token_urlsafe(12)
        if held is not None and held.subject == subject:
            key, session_id = held.key, held.id
        elif len(self._live) >= SESSIONS_MAX:
            self._live.pop(next(iter(self._live)))
        self._live[key] = Session(key, session_id, subject, name, now)
        return self._live[key]

    def end(self, session: Session) -> None:
        self._live.pop(session.key, None)

    def named(self, session_id: object) -> Session | None:
        return next((each for each in self._live.values() if each.id == session_id), None)


class Leaving:
    """``logout_uris``: where a client may have readers sent back to. ``post`` sends a logout token."""

    def __init__(
        self,
        *,
        client_id: str,
        logout_uris: tuple[str, ...],
        backchannel_url: str,
        tokens: Tokens,
        sessions: Sessions,
        post: Post,
    ) -> None:
        self._client_id, self._logout_uris = client_id, logout_uris
        self._backchannel_url, self._post = backchannel_url, post
        self._tokens, self._sessions = tokens, sessions
        self.routes = [
            Route("/", self._account),
            Route("/leave", self._leave, methods=["POST"]),
            Route("/logout", self._log_out, methods=["GET", "POST"]),
        ]

    async def _account(self, http: Request) -> Response:
        """Whom this browser is logged in as, and a button to leave."""
        session = self._sessions.of(http)
        spoken = language("", http.headers.get("accept-language", ""))
        return reply(account(session.name if session else "", spoken))

    async def _leave(self, http: Request) -> Response:
        """The button of our own pages. It has a session to end only where the browser sent its
        cookie, which it doesn't on another site's POST (``SameSite=Lax``)."""
        if session := self._sessions.of(http):
            await self._end(session)
        spoken = language("", http.headers.get("accept-language", ""))
        return _forgetting(reply(signed_out(spoken)))

    async def _log_out(self, http: Request) -> Response:
        """``end_session``: at once with an id token of ours; else the reader is asked first."""
        raw = await http.body() if http.method == "POST" else http.url.query.encode()
        asked = fields(raw)
        spoken = language(
            (asked or {}).get("ui_locales", ""), http.headers.get("accept-language", "")
        )
        if asked is None:
            return reply(refused("invalid_request", spoken), 400)
        hint = self._tokens.of_ours(asked["id_token_hint"]) if "id_token_hint" in asked else {}
        named = asked.get("client_id", self._client_id)
        if hint is None or named != self._client_id:
            return reply(refused("invalid_request", spoken), 400)
        back = asked.get("post_logout_redirect_uri", "")
        if back and back not in self._logout_uris:
            return reply(refused("post_logout_redirect_uri", spoken), 400)
        if not hint:
            return reply(confirm(spoken))
        if session := self._sessions.named(hint.get("sid")):
            await self._end(session)
        if not back:
            return _forgetting(reply(signed_out(spoken)))
        state = f"?{urlencode({'state': asked['state']})}" if "state" in asked else ""
        return _forgetting(RedirectResponse(back + state, 303))

    async def _end(self, session: Session) -> None:
        self._sessions.end(session)
        if self._backchannel_url:
            token = self._tokens.logout_token(subject=session.subject, session_id=session.id)
            await self._post(self._backchannel_url, token)


def _forgetting(response: Response) -> Response:
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


async def post_logout_token(url: str, token: str) -> None:
    """Back-Channel Logout 1.0, 2.5. A client that is away isn't told, and the session has ended."""
    import httpx2  # costs a start what only a logout needs

    async with httpx2.AsyncClient(trust_env=False, timeout=_NOTICE_SECONDS) as client:
        try:
            await client.post(url, data={"logout_token": token})
        except httpx2.HTTPError:
            return
