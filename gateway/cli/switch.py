"""Changing readers while playing: a link that signs a session of a made-up reader, or ends it.

Where nobody can log in or pay, a wall's own buttons do the same: registering makes a member,
subscribing a subscriber.

The session is as real as any: a signed cookie, verified and cached by ``identity.sessions``; only
its store is this object, in memory. For ``demo`` and ``try`` alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from gateway.identity.cookies import CookieSigner, cookie_name, set_cookie
from gateway.identity.sessions import Session
from gateway.model.reader import Reader

if TYPE_CHECKING:
    from gateway.config import Settings

_DAY_SECONDS = 86_400
# Where the walls' buttons lead, and whom that makes of the reader.
_BUTTONS = {
    "/-/login": "member",
    "/-/plans": "subscriber",
    "/-/account": "subscriber",
    "/-/logout": "anonymous",
}


class Switch:
    """A session store, and the ASGI application that begins its sessions.

    ``GET {prefix}{kind}?return_to=/path`` answers 303 with the cookie. It changes nothing but who looks,
    on a gateway that only this machine can reach.
    """

    def __init__(self, settings: Settings, *, prefix: str) -> None:
        self.readers: dict[str, Reader] = {}
        self._prefix = prefix
        self._signer = CookieSigner([key.get_secret_value() for key in settings.keys.cookie])
        self._cookie = cookie_name(settings.site.url)

    async def session(self, session_id: str, *, now: float) -> Session | None:
        reader = self.readers.get(session_id)
        return Session(session_id, reader, now + _DAY_SECONDS) if reader and reader.id else None

    async def sessions(self, ids: Collection[str], *, now: float) -> Mapping[str, Session]:
        found = [await self.session(session_id, now=now) for session_id in ids]
        return {session.id: session for session in found if session is not None}

    async def seen(self, sightings: Mapping[str, float]) -> None:
        """Nobody asks when a made-up reader was last here."""

    def takes(self, path: str) -> bool:
        return path.startswith(self._prefix) or path in _BUTTONS

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        kind = _BUTTONS.get(path) or path.removeprefix(self._prefix)
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        back = local_path(query.get("return_to", ["/"])[0])
        seconds = _DAY_SECONDS if kind in self.readers and self.readers[kind].id else 0
        value = self._signer.sign(kind) if seconds else ""
        cookie = set_cookie(self._cookie, value, secure=False, seconds=seconds)
        headers = [
            (b"location", back.encode("ascii", "replace")),
            (b"set-cookie", cookie),
            (b"cache-control", b"no-store"),
            (b"content-length", b"0"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def local_path(written: str) -> str:
    """A path of this site, or its front page."""
    plain = written.isascii() and written.isprintable() and "\\" not in written
    return written if plain and written.startswith("/") and not written.startswith("//") else "/"
