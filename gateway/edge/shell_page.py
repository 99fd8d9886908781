"""``[site] shell``: the publisher's page into whose ``<main>`` our own pages are set.

Fetched from the origin without the gateway's identity, kept for a minute, and a stale one for as
long as the origin is down. Where there is none, our pages stand by themselves. The shell is asked for as
by nobody, and its marks for readers are settled for each who sees it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.clock import Clock
from gateway.edge.entrance import Readers
from gateway.errors import LychgateError
from gateway.model.request import Request
from gateway.origin import forward
from gateway.origin.fetch import Origin, OriginRequest
from gateway.page import document
from gateway.page.shell import ShellUnfit, into_shell
from gateway.policy.compile import Policy

KEPT_SECONDS = 60.0
_BYTES_MAX = 4 << 20


@dataclass(slots=True, kw_only=True)
class ShellPage:
    """``path`` empty: no shell."""

    path: str
    origin: Origin
    forwarding: forward.ForwardSettings
    readers: Readers
    policy: Callable[[], Policy]
    clock: Clock
    _html: str = ""
    _until: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def around(self, page: bytes, request: Request) -> bytes:
        """``page`` within the shell, or as it is where the shell can't be had or doesn't fit."""
        html = await self._shell() if self.path else ""
        if not html:
            return page
        now = self.clock.now()
        reader = await self.readers.reader_of(request.header(b"cookie"), now)
        kind, settings = reader.kind(now), self.policy().settings
        try:
            return await asyncio.to_thread(
                into_shell, shell=html, page=page, reader=kind, settings=settings
            )
        except ShellUnfit:
            return page

    async def _shell(self) -> str:
        async with self._asking:
            now = self.clock.monotonic()
            if now < self._until:
                return self._html
            self._until = now + KEPT_SECONDS
            with contextlib.suppress(LychgateError):  # then it stays the one that was
                self._html = await self._fetched()
            return self._html

    async def _fetched(self) -> str:
        headers = forward.as_gateway(settings=self.forwarding, identity=False)
        request = OriginRequest(method="GET", target=self.path.encode(), headers=headers)
        response = await self.origin.fetch(request)
        try:
            raw = await response.read(_BYTES_MAX)
        finally:
            await response.close()
        if response.status != 200:
            return self._html
        page = document.decode_body(raw, response.header(b"content-encoding"))
        return document.read(page, response.header(b"content-type")).text
