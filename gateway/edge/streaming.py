"""An answer written straight to the reader's line, its head and first bytes in one write.

As ASGI messages each header would be looked at twice more, and a head would be a write of its own:
a third of what a small answer costs, and whoever reads is woken twice. Only uvicorn's own HTTP/1.1
cycle is written to, and only when nothing wraps its ``send``; what it would have written is what is
written here, byte for byte. This file knows nothing of pages or readers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.edge.egress import status_line
from gateway.origin.fetch import OriginResponse

Headers = tuple[tuple[bytes, bytes], ...]

_CONTROLS = bytes((*range(0x09), *range(0x0A, 0x20), 0x7F))
_UNSENT_BYTES_MAX = 8 << 10
_WITHOUT_BODY = frozenset((204, 304))


@lru_cache(maxsize=1000)
def _status_line(status: int) -> bytes:
    return status_line(status).removesuffix(b"\r\n")


@dataclass(slots=True)
class Sending:
    """A head waits for what follows it. ``started`` tells whether it has left, past which an error
    can only cut the line; ``status`` is what it says, and ``body_bytes`` what followed it."""

    send: Callable[[Any], Awaitable[None]]
    started: bool = False
    status: int = 0
    body_bytes: int = 0
    _held: dict[str, Any] | None = None

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self._held = message["status"], message
            return
        self.body_bytes += len(message.get("body", b""))
        head, self._held = self._held, None
        if head is not None:
            self.started = True
            headers = tuple(head.get("headers", ()))
            cycle = self.cycle()
            if cycle is not None and not message.get("more_body") and _says_no_end(headers):
                await whole(cycle, self.status, headers, message.get("body", b""))
                return
            await self.send(head)
        await self.send(message)

    def cycle(self) -> RequestResponseCycle | None:
        """The server's own, where its bytes are what an answer's bytes are."""
        cycle = getattr(self.send, "__self__", None)
        plain = type(cycle) is RequestResponseCycle and not cycle.default_headers
        return cycle if plain else None


async def stream(
    sending: Sending,
    cycle: RequestResponseCycle,
    *,
    status: int,
    headers: Headers,
    response: OriginResponse,
    method: str,
) -> None:
    """Raises what ``response`` raises, and RuntimeError for a body unlike its Content-Length."""
    flow, transport = cycle.flow, cycle.transport
    if flow.write_paused and not cycle.disconnected:
        await flow.drain()
    sending.started, sending.status = True, status
    if _left_us(cycle):
        return
    bodiless = method == "HEAD" or status in _WITHOUT_BODY
    head, length = _head(status, headers, keep_alive=cycle.keep_alive, bodiless=bodiless)
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    parts = [] if bodiless else response.take()
    ended = bodiless or response.finished
    left = length
    if length is not None:
        left = _left(length, parts, ended=ended)
        transport.writelines((head, *parts))
    elif bodiless:
        transport.write(head)
    else:
        transport.writelines((head, *_chunked(parts, ended=ended)))
    sending.body_bytes = sum(map(len, parts))
    while not ended:
        if transport.get_write_buffer_size() > _UNSENT_BYTES_MAX:
            # A slow reader: not as much again as is held for it already.
            transport.set_write_buffer_limits(high=_UNSENT_BYTES_MAX)
            response.hold_little()
        await response.more()
        if flow.write_paused and not cycle.disconnected:
            await flow.drain()
        if _left_us(cycle):
            return
        parts, ended = response.take(), response.finished
        sending.body_bytes += sum(map(len, parts))
        if left is None:
            parts = _chunked(parts, ended=ended)
        else:
            left = _left(left, parts, ended=ended)
        transport.writelines(parts)
    complete(cycle)


async def whole(cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> None:
    """An answer that is all there. Raises RuntimeError for a body unlike its Content-Length."""
    flow, transport = cycle.flow, cycle.transport
    if flow.write_paused and not cycle.disconnected:
        await flow.drain()
    if _left_us(cycle):
        return
    bodiless = cycle.scope["method"] == "HEAD" or status in _WITHOUT_BODY
    head, length = _head(status, headers, keep_alive=cycle.keep_alive, bodiless=bodiless)
    parts = [] if bodiless else [body]
    if length is None:
        parts = _chunked(parts, ended=True)
    else:
        _left(length, parts, ended=True)
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    transport.writelines((head, *parts))
    complete(cycle)


def _says_no_end(headers: Headers) -> bool:
    return all(name != b"connection" for name, _ in headers)


def complete(cycle: RequestResponseCycle) -> None:
    """As uvicorn ends an answer; but where the request's body is still on its way, how the connection
    ends is left to ``edge.answering``: closed at once it would be reset, and the answer lost."""
    cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive and not cycle.more_body:
        cycle.transport.close()
    cycle.on_response()


def _left_us(cycle: RequestResponseCycle) -> bool:
    """Whether the reader is gone; asked anew after each wait."""
    return cycle.disconnected


def _head(
    status: int, headers: Headers, *, keep_alive: bool, bodiless: bool
) -> tuple[bytes, int | None]:
    """The head, and the length of the body that follows: None for chunks, 0 where there is none."""
    lines = [_status_line(status)]
    length = None
    for pair in headers:
        if pair[0] == b"content-length":
            length = int(pair[1])
        lines.append(b": ".join(pair))
    if not keep_alive:
        lines.append(b"connection: close")
    if bodiless:
        length = 0
    elif length is None:
        lines.append(b"transfer-encoding: chunked")
    head = b"\r\n".join(lines)
    # A line that ended early would be a header, or an answer, of somebody else's making.
    if len(head) - len(head.translate(None, _CONTROLS)) != 2 * len(lines) - 2:
        raise RuntimeError("a header that would break its line")
    return head + b"\r\n\r\n", length


def _left(length: int, parts: list[bytes], *, ended: bool) -> int:
    left = length - sum(map(len, parts))
    if left < 0 or (ended and left):
        raise RuntimeError("a body unlike its Content-Length")
    return left


def _chunked(parts: list[bytes], *, ended: bool) -> list[bytes]:
    """One chunk of what is there (RFC 9112 section 7.1)."""
    size = sum(map(len, parts))
    framed = [b"%x\r\n" % size, *parts, b"\r\n"] if size else []
    if ended:
        framed.append(b"0\r\n\r\n")
    return framed
