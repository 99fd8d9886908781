"""The parent of `serve`: it binds, starts the workers and the background process, and mends.

It loads what the workers need and forks them, so that they share the memory of it and the first page is
served within two seconds; then the others in the same way. It owns the ops listener and adds up what
workers count. A worker that dies is started again, more slowly each time; one that is stuck is killed. One
that says at start-up that its files are unfit to serve ends the whole; once the site is up, whoever is
started anew goes on with the settings and the last good policy of the others, whatever stands in the
files by then.
A child that loses its supervisor sees the other end of its pipe close, and goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.clock import SystemClock
from gateway.config.handing import Handed, packed
from gateway.errors import Faults, StoreUnavailable
from gateway.model.fault import Fault, Place
from gateway.ops import forked
from gateway.ops.child import NEVER_STARTED, SILENT_SECONDS, Child, have_spoken
from gateway.ops.listening import listen
from gateway.ops.outlet import Outlet

if TYPE_CHECKING:
    from gateway.config import Settings

UNFIT = 3
KILL_AFTER_SECONDS = 40.0
WORKER = "gateway.worker"
BACKGROUND = "gateway.jobs.background"
DESK = "gateway.desk"
WORKERS_FIRST_SECONDS = 10.0
DESK_AWAITED_SECONDS = 30.0
_CLOCK = SystemClock()


@dataclass(slots=True)
class Supervisor:
    """``settings`` are handed to each child, and ``folder`` is theirs (``config.handing``)."""

    settings: Settings
    listener: socket.socket
    children: list[Child]
    folder: Path
    stopping: bool = False
    exit_code: int = 0
    totals: Any = None
    serving_since: float | None = None
    opened: bool = False
    policy: str = ""
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def fork(self, child: Child) -> None:
        """With all that it needs loaded here, for those that come after it too."""
        begin = importlib.import_module(child.module).begin
        descriptor = self.listener.fileno()

        def born(report_fd: int) -> int:
            code: int = begin(Handed(self.settings, descriptor, report_fd, self.folder))
            return code

        child.fork(born, descriptor, _CLOCK.monotonic())

    def start(self, child: Child) -> None:
        now = _CLOCK.monotonic()
        child.spawn(self.listener.fileno(), self.folder, packed(self.settings), now)

    def watch(self, child: Child, loop: asyncio.AbstractEventLoop) -> None:
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
            snapshot = told["snapshot"]
            self.policy = snapshot.get("policy_version", self.policy)
            if self.totals is not None:
                self.totals.report(child.number, snapshot)
        self._see_how_far()

    async def _ended(self, child: Child, loop: asyncio.AbstractEventLoop) -> None:
        assert child.process is not None
        code = await asyncio.to_thread(child.process.wait)
        child.process, child.ready = None, False
        if self.totals is not None:
            self.totals.retire(child.number)
        if code == UNFIT and not self.stopping and self.serving_since is None:
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

    def _see_how_far(self) -> None:
        """A site that just started is given readers once they can log in too, if that isn't long."""
        now = _CLOCK.monotonic()
        if self.serving_since is None and not self._whys(WORKER):
            self.serving_since = now
        if self.opened or self.serving_since is None:
            return
        if not self._whys(DESK) or now > self.serving_since + DESK_AWAITED_SECONDS:
            self.opened = True
            Outlet(sys.stderr).write(f"lychgate: {self._told_when_open()}\n")

    def _told_when_open(self) -> str:
        settings = self.settings
        report = "" if settings.policies.mode == "enforce" else " (report mode: nothing is closed)"
        return (
            f"serving {settings.site.url} on {settings.server.bind} by policy {self.policy}{report}; "
            f"/ready and /metrics on {settings.ops.bind}"
        )

    def why_not_ready(self) -> tuple[str, ...]:
        """Pages need the workers alone: once it is open, the others may be away for a while."""
        if self.stopping:
            return ("stopping",)
        return self._whys(WORKER) or (() if self.opened else self._whys(DESK))

    def _whys(self, module: str) -> tuple[str, ...]:
        now = _CLOCK.monotonic()
        whys = (child.why_not_ready(now) for child in self.children if child.module == module)
        return tuple(why for why in whys if why is not None)


def run(settings: Settings) -> int:
    """Serve until told to stop; returns the exit code. Raises Faults, StoreUnavailable, OSError."""
    gc.disable()  # what is loaded stays: to look through it while it loads takes a fifteenth of a start
    _look_at_store(settings.store.url.get_secret_value())
    public, machines = settings.server.bind, settings.ops.bind
    listener = listen(public.host, public.port)
    try:
        ops = listen(machines.host, machines.port)
    except OSError as error:
        told = f"can't listen on {machines}: {error.strerror}"
        raise Faults((Fault(Place("[ops] bind"), told),)) from None
    workers = [Child(number, WORKER) for number in range(settings.server.workers)]
    others = (DESK, BACKGROUND)
    children = [*workers, *(Child(len(workers) + at, each) for at, each in enumerate(others))]
    with tempfile.TemporaryDirectory(prefix="lychgate-") as folder, _held(folder):
        supervisor = Supervisor(settings, listener, children, Path(folder))
        # Signals are ours before the first child is there, so that none is ever left behind.
        signal.pthread_sigmask(signal.SIG_BLOCK, forked.SIGNALS)
        _fork_all(supervisor)
        gc.enable()
        asyncio.run(_run(supervisor, ops))
        return supervisor.exit_code


def _fork_all(supervisor: Supervisor) -> None:
    """The first of each, where a fork is possible; the others once the workers serve, for the first page
    has the processors. Whoever isn't born here is started later (``_start_others``)."""
    for module in (WORKER, DESK, BACKGROUND):
        if not forked.possible():
            return
        for child in [each for each in supervisor.children if each.module == module]:
            supervisor.fork(child)
        if module == WORKER and not have_spoken(supervisor.children, WORKERS_FIRST_SECONDS, _CLOCK):
            return


@contextlib.contextmanager
def _held(folder: str) -> Iterator[None]:
    """Locked, for systemd-tmpfiles(8) sweeps what is old and bears no lock: a policy that nobody changed
    for ten days, and a socket."""
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        yield
    finally:
        os.close(descriptor)


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


async def _run(supervisor: Supervisor, ops_listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    loop.add_signal_handler(signal.SIGHUP, supervisor.tell, signal.SIGHUP)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, forked.SIGNALS)
    workers = [child for child in supervisor.children if child.module == WORKER]
    for child in supervisor.children:
        if child.reader == NEVER_STARTED and child in workers:
            supervisor.start(child)
        if child.reader != NEVER_STARTED:
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
        if child.reader == NEVER_STARTED and not supervisor.stopping:
            supervisor.start(child)
            supervisor.watch(child, loop)


async def _ops(supervisor: Supervisor, listener: socket.socket) -> None:
    """The ops listener; imported after the workers are under way."""
    import uvicorn

    from gateway.ops.health import Health
    from gateway.ops.metrics import Totals
    from gateway.ops.server import Server

    supervisor.totals = Totals()

    health = Health(ready=supervisor.why_not_ready, metrics=supervisor.totals.page)
    config = uvicorn.Config(
        health, lifespan="off", ws="none", access_log=False, log_config=None, server_header=False
    )
    await Server(config).serve(sockets=[listener])
