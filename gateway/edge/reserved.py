"""The rooms under ``/-/``: one look at where a POST comes from, then to whom it belongs.

Whatever changes something is posted by a page of the site's own; the few that come from elsewhere
bring a proof of their own (a signature, a key, a login's state) and are named here. A provider sends
its reader back to ``site.url``, whose cookies an alias doesn't have, so logins begin there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from gateway.edge.entrance import Application
from gateway.edge.origin_check import check_origin
from gateway.model.request import Request

_LOGIN_PATHS = ("/-/login", "/-/login/", "/-/logout", "/-/account", "/-/account/")
_MONEY_PATHS = (
    "/-/plans",
    "/-/checkout",
    "/-/checkout/",
    "/-/portal",
    "/-/cancel",
    "/-/cancel/",
    "/-/withdraw",
    "/-/withdraw/",
    "/-/adopt",
    "/-/adopt/",
    "/-/stripe/webhook",
)
# What a process of its own answers, where there is one (``edge.relay``).
ROOMS = (*_LOGIN_PATHS, *_MONEY_PATHS, "/-/finance", "/-/finance/")
_WITH_PROOF = frozenset(("/-/purge", "/-/stripe/webhook", "/-/decide"))
_LOGIN = "/-/login/"
# Their cookie is that of the page on which the letter was asked for.
_MAILED = ("mail", "code")
# In the query of who was sent on: a front that names an alias for every host would send them round.
_SENT_ON = b"at=site"
_LOGIN_WITH_PROOF = ("/callback", "/start", "/backchannel-logout")


@dataclass(frozen=True, slots=True)
class Room:
    """``paths`` are each a path, or all below one where it ends with a slash."""

    paths: tuple[str, ...]
    application: Application

    def holds(self, path: str) -> bool:
        return any(
            path == each or (each[-1] == "/" and path.startswith(each)) for each in self.paths
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """``origins``: the site's own, such as ``https://news.example``. ``host`` is that of ``site_url`` as
    requests name it. ``rest`` has what no room has."""

    rooms: Sequence[Room]
    rest: Application
    origins: frozenset[bytes]
    site_url: str
    host: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request: Request = scope["state"]["request"]
        if not with_proof(request.path):
            check_origin(request, origins=self.origins)
        if request.host != self.host and _begins_login(request):
            return await self._sent_on(request)(scope, receive, send)
        for room in self.rooms:
            if room.holds(scope["path"]):
                return await room.application(scope, receive, send)
        return await self.rest(scope, receive, send)

    def _sent_on(self, request: Request) -> Response:
        query = b"&".join(filter(None, (request.query, _SENT_ON))).decode()
        location = f"{self.site_url}{request.path}?{query}"
        headers = {"location": location, "cache-control": "private, no-store"}
        return Response(status_code=303, headers=headers)


def _begins_login(request: Request) -> bool:
    """A form's answer stays where it was posted, and what it says isn't sent on."""
    if request.method not in ("GET", "HEAD") or _SENT_ON in request.query.split(b"&"):
        return False
    _, _, room, *below = request.path.split("/")
    return room == "login" and not (below and below[0] in _MAILED)


def with_proof(path: str) -> bool:
    """Whether a POST there is believed for something else than where it was made."""
    if path in _WITH_PROOF:
        return True
    return path.startswith(_LOGIN) and path.endswith(_LOGIN_WITH_PROOF)
