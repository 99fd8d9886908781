"""Foreign programs: started on free loopback ports, weighed in /proc, stopped by their own id.

The only file of the room that starts a process. Linux alone has what is read here.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any, TypeVar

from gateway.ops.priority import patient_loop

Result = TypeVar("Result")

START_SECONDS = 20.0
STOP_SECONDS = 8.0
_POLL_SECONDS = 0.01
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


class BenchFailed(Exception):
    """One part of the run that can't be measured: named in the table, the rest goes on."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running program. ``started_seconds``: from its start to its first answered page."""

    name: str
    pid: int
    port: int
    started_seconds: float

    def cpu_seconds(self) -> float:
        """User and system time of the whole tree, children that ended included."""
        return sum(_cpu_ticks(pid) for pid in tree(self.pid)) / _TICKS_PER_SECOND

    def memory_bytes(self) -> int:
        """Proportional set size of the whole tree: shared pages count once."""
        return sum(_memory(pid) for pid in tree(self.pid))


_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, and that no other caller in this process was told of: the kernel
    gives a port twice as soon as it is let go."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


@contextlib.contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    folder: Path,
    path: str = "/",
    environment: Mapping[str, str] | None = None,
    up_at: int = 200,
    start_seconds: float = START_SECONDS,
) -> Iterator[Server]:
    """Start a server, wait until ``path`` answers ``up_at``, stop it at the end. Raises
    BenchFailed."""
    log = folder / f"{name}.log"
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # the commands are this package's own
            [*mortal(), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=None if environment is None else dict(environment),
            start_new_session=True,
        )
    try:
        _await_page(name, process, port, path, up_at=up_at, log=log, seconds=start_seconds)
        yield Server(name, process.pid, port, time.monotonic() - began)
    finally:
        _stop(process)


def mortal() -> list[str]:
    """A prefix that ends a server when its starter is killed and can't (prctl(2), PDEATHSIG)."""
    setpriv = which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _await_page(
    name: str,
    process: subprocess.Popen[bytes],
    port: int,
    path: str,
    *,
    up_at: int,
    log: Path,
    seconds: float,
) -> None:
    deadline = time.monotonic() + seconds
    seen = "no answer"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchFailed(f"{name} ended before it served: {_last_line(log)}")
        try:
            seen = str(fetch(port, path).status)
        except OSError:
            pass
        else:
            if seen == str(up_at):
                return
        time.sleep(_POLL_SECONDS)
    raise BenchFailed(f"{name} didn't serve {path} in {seconds:g} s ({seen}): {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the program, then SIGKILL to its own group: never anything found by name."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def fetch(port: int, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """One GET on a connection of its own. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        response = connection.getresponse()
        body = response.read()
        lower = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, lower, body)
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP answer: {error!r}") from error
    finally:
        connection.close()


def run(command: Sequence[str], *, timeout_seconds: float, folder: Path | None = None) -> str:
    """A program to its end; what it printed. Raises BenchFailed with its last words."""
    try:
        done = subprocess.run(  # noqa: S603  # the commands are this package's own
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_seconds,
            cwd=folder,
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise BenchFailed(f"{Path(command[0]).name} took over {timeout_seconds:g} s") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit {done.returncode}"]
        raise BenchFailed(f"{Path(command[0]).name}: {lines[-1].strip()[:200]}")
    return done.stdout


def more_files_open(wanted: int) -> int:
    """Raise this process's own limit as far as allowed; its children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(soft, allowed)


def tree(root: int) -> list[int]:
    """A process and all its descendants that live now."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            fields = _stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _stat(pid: int) -> list[str]:
    """The fields after the name (which may hold spaces): state, parent, … proc(5)."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _cpu_ticks(pid: int) -> int:
    """utime, stime, and the same of children waited for: fields 14 to 17 of proc(5)."""
    fields = _stat(pid)
    return sum(int(field) for field in fields[11:15])


def _memory(pid: int) -> int:
    for name, key in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            text = (_PROC / str(pid) / name).read_text()
        except OSError:
            continue
        for line in text.splitlines():
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0


@contextlib.contextmanager
def going_first() -> Iterator[None]:
    """Whoever times answers waits for nothing but them, where the system lets it."""
    if not hasattr(os, "SCHED_FIFO"):
        yield
        return
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        # The process may be given other work next, and that goes first nowhere.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def as_another_machine(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to its end what gives way here to whoever serves. It isn't put off altogether: what it sends
    too late would be timed as if it had been answered too late."""
    os.nice(10)
    with asyncio.Runner(loop_factory=patient_loop) as runner:
        return runner.run(work)
