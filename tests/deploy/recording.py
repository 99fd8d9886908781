"""An upstream that keeps each request's head as it came, byte for byte, and answers plainly.

It accepts any WebSocket upgrade, echoes one line over it, and streams events on ``/events``.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Recording:
    """``heads`` in the order of arrival, from all connections."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def headers(self, index: int = -1) -> dict[str, list[str]]:
        """Lower-case names with all their values."""
        found: dict[str, list[str]] = {}
        for line in self.heads[index].split(b"\r\n")[1:]:
            name, mark, value = line.decode("latin-1").partition(":")
            if mark:
                found.setdefault(name.lower(), []).append(value.strip())
        return found

    def target(self, index: int = -1) -> bytes:
        return self.heads[index].split(b" ", 2)[1]


@contextmanager
def recording() -> Iterator[Recording]:
    kept = Recording()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := _head(self.rfile.readline):
                kept.heads.append(head)
                if not _answer(self, head, kept):
                    return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield kept
        finally:
            kept.go_on.set()
            server.shutdown()
            thread.join()


def _head(readline: object) -> bytes:
    assert callable(readline)
    lines: list[bytes] = []
    while (line := readline()) not in (b"", b"\r\n"):
        lines.append(line)
    return b"".join(lines)


def _answer(handler: socketserver.StreamRequestHandler, head: bytes, kept: Recording) -> bool:
    """Whether the connection stays open for another request."""
    write = handler.wfile.write
    if b"\r\nupgrade: websocket" in head.lower():
        write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        write(b"echo:" + handler.rfile.readline())
        return False
    if head.split(b" ", 2)[1] == b"/events":
        write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        write(b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
        kept.go_on.wait(10)
        write(b"0\r\n\r\n")
        return True
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line[:15] == b"content-length:"
        ),
        0,
    )
    handler.rfile.read(length)
    if head.startswith(b"HEAD"):
        write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        return True
    cookie = b"Set-Cookie: a=" + b"x" * 9000 + b"\r\n" if b" /big-answer " in head else b""
    write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n"
        b'Cache-Control: public, s-maxage=60\r\nETag: "v"\r\n' + cookie + b"\r\nhello"
    )
    return True
