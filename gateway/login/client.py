"""Asking a provider: bounded in time, bytes and redirects, every foreign error mapped. The door to
httpx2 for the login way.

Nothing here is on the way of an article: a provider that hangs costs its own reader three seconds.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx2

from gateway.errors import ProviderUnavailable

ANSWER_SECONDS = 2.5  # for all that one step of a login asks; the page stands within 3 s
BYTES_MAX = 512 << 10


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Around all that one step asks. Raises ProviderUnavailable."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            with _mapped():
                yield
    except TimeoutError:
        raise ProviderUnavailable("no answer in time") from None


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ProviderUnavailable(type(error).__name__) from error


class Bounded(httpx2.AsyncBaseTransport):
    """A transport that reads no more than BYTES_MAX of any answer, once decoded or not, and knows no
    cookies: one client serves all logins, and what a provider sets in one is nobody else's."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # A small body can hide a large one: nothing coded is asked for.
        request.headers["accept-encoding"] = "identity"
        request.headers.pop("cookie", None)
        response = await self._inner.handle_async_request(request)
        response.headers.pop("set-cookie", None)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise ProviderUnavailable("a coded answer")
        response.stream = _Counted(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > BYTES_MAX:
                raise ProviderUnavailable("an answer too large")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def transport() -> Bounded:
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=20)
    return Bounded(httpx2.AsyncHTTPTransport(limits=limits, retries=0, trust_env=False))


class Client:
    """One for all providers. ``close`` ends it."""

    def __init__(self) -> None:
        self._client = httpx2.AsyncClient(
            transport=transport(),
            timeout=ANSWER_SECONDS,
            follow_redirects=False,
            trust_env=False,
        )

    async def json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        withheld: tuple[int, ...] = (),
    ) -> object:
        """What stands at ``url``; None for the statuses ``withheld``, by which it isn't for us.
        Raises ProviderUnavailable; within ``in_time``."""
        with _mapped():
            response = await self._client.get(
                url, headers={"accept": "application/json", **(headers or {})}
            )
        if response.status_code in withheld:
            return None
        if response.status_code != 200:
            raise ProviderUnavailable(f"status {response.status_code}")
        return parsed(response.content)

    async def close(self) -> None:
        await self._client.aclose()


def parsed(body: bytes) -> object:
    """JSON. Raises ProviderUnavailable."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ProviderUnavailable("not JSON") from None
