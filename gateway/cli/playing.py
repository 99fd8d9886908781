"""One gateway in this very process, for ``demo`` and ``try``: no store, no workers, loopback alone.

Readers are made up, three of them. Nobody can log in here, and nothing of this is reachable through
``serve``.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

import uvicorn

from gateway.model.entitlement import Entitlement
from gateway.model.reader import ANONYMOUS, Reader

if TYPE_CHECKING:
    from gateway.app import Lychgate
    from gateway.policy.compile import Policy

KINDS = ("anonymous", "member", "subscriber")
ANY_TIER = "any"


def readers_for(policy: Policy) -> dict[str, Reader]:
    """One reader of each kind; the subscriber holds every tier that the policy names."""
    named = {tier for rule in policy.rules if rule.access is not None for tier in rule.access.tiers}
    held = tuple(Entitlement(tier, 0.0, 1e18) for tier in sorted(named) or [ANY_TIER])
    return {
        "anonymous": ANONYMOUS,
        "member": Reader(id="member", name="Camille", email="camille@reader.example"),
        "subscriber": Reader(
            id="subscriber", name="Dominique", email="dominique@reader.example", entitlements=held
        ),
    }


class OneReader:
    """Stands in for sessions: everything is read as one reader (``--as``)."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    async def reader_of(self, cookie_header: bytes | None, now: float) -> Reader:
        return self.reader


def new_key() -> str:
    return secrets.token_urlsafe(32)


def listener(port: int) -> socket.socket:
    """A loopback socket; port 0 asks the system for a free one. Raises OSError."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen(512)
    return made


class _Server(uvicorn.Server):
    """uvicorn's, but signals are ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _serving(config: uvicorn.Config, taken: socket.socket) -> AsyncIterator[None]:
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 — uvicorn has a flag alone
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task


def site_config(application: Any) -> uvicorn.Config:
    """How the embedded site is served: plainly."""
    return uvicorn.Config(
        application, lifespan="off", ws="none", access_log=False, log_config=None, loop="uvloop"
    )


async def play(
    lychgate: Lychgate,
    taken: socket.socket,
    *,
    site: tuple[uvicorn.Config, socket.socket] | None = None,
    started: Callable[[], None],
) -> None:
    """Until a signal comes."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await lychgate.startup()
    try:
        async with contextlib.AsyncExitStack() as stack:
            if site is not None:
                await stack.enter_async_context(_serving(*site))
            await stack.enter_async_context(_serving(lychgate.config, taken))
            started()
            await stopping.wait()
    finally:
        await lychgate.shutdown()
