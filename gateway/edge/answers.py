"""What the gate answers, as values: the branching makes them, ``send`` writes them.

``Ready`` is a page's variant, ``Plain`` small bytes of our own (refusals, problems), ``Streamed``
the origin's answer passed on as it arrives. Only ``send`` knows ASGI messages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.edge import egress
from gateway.edge.streaming import Sending, stream
from gateway.model.page import Sharing, Variant
from gateway.origin.fetch import OriginResponse

Headers = tuple[tuple[bytes, bytes], ...]
Receive = Any  # Starlette's own aliases, without importing it
Send = Any  # a ``Sending``, or ASGI's own


@dataclass(frozen=True, slots=True)
class Ready:
    variant: Variant
    sharing: Sharing


@dataclass(frozen=True, slots=True)
class Plain:
    status: int
    headers: Headers
    body: bytes = field(repr=False, default=b"")


class Streamed(NamedTuple):
    """``response`` is closed by ``send``, whatever happens."""

    status: int
    headers: Headers
    response: OriginResponse


Answer = Ready | Plain | Streamed


def send(
    answer: Answer,
    *,
    method: str,
    if_none_match: bytes | None,
    send: Send,
    now: float,
    dates: egress.Dates,
) -> Awaitable[int]:
    """Write one answer; gives its status, for the log. HEAD gets heads alone."""
    dates.at(now)
    date = (b"date", dates.value)
    if isinstance(answer, Streamed):
        return _stream(answer, method=method, send=send, date=date)
    if isinstance(answer, Plain):
        headers = (*answer.headers, *egress.length(answer.status, answer.body), date)
        return _whole(answer.status, headers, answer.body, method=method, send=send)
    variant = answer.variant
    headers, body, status = variant.headers, variant.body, variant.status
    if status == 200 and if_none_match and egress.same_entity(if_none_match, variant.etag):
        headers, body, status = egress.only_for_304(headers), b"", 304
    if variant.born_at:
        headers = (*headers, (b"age", b"%d" % egress.age(variant, now)))
    return _whole(status, (*headers, date), body, method=method, send=send)


async def _whole(status: int, headers: Headers, body: bytes, *, method: str, send: Send) -> int:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
    return status


async def _stream(answer: Streamed, *, method: str, send: Send, date: tuple[bytes, bytes]) -> int:
    response, headers = answer.response, answer.headers
    for pair in headers:
        if pair[0] == b"date":
            break
    else:
        headers = (*headers, date)
    cycle = send.cycle() if isinstance(send, Sending) else None
    try:
        if cycle is not None:
            await stream(
                send,
                cycle,
                status=answer.status,
                headers=headers,
                response=response,
                method=method,
            )
        else:
            await _stream_messages(answer, headers, method, send)
    finally:
        if response.line is not None:
            await response.close()
    return answer.status


async def _stream_messages(answer: Streamed, headers: Headers, method: str, send: Send) -> None:
    """For a server whose line isn't known, or a line that something else stands around."""
    response, ended = answer.response, False
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if method != "HEAD" and answer.status not in (204, 304):
        async for chunk in response.chunks():
            # A write for the end alone costs as much as one with the last bytes.
            ended = response.finished
            await send({"type": "http.response.body", "body": chunk, "more_body": not ended})
    if not ended:
        await send({"type": "http.response.body", "body": b""})


async def request_body(receive: Receive) -> AsyncIterator[bytes]:
    """The request's body as it arrives. Ends early, by raising, when the reader goes away."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the reader left before the body was whole")
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return
