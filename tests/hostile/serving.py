"""A real server on a loopback port, in a thread of its own, for tests that speak raw bytes.

``echo_gateway`` is the smallest application behind the real protocol and the real ingress: it
answers with what it admitted and remembers it. The same corpora run against the whole gateway.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from gateway.edge.ingress import Ingress, MovedTo
from gateway.errors import RequestRefused
from gateway.model.request import Request

Address = tuple[str, int]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_START_SECONDS = 10.0


@contextmanager
def listening(config: uvicorn.Config) -> Iterator[Address]:
    """Serve until the block ends, then shut down gracefully. Raises where the server doesn't."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server didn't start"
        assert time.monotonic() < deadline, "the server didn't start in time"
        time.sleep(0.01)
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        listener.close()
        assert not thread.is_alive(), "the server didn't stop"


@dataclass(frozen=True)
class Seen:
    """One request as the application had it: admitted, with its body."""

    request: Request
    body: bytes


@dataclass
class EchoGateway:
    """Answers 200 with the judged path and query. ``seen`` is what reached it, in order."""

    ingress: Ingress
    path_parameters_allowed: bool = False
    seen: list[Seen] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"]
        try:
            admitted = self.ingress.admit(
                method=scope["method"],
                target=scope["extensions"]["lychgate"]["target"],
                headers=scope["headers"],
                peer=client[0] if client else "",
                scheme=scope["scheme"],
                path_parameters_allowed=self.path_parameters_allowed,
                request_id="",
            )
        except RequestRefused as refused:
            await _answer(send, refused.refused_status, refused.reason.encode())
            return
        if isinstance(admitted, MovedTo):
            await _answer(send, 308, b"", ((b"location", admitted.location),))
            return
        body = await _body(receive)
        self.seen.append(Seen(admitted, body))
        query = b"?" + admitted.query if admitted.query else b""
        await _answer(send, 200, admitted.path.encode() + query)


@dataclass(frozen=True)
class Served:
    address: Address
    app: EchoGateway


async def _body(receive: Receive) -> bytes:
    whole = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the reader left")
        whole += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return whole


async def _answer(
    send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": (*headers, length)})
    await send({"type": "http.response.body", "body": body})
