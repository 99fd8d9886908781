"""One plain refusal with an error id, for messages that never became a request.

What it says is the same for everyone, and the connection closes behind it.
"""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus

ALLOWED = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_LOGGER = logging.getLogger("lychgate.edge")


def answer(status: int) -> bytes:
    """The whole message. Its id stands in the log too."""
    error_id = secrets.token_hex(8)
    phrase = HTTPStatus(status).phrase
    body = f"{status} {phrase}\n{error_id}\n"
    allow = f"allow: {ALLOWED}\r\n" if status == 405 else ""  # RFC 9110 section 15.5.6
    _LOGGER.info("refused", extra={"status": status, "error_id": error_id})
    return (
        f"HTTP/1.1 {status} {phrase}\r\n"
        "content-type: text/plain; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\n"
        "cache-control: private, no-store\r\n"
        f"{allow}"
        "connection: close\r\n\r\n"
        f"{body}"
    ).encode()
