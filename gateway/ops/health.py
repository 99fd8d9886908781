"""``/live``, ``/ready`` and ``/metrics`` on the ops listener, for machines: never on the public one.

A bare ASGI application that the supervisor serves. It answers from memory alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Health:
    """``ready`` gives the reasons why not; empty is ready."""

    def __init__(
        self, *, ready: Callable[[], tuple[str, ...]], metrics: Callable[[], bytes]
    ) -> None:
        self._ready = ready
        self._metrics = metrics

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        status, body, content_type = self._answer(scope["path"])
        headers = [
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, path: str) -> tuple[int, bytes, bytes]:
        plain = b"text/plain; charset=utf-8"
        if path == "/live":
            return 200, b"live\n", plain
        if path == "/ready":
            why_not = self._ready()
            if why_not:
                return 503, "\n".join((*why_not, "")).encode(), plain
            return 200, b"ready\n", plain
        if path == "/metrics":
            return 200, self._metrics(), b"text/plain; version=0.0.4; charset=utf-8"
        return 404, b"not found\n", plain
