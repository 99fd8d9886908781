"""What machines ask on the ops listener."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.ops.health import Health


def ask(path: str, *why_not: str) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    health = Health(ready=lambda: why_not, metrics=lambda: b"lychgate_workers 2\n")
    asyncio.run(health({"type": "http", "path": path}, None, send))
    headers = dict(sent[0]["headers"])
    assert headers[b"content-length"] == str(len(sent[1]["body"])).encode()
    assert headers[b"cache-control"] == b"no-store"
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize(
    ("path", "why_not", "status", "body"),
    [
        ("/live", ("worker 0 isn't ready",), 200, b"live\n"),
        ("/ready", (), 200, b"ready\n"),
        ("/ready", ("worker 0 isn't ready",), 503, b"worker 0 isn't ready\n"),
        ("/metrics", ("stopping",), 200, b"lychgate_workers 2\n"),
        ("/", (), 404, b"not found\n"),
    ],
)
def test_answers(path: str, why_not: tuple[str, ...], status: int, body: bytes) -> None:
    assert ask(path, *why_not) == (status, body)
