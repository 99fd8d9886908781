"""The parent of `serve`: it binds, starts the workers and the background process, and mends.

It stays small and imports late, so that the first page is served within two seconds: the workers
start before it has anything else to do. It owns the ops listener and adds up what workers count.
A worker that dies is started again, more slowly each time; one that says its files are unfit to
serve ends the whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.clock import SystemClock

if TYPE_CHECKING:
    from gateway.config import Settings

UNFIT = 3
KILL_AFTER_SECONDS = 40.0
BACK_OFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 30.0
_CLOCK = SystemClock()


@dataclass(slots=True)
class Child:
    """``number`` is stable; the process changes. ``ready`` is what it last said of itself."""

    number: int
    module: str
    process: subprocess.Popen[bytes] | None = None
    reader: int = -1
    ready: bool = False
    failures: int = 0
    started_at: float = 0.0
    rest: bytes = b""


@dataclass(slots=True)
class Supervisor:
    config_path: Path
    listener: socket.socket
    children: list[Child]
    stopping: bool = False
    exit_code: int = 0
    totals: Any = None
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, child: Child) -> None:
        reader, writer = os.pipe()
        descriptor = self.listener.fileno()
        command = [sys.executable, "-m", child.module, str(self.config_path)]
        child.process = subprocess.Popen(
            [*command, str(descriptor), str(writer)], pass_fds=(descriptor, writer)
        )
        os.close(writer)
        child.reader, child.ready, child.started_at = reader, False, _CLOCK.monotonic()

    def watch(self, child: Child, loop: asyncio.AbstractEventLoop) -> None:
        os.set_blocking(child.reader, False)
        loop.add_reader(child.reader, self._hear, child, loop)

    def _hear(self, child: Child, loop: asyncio.AbstractEventLoop) -> None:
        """Lines of a child's report; its end of the pipe closes when it dies."""
        data = os.read(child.reader, 1 << 16)
        if not data:
            loop.remove_reader(child.reader)
            os.close(child.reader)
            loop.create_task(self._ended(child, loop))
            return
        *lines, child.rest = (child.rest + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            child.ready = told["ready"]
            if self.totals is not None and "snapshot" in told:
                self.totals.report(child.number, told["snapshot"])

    async def _ended(self, child: Child, loop: asyncio.AbstractEventLoop) -> None:
        assert child.process is not None
        code = await asyncio.to_thread(child.process.wait)
        child.ready = False
        if self.totals is not None:
            self.totals.retire(child.number)
        if code == UNFIT and not self.stopping:
            self.exit_code = 1
            self.stop()
        if self.stopping:
            child.process = None
            if all(each.process is None for each in self.children):
                self.done.set()
            return
        steady = _CLOCK.monotonic() - child.started_at > STEADY_SECONDS
        child.failures = 0 if steady else child.failures + 1
        await asyncio.sleep(BACK_OFF_SECONDS[min(child.failures, len(BACK_OFF_SECONDS)) - 1])
        if not self.stopping:
            self.start(child)
            self.watch(child, loop)

    def stop(self) -> None:
        self.stopping = True
        self.tell(signal.SIGTERM)
        if all(each.process is None for each in self.children):
            self.done.set()

    def tell(self, number: int) -> None:
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(number)

    def why_not_ready(self) -> tuple[str, ...]:
        if self.stopping:
            return ("stopping",)
        return tuple(
            f"{child.module.rpartition('.')[2]} {child.number} isn't ready"
            for child in self.children
            if not child.ready
        )


def run(config_path: Path, settings: Settings) -> int:
    """Serve until told to stop; returns the exit code. Raises StoreUnavailable, OSError."""
    from gateway.stores.first import make_if_absent

    make_if_absent(settings.store.url.get_secret_value())
    listener = bind(settings.server.bind.host, settings.server.bind.port)
    workers = [Child(number, "gateway.worker") for number in range(settings.server.workers)]
    supervisor = Supervisor(
        config_path, listener, [*workers, Child(len(workers), "gateway.jobs.background")]
    )
    for child in supervisor.children:
        supervisor.start(child)
    asyncio.run(_run(supervisor, settings))
    return supervisor.exit_code


def bind(host: str, port: int) -> socket.socket:
    """The public listener, shared by all workers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(4096)
    listener.set_inheritable(True)
    return listener


async def _run(supervisor: Supervisor, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    loop.add_signal_handler(signal.SIGHUP, supervisor.tell, signal.SIGHUP)
    for child in supervisor.children:
        supervisor.watch(child, loop)
    ops = asyncio.create_task(_ops(supervisor, settings))
    await supervisor.done.wait() if not supervisor.stopping else None
    stopping = asyncio.create_task(supervisor.done.wait())
    try:
        await asyncio.wait_for(stopping, KILL_AFTER_SECONDS)
    except TimeoutError:
        supervisor.tell(signal.SIGKILL)
    ops.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ops


async def _ops(supervisor: Supervisor, settings: Settings) -> None:
    """The ops listener; imported after the workers are under way."""
    import uvicorn

    from gateway.ops.health import Health
    from gateway.ops.metrics import Totals

    supervisor.totals = Totals()

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    health = Health(ready=supervisor.why_not_ready, metrics=supervisor.totals.page)
    config = uvicorn.Config(
        health,
        host=settings.ops.bind.host,
        port=settings.ops.bind.port,
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
    )
    await Server(config).serve()
