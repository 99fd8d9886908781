"""A gateway that answers commands instead of a socket: built as ``serve`` builds it, never served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.errors import StoreUnavailable

if TYPE_CHECKING:
    from gateway.app import Lychgate
    from gateway.config import Settings
    from gateway.console.explain import Asking


@asynccontextmanager
async def asking(settings: Settings) -> AsyncIterator[Asking]:
    """Raises Faults for faulty policies."""
    from gateway.app import build
    from gateway.console.explain import Asking

    lychgate = build(settings)
    await lychgate.origin.open()
    try:
        await _take_over_openings(lychgate)
        yield Asking(
            ingress=lychgate.entrance.ingress,
            gate=lychgate.entrance.gate,
            policy=lychgate.policies.get,
            host=urlsplit(settings.site.url).netloc,
        )
    finally:
        await lychgate.origin.close()
        if lychgate.store is not None:
            await lychgate.store.close()


async def _take_over_openings(lychgate: Lychgate) -> None:
    """Stories opened by hand count here too, where there is a store to say so."""
    from gateway.clock import SystemClock
    from gateway.stores.openings import Openings

    if lychgate.store is not None:
        with suppress(StoreUnavailable):
            live = await Openings(lychgate.store).live(now=SystemClock().now())
            lychgate.policies.open_stories(live)
