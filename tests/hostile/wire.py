"""A client that sends bytes as they are and reads answers strictly, because client libraries tidy.

Blocking sockets with short deadlines: a test that waits longer has found something.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PATIENCE_SECONDS = 5.0
_READ_BYTES = 65536

Address = tuple[str, int]


class BadAnswer(AssertionError):
    """What came back isn't one well-framed HTTP/1.1 answer."""


@dataclass(frozen=True)
class Answered:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """The value of a lower-case name. Raises BadAnswer where it stands twice."""
        values = [value for key, value in self.headers if key == name]
        if len(values) > 1:
            raise BadAnswer(f"{name!r} stands {len(values)} times")
        return values[0] if values else None


class Wire:
    """One connection. ``interim`` counts the 1xx answers that were read past."""

    def __init__(self, address: Address, *, receive_buffer_bytes: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.interim = 0
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """All of it, or as much as a peer that has closed already takes."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def send_split(self, pieces: Iterable[bytes], *, pause_seconds: float = 0.0) -> None:
        for piece in pieces:
            self.send(piece)
            if pause_seconds:
                time.sleep(pause_seconds)

    def answer(self, method: bytes = b"GET") -> Answered | None:
        """The next final answer, or None when the peer has closed instead of giving one."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head[:-4].split(b"\r\n")
        version, _, rest = first.partition(b" ")
        if version != b"HTTP/1.1" or not rest[:3].isdigit():
            raise BadAnswer(f"no status line: {first!r}")
        status = int(rest[:3])
        headers = tuple(_pair(line) for line in lines)
        answered = Answered(status, headers, b"")
        if 100 <= status < 200 and status != 101:
            self.interim += 1
            return self.answer(method)
        if method == b"HEAD" or status in (101, 204, 304):
            return answered
        return Answered(status, headers, self._body(answered))

    def answers(self, methods: Iterable[bytes]) -> list[Answered]:
        """As many answers as methods, or fewer where the peer closed before."""
        found = []
        for method in methods:
            answered = self.answer(method)
            if answered is None:
                break
            found.append(answered)
        return found

    def closed(self, within_seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether the peer closes, and says nothing more before it does."""
        if self._read:
            raise BadAnswer(f"more than was asked for: {self._read[:200]!r}")
        self.socket.settimeout(within_seconds)
        try:
            more = self.socket.recv(_READ_BYTES)
        except (ConnectionResetError, BrokenPipeError):
            return True
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(PATIENCE_SECONDS)
        if more:
            raise BadAnswer(f"more than was asked for: {more[:200]!r}")
        return True

    def rest(self) -> bytes:
        """Everything until the peer closes. Raises TimeoutError where it doesn't."""
        while self._more():
            pass
        whole, self._read = self._read, b""
        return whole

    def _body(self, answered: Answered) -> bytes:
        coding = answered.header(b"transfer-encoding")
        length = answered.header(b"content-length")
        if coding is not None and length is not None:
            raise BadAnswer("both Transfer-Encoding and Content-Length")
        if coding is not None:
            return self._chunks()
        if length is not None:
            return self._exactly(int(length))
        if answered.header(b"connection") != b"close":
            raise BadAnswer("no framing at all")
        return self.rest()

    def _chunks(self) -> bytes:
        whole = b""
        while True:
            line = self._until(b"\r\n")
            if line is None:
                raise BadAnswer("cut within a chunk's size")
            size = int(line[:-2], 16)
            whole += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise BadAnswer("no CRLF after a chunk")
            if size == 0:
                return whole

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            if not self._more():
                raise BadAnswer(f"cut after {len(self._read)} of {size} bytes")
        wanted, self._read = self._read[:size], self._read[size:]
        return wanted

    def _until(self, end: bytes) -> bytes | None:
        while end not in self._read:
            if not self._more():
                if self._read:
                    raise BadAnswer(f"cut: {self._read[:200]!r}")
                return None
        found = self._read.index(end) + len(end)
        wanted, self._read = self._read[:found], self._read[found:]
        return wanted

    def _more(self) -> bool:
        try:
            data = self.socket.recv(_READ_BYTES)
        except (ConnectionResetError, BrokenPipeError):
            return False
        self._read += data
        return bool(data)


def _pair(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or name != name.strip() or not name:
        raise BadAnswer(f"no header line: {line!r}")
    return name.lower(), value.strip()


def asked(
    target: bytes,
    *,
    method: bytes = b"GET",
    host: bytes = b"a.test",
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: bytes = b"",
) -> bytes:
    """A well-framed request, whose target is whatever it is."""
    lines = [b"%b %b HTTP/1.1" % (method, target), b"Host: " + host]
    lines += [b"%b: %b" % pair for pair in headers]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
