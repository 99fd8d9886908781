"""A real Valkey or Redis of a test's own."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

from gateway.bench.processes import free_port
from tests.peers import PATHS, program


class Server:
    """Keeps nothing; the same port again after `stop`."""

    def __init__(self, folder: Path) -> None:
        name = "valkey-server" if which("valkey-server", path=PATHS) else "redis-server"
        self.command = [program(name), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        self.port = free_port()
        self.folder = folder
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.running = subprocess.Popen(
            [*self.command, "--port", str(self.port)],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        if self.running is not None:
            self.running.terminate()
            self.running.wait(10)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Server]:
    """Not started yet."""
    one = Server(folder)
    try:
        yield one
    finally:
        one.stop()
