"""Logs: JSON lines on standard error, and the access log, batched. The door to structlog.

Both leave by an ``Outlet``, so that a log that nobody reads stops nothing.
No personal data: no address, cookie, e-mail or query. A path may name a story, never a reader, and
never carries what opens an account: below a prefix in ``SECRET_BELOW`` it isn't written.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from gateway.ops import outlet

SECRET_BELOW = ("/-/login/mail/", "/-/adopt/")


def shown(path: str) -> str:
    """A path as a log may bear it."""
    for prefix in SECRET_BELOW:
        if path.startswith(prefix):
            return prefix + "…"
    return path


# What these say at INFO is nobody's business: an address asked, a line opened.
_QUIET = (
    *("uvicorn.error", "uvicorn", "asyncio", "aiosqlite", "alembic", "httpx2", "httpcore2"),
    "stripe",  # each request with its parameters, a payer's address among them
)


def set_up(*, process: str, least: int = logging.INFO) -> None:
    """Every logger of this process, the standard library's too, as JSON lines from ``least`` on."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow=("status", "error_id")),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _named(process),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(outlet.Outlet(sys.stderr, lost=_lost("standard error")))
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)
    for name in _QUIET:
        logging.getLogger(name).setLevel(
            logging.CRITICAL if name == "uvicorn.error" else logging.WARNING
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Warnings alone: whoever typed a command reads what it prints."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        yield
    finally:
        structlog.configure(**before)


def _named(process: str) -> Processor:
    def name(logger: Any, method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return name


def logger(name: str) -> structlog.stdlib.BoundLogger:
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def _lost(log: str) -> Callable[[int], None]:
    def tell(lines: int) -> None:
        logger("lychgate.log").warning("lines-dropped", log=log, lines=lines)

    return tell


class AccessLog:
    """``note`` is one append; ``flush`` formats and writes what was noted since."""

    __slots__ = ("_lines", "_write", "on")

    def __init__(self, *, on: bool, write: Callable[[str], Any] | None = None) -> None:
        """``write`` must not wait; where none is given, lines go to standard output."""
        self.on = on
        self._lines: deque[tuple[float, str, str, int, int, str]] = deque()
        self._write = write or outlet.Outlet(sys.stdout, lost=_lost("access log")).write

    def note(
        self, at: float, lane: str, path: str, status: int, body_bytes: int, request_id: str
    ) -> None:
        if self.on:
            self._lines.append((at, lane, path, status, body_bytes, request_id))

    def flush(self, lines_max: int | None = None) -> bool:
        """Whether there is more: a second of a busy site is a tenth of a second's work, for which no
        reader waits. A log that can't be written costs lines, never an answer."""
        count = len(self._lines) if lines_max is None else min(len(self._lines), lines_max)
        if not count:
            return False
        lines = [self._lines.popleft() for _ in range(count)]
        with contextlib.suppress(OSError):
            self._write(
                "".join(
                    f'{{"t":{at:.3f},"lane":"{lane}","path":{json.dumps(shown(path))},'
                    f'"status":{status},"bytes":{size},"id":"{request_id}"}}\n'
                    for at, lane, path, status, size, request_id in lines
                )
            )
        return bool(self._lines)
