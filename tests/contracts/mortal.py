"""A gateway and its worker in one process, made over and over, to be killed.

    python -m tests.contracts.mortal CONFIG LISTENING_FD

A line on standard input asks for a life. It names the step of its work with the store at which the
life kills itself (0: never), and by how many seconds its clock is ahead: what the one before it held
a lease of has to run out first. The life's process id is told on standard output, and a line more
once it is over; where it killed itself, on standard error. Lives are forked from a process that has imported everything, so one begins in a moment; they
listen on one socket, so a sender waits for the next one instead of being refused.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Engine, event

from gateway.app import build
from gateway.config import Settings, load_settings
from gateway.demo.stripe.clock import MovableClock
from gateway.jobs.periodic import Job, run_all
from gateway.ops import logs
from gateway.stores.engine import Store
from gateway.stores.leases import Leases
from gateway.wiring import login, money, rooms  # noqa: F401 - imported once, before any life
from gateway.wiring.money import folding
from gateway.wiring.syncing import Syncing

EVERY_SECONDS = 0.02


class Server(uvicorn.Server):
    """uvicorn's, without its signals: there is one that matters, and nobody hears it."""

    def install_signal_handlers(self) -> None:
        return


def die_at(step: int) -> None:
    """Before or after a statement, before or after a commit: between any two things that a store
    is asked to do."""
    steps = count(1)

    def watch(name: str) -> None:
        def look(*told: Any) -> None:
            if next(steps) == step:
                said = told[2] if name.endswith("execute") else ""
                os.write(2, f"{name} {said[:60]!r}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, name, look)

    for name in ("before_cursor_execute", "after_cursor_execute", "begin", "commit"):
        watch(name)


async def live(settings: Settings, listener: socket.socket, ahead_seconds: float) -> None:
    """Until killed."""
    clock = MovableClock()
    clock.advance(ahead_seconds)
    lychgate = build(settings, clock=clock)
    await lychgate.startup()
    assert isinstance(lychgate.store, Store)
    store = lychgate.store
    work = folding(settings, store=store, clock=clock)
    syncing = Syncing(settings, store=store, clock=clock)
    jobs = [Job("fold", EVERY_SECONDS, work.fold_due), *syncing.jobs()]
    jobs = [
        replace(job, every_seconds=EVERY_SECONDS) for job in jobs if job.name in ("fold", "fetch")
    ]
    lychgate.config.log_config = None
    server = Server(lychgate.config)
    await asyncio.gather(
        server._serve(sockets=[listener]), run_all(jobs, leases=Leases(store), clock=clock)
    )


def main(config: str, listening: int) -> None:
    logs.set_up(process="mortal")  # to standard error
    settings = load_settings(Path(config), {})
    listener = socket.socket(fileno=listening)
    for line in sys.stdin:
        step, ahead_seconds = line.split()
        life = os.fork()
        if life == 0:
            die_at(int(step))
            asyncio.run(live(settings, listener, float(ahead_seconds)))
            os._exit(0)
        print(life, flush=True)
        os.waitpid(life, 0)
        print("over", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
