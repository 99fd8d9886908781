"""One gateway in this very process, for ``demo`` and ``try``: no workers, loopback alone.

Nothing of this is reachable through ``serve``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import uvicorn

from gateway.model.entitlement import Entitlement
from gateway.model.reader import ANONYMOUS, Reader
from gateway.ops.server import Server

if TYPE_CHECKING:
    from gateway.app import Lychgate
    from gateway.policy.compile import Policy

KINDS = ("anonymous", "member", "subscriber")
ANY_TIER = "any"
# What the rooms stand on takes half a second to import: pages are served meanwhile.
_ROOMS = ("gateway.wiring.adopting_room", "gateway.wiring.login", "gateway.wiring.console")


def tiers_of(policy: Policy) -> tuple[str, ...]:
    """Every tier that a policy names, or one that none does."""
    named = {tier for rule in policy.rules if rule.access is not None for tier in rule.access.tiers}
    return tuple(sorted(named)) or (ANY_TIER,)


def readers_for(policy: Policy) -> dict[str, Reader]:
    """One reader of each kind; the subscriber holds every tier that the policy names."""
    held = tuple(Entitlement(tier, 0.0, 1e18) for tier in tiers_of(policy))
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


@contextlib.asynccontextmanager
async def _serving(config: uvicorn.Config, taken: socket.socket) -> AsyncIterator[None]:
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 — uvicorn has a flag alone
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def _at_work(work: Awaitable[None]) -> AsyncIterator[None]:
    """Its end comes with ours."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended


def site_config(application: Any, *, dated: bool = False) -> uvicorn.Config:
    """How an embedded site is served: plainly. ``dated``: its answers bear a date of their own."""
    return uvicorn.Config(
        application,
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        loop="uvloop",
        date_header=not dated,
    )


async def play(
    lychgate: Lychgate,
    taken: socket.socket,
    *,
    beside: Sequence[tuple[uvicorn.Config, socket.socket]] = (),
    furnish: Callable[[], Awaitable[None]] | None = None,
    settle: Callable[[], Awaitable[None]] | None = None,
    working: Callable[[], Awaitable[None]] | None = None,
    started: Callable[[], None],
) -> None:
    """Until a signal comes. ``beside`` is served too; ``furnish`` runs once before, ``settle`` once
    pages are served, and ``working`` from then until the end. The collector works from then on, too."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await lychgate.startup(rooms_too=False)
    try:
        async with contextlib.AsyncExitStack() as stack:
            for each in beside:
                await stack.enter_async_context(_serving(*each))
            if furnish is not None:
                await furnish()
            await stack.enter_async_context(_serving(lychgate.config, taken))
            for room in _ROOMS:
                await asyncio.to_thread(import_module, room)
            await lychgate.open_rooms()
            if settle is not None:
                await settle()
            if working is not None:
                await stack.enter_async_context(_at_work(working()))
            gc.enable()
            started()
            await stopping.wait()
    finally:
        await lychgate.shutdown()
