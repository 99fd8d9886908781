"""One worker of `serve`: an event loop, the application, an inherited listening socket.

    python -m gateway.worker LISTENING_FD REPORT_FD FOLDER < settings

Once a second it writes a line of JSON to REPORT_FD: whether it is ready, and its counters. SIGTERM
finishes what is under way, and so does a pipe that nobody reads any more: without its supervisor a
worker would hold the port for ever. SIGHUP reads the policies again. Exit code 3: the files or the
store are not fit to serve, and starting again won't help.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import sys

from gateway.app import Lychgate, build
from gateway.config.handing import Handed, take
from gateway.errors import Faults, StoreUnavailable
from gateway.ops import collector, forked, logs
from gateway.ops.server import Server

UNFIT = 3
REPORT_SECONDS = 1.0
DESCRIPTORS = 65_536


async def serve(lychgate: Lychgate, listener: socket.socket | None, report_fd: int) -> None:
    """Until told to stop. Without a ``listener``, on the config's own socket."""
    loop = asyncio.get_running_loop()
    server = Server(lychgate.config)

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    forked.on_hangup(loop, lychgate.policies.ask)
    await lychgate.startup()
    reporting = asyncio.create_task(_report(lychgate, server, report_fd))
    collector.settle()
    try:
        await server.serve(sockets=[listener] if listener else None)
    finally:
        reporting.cancel()
        await lychgate.shutdown()


async def _report(lychgate: Lychgate, server: Server, report_fd: int) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    while True:
        told = {"ready": lychgate.ready(), "snapshot": lychgate.snapshot()}
        try:
            os.write(report_fd, json.dumps(told).encode() + b"\n")
        except BlockingIOError:
            pass  # the supervisor is behind; the next line says all that this one did
        except BrokenPipeError:
            server.should_exit = True
            return
        await asyncio.sleep(REPORT_SECONDS)


def _allow_many_connections() -> None:
    """Shells and containers often start with 1,024 descriptors, far below the connection limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def begin(handed: Handed) -> int:
    """The process, from its birth to its exit code."""
    forked.named("lychgate-worker")
    logs.set_up(process=f"worker-{os.getpid()}")
    try:
        lychgate = build(handed.settings, desk=handed.desk, last_good=handed.last_good_policy)
    except Faults as faulty:
        for fault in faulty.faults:
            print(fault, file=sys.stderr)
        return UNFIT
    except StoreUnavailable as error:
        print(f"lychgate: {error.reason}: {error}", file=sys.stderr)
        return UNFIT
    _allow_many_connections()
    os.set_blocking(handed.report_fd, False)
    listener = socket.socket(fileno=handed.listening_fd)
    listener.setblocking(False)
    loop_factory = lychgate.config.get_loop_factory()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(serve(lychgate, listener, handed.report_fd))
    return 0


if __name__ == "__main__":
    sys.exit(begin(take(sys.argv[1:], sys.stdin.buffer)))
