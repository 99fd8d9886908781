"""One request after ingress: canonical, cleaned, and the only thing that decisions look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Device(StrEnum):
    DESKTOP = "desktop"
    PHONE = "phone"
    TABLET = "tablet"


@dataclass(frozen=True, slots=True)
class Request:
    """``edge.ingress`` makes it; nothing else may.

    ``path`` is the canonical path: absolute, ASCII, percent-encoded with upper-case hex, unreserved
    characters decoded, no empty, ``.`` or ``..`` segment. The very same bytes are judged and sent.
    ``query`` is raw, without ``?``. ``headers`` have lower-case names; hop-by-hop, identity, path-
    and method-override headers are gone. ``client`` is the reader's address as far as trusted
    proxies tell it. ``country`` is an ISO 3166 code, or empty when no trusted proxy says it.
    ``has_session_cookie``: a cookie of ours came along, whatever it is worth.
    """

    method: str
    host: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    client: str = ""
    scheme: str = "http"
    country: str = ""
    has_session_cookie: bool = False
    id: str = ""

    def header(self, name: bytes) -> bytes | None:
        """The first value of a lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None
