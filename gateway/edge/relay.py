"""From a worker to the desk: the rooms where readers log in and pay, in a process of their own.

A login costs as much as a thousand articles. So workers, who serve articles, pass its requests on
over a socket that only this gateway's processes can reach, and a storm of logins, a slow provider or
a large export keeps no article waiting. The worker has admitted the request; the desk admits it again,
and believes what a worker says of the reader's address.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import Clock
from gateway.edge import answers, egress
from gateway.edge.answers import Streamed
from gateway.edge.entrance import body_of
from gateway.edge.headers import TOLD_BY_PROXIES
from gateway.edge.passing import SHORT_BYTES_MAX, Body, target
from gateway.errors import DeskUnavailable, OriginFailed
from gateway.model.request import Request
from gateway.origin.fetch import Origin, OriginRequest
from gateway.origin.wire import Connection

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 30.0
AT_ONCE_MAX = 256
# More than any room takes: what is longer is cut here, and its room finds it too long.
BODY_BYTES_MAX = 1 << 20
# Forms and most webhooks are short. Only so many of the others are read at once.
LONG_AT_ONCE_MAX = 64
# A worker says these itself; and the answer's own framing ends here.
_SAID_HERE = frozenset((b"host", *TOLD_BY_PROXIES))
_OF_ONE_LINE = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"date"))


class DeskLine(Origin):
    """``path`` is the desk's socket."""

    def __init__(self, path: str) -> None:
        super().__init__(
            url="http://desk",
            connect_seconds=CONNECT_SECONDS,
            read_seconds=ANSWER_SECONDS,
            fetches_max=AT_ONCE_MAX,
        )
        self._path = path

    async def _dial(self, loop: asyncio.AbstractEventLoop, connection: Connection) -> None:
        await loop.create_unix_connection(lambda: connection, self._path)


@dataclass(slots=True, kw_only=True)
class Relay:
    """An ASGI application for ``edge.reserved``. ``host`` is the site's own name."""

    line: DeskLine
    host: bytes
    clock: Clock
    dates: egress.Dates = field(default_factory=egress.Dates)
    _long: int = field(default=0, init=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Raises DeskUnavailable while the desk can't be reached."""
        request: Request = scope["state"]["request"]
        body = body_of(scope, receive)
        try:
            response = await self.line.fetch(
                OriginRequest(
                    method=request.method,
                    target=target(request),
                    headers=self._headers(request),
                    body=await self._whole(body) if body else None,
                )
            )
        except OriginFailed as failed:
            raise DeskUnavailable(failed.detail) from failed
        kept = tuple(pair for pair in response.headers if pair[0] not in _OF_ONE_LINE)
        await answers.send(
            Streamed(response.status, kept, response),
            method=request.method,
            if_none_match=None,
            send=send,
            now=self.clock.now(),
            dates=self.dates,
        )

    def _headers(self, request: Request) -> answers.Headers:
        """The admitted request's own, and what this worker knows of who sent it."""
        kept = tuple(pair for pair in request.headers if pair[0] not in _SAID_HERE)
        country = ((b"cf-ipcountry", request.country.encode()),) if request.country else ()
        return (
            (b"host", self.host),
            *kept,
            (b"x-forwarded-for", (request.client or "127.0.0.1").encode()),
            (b"x-forwarded-proto", request.scheme.encode()),
            *country,
        )

    async def _whole(self, body: Body) -> bytes:
        """Read before the desk is asked, so that slow senders keep none of its places. With its head it
        is one write, and the desk wakes once. Raises DeskUnavailable where too many are long."""
        read, long = b"", False
        try:
            async for part in body.chunks:
                read += part
                if len(read) > SHORT_BYTES_MAX and not long:
                    if self._long >= LONG_AT_ONCE_MAX:
                        raise DeskUnavailable("too many long bodies at once")
                    self._long, long = self._long + 1, True
                if len(read) > BODY_BYTES_MAX:
                    break
        finally:
            self._long -= long
        return read
