"""The parent of `serve`: it binds, starts the workers and the background process, and mends.

It stays small and imports late, so that the first page is served within two seconds: the workers
start before it has anything else to do. It owns the ops listener and adds up what workers count.
A worker that dies is started again, more slowly each time; one that is stuck is killed. One that says at start-up that its files
are unfit to serve ends the whole; once the site is up, a faulty file costs no page that is served.
A child that loses its supervisor sees the other end of its pipe close, and goes.
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
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.clock import SystemClock
from gateway.errors import Faults, StoreUnavailable
from gateway.model.fault import Fault, Place

if TYPE_CHECKING:
    from gateway.config import Settings

UNFIT = 3
KILL_AFTER_SECONDS = 40.0
BACK_OFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 30.0
SILENT_SECONDS = 5.0  # a child that reports each second and hasn't for so long isn't ready
STUCK_SECONDS = 60.0  # and this long without a word, it won't come back by itself
WORKER = "gateway.worker"
BACKGROUND = "gateway.jobs.background"
DESK = "gateway.desk"
WORKERS_FIRST_SECONDS = 10.0
_CLOCK = SystemClock()


@dataclass(slots=True)
class Child:
    """``number`` is stable; the process changes. ``ready`` is what it last said of itself, and
    ``process`` is None while none runs."""

    number: int
    module: str
    process: subprocess.Popen[bytes] | None = None
    reader: int = -1
    ready: bool = False
    heard_at: float = 0.0
    failures: int = 0
    started_at: float = 0.0
    rest: bytes = b""

    def pause_seconds(self, now: float) -> float:
        """How long to wait before the next start, now that it died: the sooner, the longer."""
        self.failures = 1 if now - self.started_at > STEADY_SECONDS else self.failures + 1
        return BACK_OFF_SECONDS[min(self.failures, len(BACK_OFF_SECONDS)) - 1]

    def stuck(self, now: float) -> bool:
        return now - max(self.heard_at, self.started_at) > STUCK_SECONDS

    def why_not_ready(self, now: float) -> str | None:
        if not self.ready:
            return f"worker {self.number} isn't ready"
        if now - self.heard_at > SILENT_SECONDS:
            return f"worker {self.number} is silent"
        return None


@dataclass(slots=True)
class Supervisor:
    config_path: Path
    listener: socket.socket
    children: list[Child]
    desk_path: str = ""
    stopping: bool = False
    exit_code: int = 0
    totals: Any = None
    was_ready: bool = False
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self, child: Child) -> None:
        reader, writer = os.pipe()
        descriptor = self.listener.fileno()
        listening = self.desk_path if child.module == DESK else str(descriptor)
        command = [sys.executable, "-m", child.module, str(self.config_path), listening]
        child.process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
            [*command, str(writer), self.desk_path], pass_fds=(descriptor, writer)
        )
        os.close(writer)
        child.reader, child.ready, child.rest = reader, False, b""
        child.started_at = _CLOCK.monotonic()

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
            child.ready, child.heard_at = told["ready"], _CLOCK.monotonic()
            if self.totals is not None and "snapshot" in told:
                self.totals.report(child.number, told["snapshot"])
        self.was_ready = self.was_ready or not self.why_not_ready()

    async def _ended(self, child: Child, loop: asyncio.AbstractEventLoop) -> None:
        assert child.process is not None
        code = await asyncio.to_thread(child.process.wait)
        child.process, child.ready = None, False
        if self.totals is not None:
            self.totals.retire(child.number)
        if code == UNFIT and not self.stopping and not self.was_ready:
            self.exit_code = 1
            self.stop()
        if not self.stopping:
            await asyncio.sleep(child.pause_seconds(_CLOCK.monotonic()))
        if not self.stopping:
            self.start(child)
            self.watch(child, loop)
        self._count()

    def stop(self) -> None:
        """Finish what is under way. A new connection is refused at once, not left waiting."""
        self.stopping = True
        self.listener.close()
        self.tell(signal.SIGTERM)
        self.stop_asked.set()
        self._count()

    def _count(self) -> None:
        if self.stopping and all(child.process is None for child in self.children):
            self.done.set()

    async def kill_the_stuck(self) -> None:
        """Until cancelled. Its end is then seen as any other's.

        Looked at twice: when the whole machine was asleep, nobody has said a word.
        """
        suspects: set[int] = set()
        while True:
            await asyncio.sleep(SILENT_SECONDS)
            now = _CLOCK.monotonic()
            stuck = [child for child in self.children if child.process and child.stuck(now)]
            for child in stuck:
                if child.number in suspects and child.process is not None:
                    child.process.kill()
            suspects = {child.number for child in stuck}

    def tell(self, number: int) -> None:
        for child in self.children:
            if child.process is not None:
                child.process.send_signal(number)

    def why_not_ready(self) -> tuple[str, ...]:
        """Pages need the workers alone: the background process may be away for a while."""
        if self.stopping:
            return ("stopping",)
        now = _CLOCK.monotonic()
        whys = (child.why_not_ready(now) for child in self.children if child.module == WORKER)
        return tuple(why for why in whys if why is not None)


def run(config_path: Path, settings: Settings) -> int:
    """Serve until told to stop; returns the exit code. Raises Faults, StoreUnavailable, OSError."""
    _look_at_store(settings.store.url.get_secret_value())
    listener = bind(settings.server.bind.host, settings.server.bind.port)
    ops = _bind_ops(settings)
    workers = [Child(number, WORKER) for number in range(settings.server.workers)]
    others = (DESK, BACKGROUND)
    children = [*workers, *(Child(len(workers) + at, each) for at, each in enumerate(others))]
    # A folder that nobody else can enter: whoever speaks on a socket in it is one of us.
    with tempfile.TemporaryDirectory(prefix="lychgate-") as folder:
        supervisor = Supervisor(config_path, listener, children, desk_path=f"{folder}/desk")
        asyncio.run(_run(supervisor, ops))
        return supervisor.exit_code


def _look_at_store(url: str) -> None:
    """An old schema is refused. A server that is away isn't: a node that starts meanwhile has public
    pages and teasers to serve, as one that runs on does."""
    from gateway.stores.first import make_if_absent

    try:
        make_if_absent(url)
    except StoreUnavailable:
        if url.startswith("sqlite"):
            raise
        told = "the store can't be reached: nobody is known or can log in until it is back"
        print(f"lychgate: {told}", file=sys.stderr)


def _bind_ops(settings: Settings) -> socket.socket:
    address = settings.ops.bind
    try:
        return bind(address.host, address.port)
    except OSError as error:
        told = f"can't listen on {address}: {error.strerror}"
        raise Faults((Fault(Place("[ops] bind"), told),)) from None


def bind(host: str, port: int) -> socket.socket:
    """The public listener, shared by all workers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(4096)
    listener.set_inheritable(True)
    return listener


async def _run(supervisor: Supervisor, ops_listener: socket.socket) -> None:
    # Signals are ours before the first child is there: none is ever left behind.
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    loop.add_signal_handler(signal.SIGHUP, supervisor.tell, signal.SIGHUP)
    workers = [child for child in supervisor.children if child.module == WORKER]
    for child in workers:
        supervisor.start(child)
        supervisor.watch(child, loop)
    background = asyncio.create_task(_start_others(supervisor, workers, loop))
    ops = asyncio.create_task(_ops(supervisor, ops_listener))
    watching = asyncio.create_task(supervisor.kill_the_stuck())
    await supervisor.stop_asked.wait()
    try:
        await asyncio.wait_for(supervisor.done.wait(), KILL_AFTER_SECONDS)
    except TimeoutError:
        supervisor.tell(signal.SIGKILL)
        await supervisor.done.wait()
    for task in (ops, background, watching):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _start_others(
    supervisor: Supervisor, workers: list[Child], loop: asyncio.AbstractEventLoop
) -> None:
    """The others wait until the workers serve: the first page has the processors."""
    deadline = _CLOCK.monotonic() + WORKERS_FIRST_SECONDS
    while not all(child.ready for child in workers) and _CLOCK.monotonic() < deadline:  # noqa: ASYNC110 - looked at once a start
        await asyncio.sleep(0.05)
    for child in supervisor.children:
        if child not in workers and not supervisor.stopping:
            supervisor.start(child)
            supervisor.watch(child, loop)


async def _ops(supervisor: Supervisor, listener: socket.socket) -> None:
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
        health, lifespan="off", ws="none", access_log=False, log_config=None, server_header=False
    )
    await Server(config).serve(sockets=[listener])
