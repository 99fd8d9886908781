"""A process of `serve` as its supervisor sees it: how it starts, what it last said, and when to start it
again."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from gateway.clock import Clock
from gateway.ops import forked

NEVER_STARTED = -1
_LOOK_SECONDS = 0.05
BACK_OFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 30.0
SILENT_SECONDS = 5.0  # a child that reports each second and hasn't for so long isn't ready
STUCK_SECONDS = 60.0  # and this long without a word, it won't come back by itself


class Process(Protocol):
    """``subprocess.Popen`` or ``forked.Forked``."""

    def wait(self) -> int: ...
    def kill(self) -> None: ...
    def send_signal(self, number: int, /) -> None: ...


@dataclass(slots=True)
class Child:
    """``number`` is stable; the process changes. ``ready`` is what it last said of itself, and
    ``process`` is None while none runs."""

    number: int
    module: str
    process: Process | None = None
    reader: int = NEVER_STARTED
    ready: bool = False
    heard_at: float = 0.0
    failures: int = 0
    started_at: float = 0.0
    rest: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.module.rpartition('.')[2]} {self.number}"

    def fork(self, begin: Callable[[int], int], listening_fd: int, now: float) -> None:
        """``begin`` gets the descriptor to report to, and returns the exit code."""
        reader, writer = os.pipe()
        work = partial(begin, writer)
        self.process = forked.fork(work, keep=(listening_fd, writer))
        self._born(reader, writer, now)

    def spawn(self, listening_fd: int, folder: Path, packed: bytes, now: float) -> None:
        """``packed`` is what it reads from its standard input (``config.handing``)."""
        reader, writer = os.pipe()
        with forked.hangup_held():
            process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                [sys.executable, "-m", self.module, str(listening_fd), str(writer), str(folder)],
                stdin=subprocess.PIPE,
                pass_fds=(listening_fd, writer),
            )
        self.process = process
        self._born(reader, writer, now)
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin as settings:
            settings.write(packed)

    def _born(self, reader: int, writer: int, now: float) -> None:
        os.close(writer)
        os.set_blocking(reader, False)
        self.reader, self.ready, self.rest, self.started_at = reader, False, b"", now

    def pause_seconds(self, now: float) -> float:
        """How long to wait before the next start, now that it died: the sooner, the longer."""
        self.failures = 1 if now - self.started_at > STEADY_SECONDS else self.failures + 1
        return BACK_OFF_SECONDS[min(self.failures, len(BACK_OFF_SECONDS)) - 1]

    def stuck(self, now: float) -> bool:
        return now - max(self.heard_at, self.started_at) > STUCK_SECONDS

    def why_not_ready(self, now: float) -> str | None:
        if not self.ready:
            return f"{self.name} isn't ready"
        if now - self.heard_at > SILENT_SECONDS:
            return f"{self.name} is silent"
        return None


def have_spoken(children: Iterable[Child], seconds: float, clock: Clock) -> bool:
    """Once each of those that were started has said its first word. False where one of them is over
    instead, or it is time to do without."""
    deadline = clock.monotonic() + seconds
    silent = {child.reader for child in children} - {NEVER_STARTED}
    while silent:
        if clock.monotonic() > deadline or forked.SIGNALS & signal.sigpending():
            return False
        silent -= set(select.select(silent, (), (), _LOOK_SECONDS)[0])
    return not forked.any_ended()
