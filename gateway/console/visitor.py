"""A plain visitor of a site: GET, redirects within the site followed, bodies bounded and decoded.

It asks through ``origin.fetch`` so that targets go out byte for byte and no cookie ever stays. It
has no identity but the headers it is given, so what it sees is what anyone sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

from gateway.errors import LychgateError
from gateway.origin.fetch import Origin, OriginRequest
from gateway.page.document import decode_body

Headers = tuple[tuple[bytes, bytes], ...]

BODY_BYTES_MAX = 16 << 20
REDIRECTS_MAX = 5
AGENT = b"Mozilla/5.0 (compatible; Lychgate)"
ACCEPT = b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer. ``target`` is the path and query that gave it, after redirects."""

    target: str
    status: int
    headers: Headers
    body: bytes = field(repr=False)

    def header(self, name: bytes) -> str:
        """The first value of a lower-case name, or nothing."""
        found = next((value for key, value in self.headers if key == name), b"")
        return found.decode("latin-1")

    @property
    def content_type(self) -> str:
        """Without parameters, in lower case."""
        return self.header(b"content-type").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, good enough to look for words in."""
        for encoding in ("utf-8-sig", "utf-16"):
            if encoding != "utf-16" or self.body[:2] in (b"\xff\xfe", b"\xfe\xff"):
                try:
                    return self.body.decode(encoding)
                except UnicodeDecodeError:
                    continue
        return self.body.decode("latin-1")


class Visitor:
    """``url`` is scheme, host and port. ``host`` is sent instead of that of ``url``; ``headers``
    go along with every request."""

    def __init__(
        self,
        url: str,
        *,
        host: str = "",
        headers: Headers = (),
        seconds: float = 10.0,
        at_once: int = 8,
    ) -> None:
        parts = urlsplit(url)
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._hosts = {parts.netloc.lower(), host.lower()} - {""}
        self._headers: Headers = (
            (b"host", (host or parts.netloc).encode()),
            (b"accept", ACCEPT),
            (b"accept-encoding", b"gzip, br"),
            (b"user-agent", AGENT),
            *headers,
        )
        self._origin = Origin(
            url=self.url, connect_seconds=seconds, read_seconds=seconds, fetches_max=at_once
        )

    async def __aenter__(self) -> Self:
        await self._origin.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._origin.close()

    async def see(self, target: str, *, headers: Headers = ()) -> Seen:
        """Raises OriginFailed and its kin, and PageUnreadable for a body past its bounds."""
        for _ in range(REDIRECTS_MAX):
            seen = await self._once(target, headers)
            onward = self.within(seen.header(b"location"), target) if _moved(seen) else None
            if onward is None or onward == target:
                break
            target = onward
        return seen

    async def glance(self, target: str, *, headers: Headers = ()) -> Seen | None:
        """As ``see``; None where nothing could be read."""
        try:
            return await self.see(target, headers=headers)
        except LychgateError:
            return None

    def within(self, url: str, base: str = "/") -> str | None:
        """Path and query of a URL of this very site, seen from ``base``; None for any other."""
        try:
            parts = urlsplit(urljoin(f"{self.url}{base}", url.strip()))
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or parts.netloc.lower() not in self._hosts:
            return None
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._")
        return f"{path}?{query}" if query else path

    def also_called(self, url: str) -> None:
        """Links to this scheme, host and port mean the same site: pages name their public one."""
        self._hosts.add(urlsplit(url).netloc.lower())

    async def _once(self, target: str, headers: Headers) -> Seen:
        request = OriginRequest("GET", target.encode("ascii"), (*self._headers, *headers))
        response = await self._origin.fetch(request)
        try:
            raw = await response.read(BODY_BYTES_MAX)
        finally:
            await response.close()
        body = decode_body(raw, response.header(b"content-encoding"))
        return Seen(target, response.status, response.headers, body)


def _moved(seen: Seen) -> bool:
    return seen.status in (301, 302, 303, 307, 308)
