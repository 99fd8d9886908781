"""The one door to the origin, and to aiohttp: byte-exact, without cookies, redirects or decoding.

aiohttp is held to that by an encoded URL, a DummyCookieJar, no default headers, no proxy from the
environment. Every error of it and of the network becomes OriginFailed or OriginTimeout here; an
answer that isn't whole raises, and its connection is never used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDict
from yarl import URL

from gateway.errors import OriginBusy, OriginFailed, OriginTimeout

Headers = tuple[tuple[bytes, bytes], ...]

RESPONSE_HEADERS_BYTES_MAX = 64 << 10
PAGE_SECONDS_MAX_FACTOR = 4  # a page trickling in gets this many read timeouts in all
_CHUNK_BYTES = 64 << 10
_SKIP = frozenset((hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE))
_WHOLE = frozenset(("GET", "HEAD", "OPTIONS"))


@dataclass(frozen=True, slots=True)
class OriginRequest:
    """``target`` is path and query as they go over the wire. ``headers`` are all that is sent."""

    method: str
    target: bytes
    headers: Headers
    body: AsyncIterator[bytes] | None = field(default=None, repr=False)


class OriginResponse:
    """An answer whose head has arrived. ``headers`` have lower-case names. Close it, always."""

    __slots__ = ("_response", "_seconds", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, *, read_seconds: float) -> None:
        self._response = response
        self._seconds = read_seconds
        self.status = response.status
        self.headers: Headers = tuple((name.lower(), value) for name, value in response.raw_headers)

    def header(self, name: bytes) -> bytes | None:
        """The first value of a lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    async def read(self, bytes_max: int) -> bytes:
        """The whole body as sent, still coded. Raises OriginFailed when it is cut or too long."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._seconds * PAGE_SECONDS_MAX_FACTOR):
                async for chunk in self.chunks():
                    size += len(chunk)
                    if size > bytes_max:
                        raise OriginFailed("the page is larger than may be read")
                    parts.append(chunk)
        except TimeoutError:
            self._response.close()
            raise OriginTimeout("the page took too long to arrive") from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises when the origin cuts it, so it never looks whole."""
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except TimeoutError:
            raise OriginTimeout("the origin stopped in the middle of a body") from None
        except (aiohttp.ClientError, OSError) as error:
            raise OriginFailed(type(error).__name__) from error

    async def close(self) -> None:
        """Hand the connection back when the body was read to its end, else drop it."""
        if self._response.content.is_eof():
            self._response.release()
        else:
            self._response.close()


class Origin:
    """One pool of connections to one site. ``open`` and ``close`` stand around its use."""

    def __init__(
        self,
        *,
        url: str,
        connect_seconds: float,
        read_seconds: float,
        fetches_max: int,
    ) -> None:
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._fetches_max = fetches_max
        self._under_way = 0
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=30, keepalive_timeout=15),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_SKIP,
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=self._connect_seconds,
                connect=self._connect_seconds,
                sock_read=self._read_seconds,
            ),
            max_line_size=RESPONSE_HEADERS_BYTES_MAX,
            max_field_size=RESPONSE_HEADERS_BYTES_MAX,
            read_bufsize=_CHUNK_BYTES,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def under_way(self) -> int:
        """Requests whose head the origin still owes."""
        return self._under_way

    async def fetch(self, request: OriginRequest) -> OriginResponse:
        """Ask, and return when the head has arrived. Raises OriginFailed, OriginTimeout, OriginBusy."""
        assert self._session is not None, "open the origin first"
        if self._under_way >= self._fetches_max:
            raise OriginBusy
        self._under_way += 1
        try:
            response = await self._ask(self._session, request)
        except TimeoutError:
            raise OriginTimeout("no answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise OriginFailed(type(error).__name__) from error
        finally:
            self._under_way -= 1
        if response.status < 200 or response.raw_headers is None:
            response.close()
            raise OriginFailed("an interim answer that nobody asked for")
        return OriginResponse(response, read_seconds=self._read_seconds)

    async def _ask(
        self, session: aiohttp.ClientSession, request: OriginRequest
    ) -> aiohttp.ClientResponse:
        body = request.body if request.method not in _WHOLE else None
        headers: CIMultiDict[str] = CIMultiDict(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers
            # A length belongs to its body; one without a length is sent in chunks.
            if body is not None or name != b"content-length"
        )
        url = URL(self._base + request.target.decode("ascii"), encoded=True)
        return await session.request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        )
