"""The background process's own way of asking the origin, with the gateway's identity or without."""

from __future__ import annotations

from gateway.config import Settings
from gateway.origin import forward
from gateway.origin.fetch import Origin, OriginRequest
from gateway.page.document import decode_body
from gateway.wiring.origin import forward_settings, origin_of

_BYTES_MAX = 16 << 20


class Asking:
    """``open`` and ``close`` stand around its use."""

    def __init__(self, settings: Settings) -> None:
        self._origin: Origin = origin_of(settings)
        self._forwarding = forward_settings(settings)

    async def open(self) -> None:
        await self._origin.open()

    async def close(self) -> None:
        await self._origin.close()

    async def ask(self, path: str, identity: bool) -> tuple[int, bytes]:
        """Status and decoded body. Raises OriginFailed and its kin, or PageUnreadable."""
        headers = forward.as_gateway(settings=self._forwarding, identity=identity)
        response = await self._origin.fetch(
            OriginRequest(method="GET", target=path.encode(), headers=headers)
        )
        try:
            raw = await response.read(_BYTES_MAX)
            return response.status, decode_body(raw, response.header(b"content-encoding"))
        finally:
            await response.close()
