"""Where lines of a log leave the process. Nobody who writes here waits for whoever reads them.

A file or a terminal takes all that it is given: it is written to at once, and loses nothing. A pipe or a
socket takes what its reader leaves room for, and one that nobody reads would stop the event loop and
with it the site. There a thread waits instead; beyond ``WAITING_BYTES_MAX`` lines are dropped, and told
of once there is room again. To ask for room first (poll(2)) isn't enough: the other processes of `serve`
write to the same pipe, and making it non-blocking would do so for the publisher's shell as well.
"""

from __future__ import annotations

import atexit
import os
import select
import stat
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

WAITING_BYTES_MAX = 4 << 20  # a busy second of the access log is 3 MB
SETTLE_SECONDS = 1.0
_STARTED: list[Outlet] = []


class Outlet:
    """As much of a text stream as logging asks for, from any thread. After a fork it is the child's
    alone if nothing was written to it before."""

    def __init__(self, stream: TextIO, *, lost: Callable[[int], object] | None = None) -> None:
        """``lost`` hears, in a thread, how many lines were dropped."""
        self._stream = stream
        self._lost = lost
        self._descriptor = _may_be_full(stream)
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._dropped = 0
        self._started = False

    def write(self, lines: str) -> None:
        """Whole lines. A stream that is closed costs them."""
        if self._descriptor is None:
            with suppress(OSError, ValueError):
                self._stream.write(lines)
                self._stream.flush()
            return
        piece = lines.encode("utf-8", "backslashreplace")
        with self._changed:
            if self._waiting_bytes + len(piece) > WAITING_BYTES_MAX:
                self._dropped += lines.count("\n")
                return
            self._waiting.append(piece)
            self._waiting_bytes += len(piece)
            self._changed.notify_all()
            if not self._started:
                self._start(self._descriptor)

    def flush(self) -> None:
        """Nothing is kept here longer than it must."""

    def settle(self, seconds: float) -> bool:
        """Whether all that was written has left within so long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting_bytes, seconds)

    def _start(self, descriptor: int) -> None:
        self._started = True
        _STARTED.append(self)
        threading.Thread(target=self._work, args=(descriptor,), name="log", daemon=True).start()

    def _work(self, descriptor: int) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                piece = self._waiting.popleft()
            with suppress(OSError):  # nobody will ever read it: as with a closed file
                _write(descriptor, piece)
            with self._changed:
                self._waiting_bytes -= len(piece)
                dropped, self._dropped = self._dropped, 0
                self._changed.notify_all()
            if dropped and self._lost is not None:
                self._lost(dropped)


@atexit.register
def settle() -> None:
    """At the end of a process: whoever reads its last lines has a second for it."""
    for each in _STARTED:
        each.settle(SETTLE_SECONDS)


def _may_be_full(stream: TextIO) -> int | None:
    """Its descriptor, if others must make room in it."""
    try:
        descriptor = stream.fileno()
        kind = os.fstat(descriptor).st_mode
    except (OSError, ValueError):  # a test's, or closed
        return None
    return descriptor if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) else None


def _write(descriptor: int, piece: bytes) -> None:
    """All of it, however long that takes."""
    left = memoryview(piece)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:  # somebody who shares the pipe has made it so
            select.select((), (descriptor,), ())
