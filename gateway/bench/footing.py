"""What the gateway stands on: memory with pages kept and with stalled readers, and its start-up.

A stalled reader asks for a large page and never reads. What the kernel buffers isn't counted: it is
the process's own memory that runs out first.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from gateway.bench.load import Ask, once, request_bytes
from gateway.bench.processes import BenchFailed, Server, more_files_open
from gateway.bench.served import lychgate
from gateway.bench.table import Line

START_SECONDS_MAX = 2.0
STALLED_KEPT_BYTES_MAX = 16 << 10
STALLED_STREAMED_BYTES_MAX = 200 << 10
_LOOK_SECONDS = 0.5
_IDLE_SHARE = 0.04  # of one core
_IDLE_WITHIN_SECONDS = 30.0
_FILES_SPARE = 256


def start_up(folder: Path, origin_port: int, *, times: int) -> list[Line]:
    """From the command to its first page: processes, policies, store, and a fetch."""
    seconds = []
    for number in range(times):
        with lychgate(folder, origin_port, name=f"start-{number}") as server:
            seconds.append(server.started_seconds)
    return [Line("start to first page", median(seconds), "s", START_SECONDS_MAX)]


def kept_pages(folder: Path, origin_port: int, counts: tuple[int, ...]) -> list[Line]:
    """Each page 50 KB, asked for once in gzip."""
    lines = []
    with lychgate(folder, origin_port, name="many") as server:
        _settle(server)
        empty = server.memory_bytes()
        lines.append(Line("memory, no page kept", empty / 1e6, "MB"))
        asked = 0
        for count in counts:
            asks = [Ask(f"/many/small-{number}") for number in range(asked, count)]
            began = time.monotonic()
            answered = once(server.port, asks, coding="gzip")
            took = time.monotonic() - began
            if answered != len(asks):
                raise BenchFailed(f"{len(asks) - answered} of {len(asks)} pages weren't 200")
            asked = count
            _settle(server)
            held = server.memory_bytes()
            note = (
                f"{(held - empty) / count / 1e3:.1f} KB a page;"
                f" {len(asks) / took:,.0f} first views a second"
            )
            lines.append(Line(f"memory, {count:,} pages kept", held / 1e6, "MB", note=note))
    return lines


def stalled(folder: Path, origin_port: int, *, kept: int, streamed: int) -> list[Line]:
    """``kept`` readers of one kept page, then ``streamed`` readers of one passed through."""
    lines = []
    for name, path, count, most in (
        ("kept", "/open/big", kept, STALLED_KEPT_BYTES_MAX),
        ("streamed", "/stream/big", streamed, STALLED_STREAMED_BYTES_MAX),
    ):
        with lychgate(folder, origin_port, name=f"stalled-{name}") as server:
            each = _stalled_bytes(server, path, count)
        label = f"memory a stalled reader, {name} page ({count})"
        lines.append(Line(label, each / 1024, "KB", most / 1024))
    return lines


def _stalled_bytes(server: Server, path: str, count: int) -> float:
    if more_files_open(count + _FILES_SPARE) < count + _FILES_SPARE:
        raise BenchFailed(f"{count} connections are more than this user may open")
    # The page's own making is no reader's memory, so one reader has it first.
    if once(server.port, [Ask(path)], coding="identity", connections=1) != 1:
        raise BenchFailed(f"{path} wasn't 200")
    _settle(server)
    before = server.memory_bytes()
    with _stalling(server.port, path, count):
        _settle(server)
        return max(0, server.memory_bytes() - before) / count


def _settle(server: Server) -> None:
    """Wait until the server has nothing to do: codings are made behind the first answer, and what
    they take is no reader's memory."""
    deadline = time.monotonic() + _IDLE_WITHIN_SECONDS
    before = server.cpu_seconds()
    while time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        now = server.cpu_seconds()
        if now - before <= _IDLE_SHARE * _LOOK_SECONDS:
            return
        before = now


@contextlib.contextmanager
def _stalling(port: int, path: str, count: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", port))
            reader.sendall(request_bytes(port, Ask(path), "identity"))
        yield
