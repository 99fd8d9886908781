"""The smallest application: one plain refusal with an error id, and the connection closes.

For messages that never became a request. What it says is the same for everyone.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

_LOGGER = logging.getLogger("lychgate.edge")

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def application(status: int) -> Application:
    async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
        error_id = secrets.token_hex(8)
        phrase = HTTPStatus(status).phrase
        body = f"{status} {phrase}\n{error_id}\n".encode()
        _LOGGER.info("refused", extra={"status": status, "error_id": error_id})
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"private, no-store"),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return refuse
