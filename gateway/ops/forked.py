"""A child forked from a process that has loaded what it needs: it is there at once, and shares its memory.

Only before the parent has a thread or an event loop: what others hold at that moment would stay held in
the child for ever. So whoever dies later is started anew (``supervisor``), as on systems whose own
libraries don't outlive a fork (macOS).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NoReturn

from gateway.ops import outlet

SIGNALS = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))  # held by a parent meanwhile
_HEARD_AT_BIRTH = SIGNALS - {signal.SIGHUP}  # those that end it
_STREAMS = 3


class Forked:
    """As much of ``subprocess.Popen`` as its keeper asks for."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def wait(self) -> int:
        """Its exit code; negative is the signal that ended it."""
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def send_signal(self, number: int) -> None:
        if self._code is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def named(name: str) -> None:
    """Under which ps(1) shows this process. Fifteen characters are kept, on Linux alone."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name, "ascii")


def possible() -> bool:
    """Whether a child may be forked here and now."""
    return sys.platform == "linux" and threading.active_count() == 1


@contextlib.contextmanager
def hangup_held() -> Iterator[None]:
    """Whoever is born here holds SIGHUP, which would end it, until it acts on it (``on_hangup``)."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def on_hangup(loop: asyncio.AbstractEventLoop, act: Callable[[], object]) -> None:
    """In a child's main thread. One that came since its birth is acted on now."""
    loop.add_signal_handler(signal.SIGHUP, act)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGHUP,))


def any_ended() -> bool:
    """Whether a child of this process is over already."""
    return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def fork(work: Callable[[], int], *, keep: Collection[int]) -> Forked:
    """A child that ends with what ``work`` returns. Of the parent's descriptors it has ``keep`` and the
    streams for what it says; it hears what ends it, SIGHUP once it acts on it (``on_hangup``), and its
    collector works, whatever the parent's does."""
    gc.freeze()  # or the collector would write to what is shared
    sys.stdout.flush()
    sys.stderr.flush()
    with hangup_held():
        pid = os.fork()
        if not pid:
            _live(work, keep)
    return Forked(pid)


def _live(work: Callable[[], int], keep: Collection[int]) -> NoReturn:
    """Whatever happens, the parent's own end (its files, its temporary folder) isn't the child's."""
    code = 1
    try:
        _let_go(keep)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD_AT_BIRTH)
        gc.enable()
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        outlet.settle()
        os._exit(code)


def _let_go(keep: Collection[int]) -> None:
    """Closed by number: a pipe that a sibling held open would never tell its reader that it broke."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for descriptor in [int(each.name) for each in Path("/proc/self/fd").iterdir()]:
        if descriptor >= _STREAMS and descriptor not in keep:
            with contextlib.suppress(OSError):  # that of the listing itself is closed
                os.close(descriptor)
