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
_CLIENTS_A_LANE = 6


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

    def __init__(self, address: tuple[str, int], target: bytes, pause_seconds: float) -> None:
        super().__init__(daemon=True)
        self.target = target
        self.pause_seconds = pause_seconds
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
                time.sleep(self.pause_seconds)
        except (BadAnswer, OSError) as error:
            self.failed = f"after {self.answered} answers: {error!r}"
        finally:
            self.wire.socket.close()


def _shut_down_under(*, pause_seconds: float) -> None:
    """Half a second into the asking of readers of both lanes, beside one who asks nothing."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(unhurried, quick=quick))
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    serving.start()
    while not server.started:
        time.sleep(0.01)
    address = listener.getsockname()
    clients = [
        Client(address, target, pause_seconds)
        for target in (b"/quick", b"/slow")
        for _ in range(_CLIENTS_A_LANE)
    ]
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


def test_no_request_fails() -> None:
    _shut_down_under(pause_seconds=0.0)


def test_a_reader_who_asks_again_within_a_second_is_answered() -> None:
    """Whenever the sweep passes: it would close the idle ones while their next request is on its way."""
    _shut_down_under(pause_seconds=0.5)
