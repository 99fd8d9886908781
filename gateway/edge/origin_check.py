"""Whether a request that changes something comes from the site's own pages.

Pure. Browsers say where a request was made (Fetch Standard: Origin, Sec-Fetch-Site); a form of ours
is on the site's own origin, so nothing else counts. A request that says neither wasn't made by a
current browser's form, and is refused.
"""

from __future__ import annotations

from gateway.errors import RequestRefused
from gateway.model.request import Request

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


def check_origin(request: Request, *, origins: frozenset[bytes]) -> None:
    """``origins``: the site's own, such as ``https://news.example``. Raises RequestRefused 403."""
    if request.method in _SAFE:
        return
    if not comes_from(request, origins=origins):
        raise RequestRefused(403, "cross-origin")


def comes_from(request: Request, *, origins: frozenset[bytes]) -> bool:
    """Each header that is there must say the site's own origin, and one must be there."""
    origin = _said(request, b"origin")
    site = _said(request, b"sec-fetch-site")
    if origin == () and site == ():
        return False
    if origin != () and (len(origin) > 1 or origin[0] not in origins):
        return False
    return site in ((), (b"same-origin",))


def _said(request: Request, name: bytes) -> tuple[bytes, ...]:
    return tuple(value for key, value in request.headers if key == name)
