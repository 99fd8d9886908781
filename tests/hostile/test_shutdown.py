"""SIGTERM under load: every request that was sent is answered, whole, and then the server is gone."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import uvicorn

from gateway.edge.protocol import server_config
from tests.hostile.serving import Receive, Scope, Send
from tests.hostile.wire import BadAnswer, Wire, asked

_BODY = b"x" * 10_000
_CLIENTS = 12


def quick(target: bytes, headers: list[tuple[bytes, bytes]], peer: str) -> list[bytes] | None:
    if target != b"/quick":
        return None
    return [b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(_BODY), _BODY]


async def unhurried(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.05)
    length = (b"content-length", b"%d" % len(_BODY))
    await send({"type": "http.response.start", "status": 200, "headers": (length,)})
    await send({"type": "http.response.body", "body": _BODY})


class Client(threading.Thread):
    """Asks on one connection, again and again, until it is told that the connection closes."""

    def __init__(self, address: tuple[str, int], target: bytes) -> None:
        super().__init__(daemon=True)
        self.target = target
        self.wire = Wire(address)
        self.answered = 0
        self.failed = ""

    def run(self) -> None:
        try:
            while True:
                self.wire.send(asked(self.target))
                answered = self.wire.answer()
                if answered is None or answered.body != _BODY:
                    self.failed = f"after {self.answered} answers: {answered}"[:200]
                    return
                self.answered += 1
                if answered.header(b"connection") == b"close":
                    return
        except (BadAnswer, OSError) as error:
            self.failed = f"after {self.answered} answers: {error!r}"
        finally:
            self.wire.socket.close()


def test_no_request_fails() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(unhurried, quick=quick))
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    serving.start()
    while not server.started:
        time.sleep(0.01)
    address = listener.getsockname()
    clients = [Client(address, b"/quick" if number % 2 else b"/slow") for number in range(_CLIENTS)]
    idle = Wire(address)
    for client in clients:
        client.start()
    time.sleep(0.5)
    server.should_exit = True
    for client in clients:
        client.join(10)
    serving.join(10)
    assert [client.failed for client in clients if client.failed] == []
    assert all(client.answered for client in clients)
    assert idle.closed()
    idle.socket.close()
    assert not serving.is_alive()
