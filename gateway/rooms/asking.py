"""A request of the login way, and what answers it: values that no framework is needed for.

``routes`` makes an ``Ask`` of an admitted request and sends a ``Reply``; all between are functions
from one to the other. What must not be here: who may read what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.errors import RequestRefused
from gateway.model.request import Request

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """``session_id`` stands in the session cookie under our signature, and may be over.

    ``form`` is empty unless a form was posted. ``network`` is the reader's /24 or /64.
    """

    request: Request
    query: Mapping[str, list[str]]
    form: Mapping[str, list[str]] = field(default_factory=dict)
    session_id: str = ""
    language: str
    network: str = ""
    now: float

    @property
    def posted(self) -> bool:
        return self.request.method == "POST"

    def asked(self, name: str) -> str:
        """One value of the query, or nothing. Raises RequestRefused where there are several."""
        return _one(self.query, name)

    def written(self, name: str) -> str:
        """One field of the form, or nothing. Raises RequestRefused where there are several."""
        return _one(self.form, name)

    def header(self, name: bytes) -> str:
        return (self.request.header(name) or b"").decode("latin-1")

    @property
    def cookies(self) -> tuple[tuple[bytes, bytes], ...]:
        """Name and value of each, in the browser's order."""
        found = []
        for name, value in self.request.headers:
            if name == b"cookie":
                for part in value.split(b";"):
                    key, mark, text = part.strip().partition(b"=")
                    if mark:
                        found.append((key, text))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Reply:
    """``cookies`` are whole Set-Cookie values."""

    status: int
    headers: Headers = ()
    body: bytes = field(repr=False, default=b"")
    cookies: tuple[bytes, ...] = field(repr=False, default=())

    def with_cookies(self, *cookies: bytes) -> Reply:
        return replace(self, cookies=(*self.cookies, *cookies))

    def with_headers(self, *headers: tuple[bytes, bytes]) -> Reply:
        """Each takes the place of its namesakes."""
        new = {name for name, _ in headers}
        kept = tuple(each for each in self.headers if each[0] not in new)
        return replace(self, headers=(*kept, *headers))


# Referrer-Policy: a token in our address is nobody's business, the origin's logs included; but under
# "no-referrer" browsers post our own forms with `Origin: null` (Fetch Standard, "append a request
# Origin header"), and those are refused.
PRIVATE: Headers = (
    (b"cache-control", b"private, no-store"),
    (b"referrer-policy", b"strict-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex"),
)


def see_other(location: str) -> Reply:
    """303: whatever the method was, the next one is GET."""
    return Reply(303, ((b"location", location.encode("ascii")), *PRIVATE))


def _one(fields: Mapping[str, list[str]], name: str) -> str:
    values = fields.get(name, ())
    if len(values) > 1:
        raise RequestRefused(400, "doubled-field")
    return values[0] if values else ""
