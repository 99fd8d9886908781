"""The ASGI rim of the full lane: admits a request once, finds its reader, sends what the gate says.

Every error ends here, in one place, with an id that stands on the page and in the log. Nothing
below raises for a reader's sake without being drawn in ``errors``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.edge import answers, egress, kinds
from gateway.edge.answers import Answer, Plain, Streamed
from gateway.edge.explaining import explained
from gateway.edge.failures import Failures, new_error_id
from gateway.edge.gate import Gate
from gateway.edge.ingress import Ingress, MovedTo
from gateway.edge.passing import Body
from gateway.edge.rate import RequestRate, counts
from gateway.edge.streaming import Sending
from gateway.edge.upgrading import Upgrading
from gateway.edge.visit import Visit
from gateway.errors import LychgateError, RequestRefused
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.policy.compile import Policy

RESERVED = "/-/"
_STREAM_CUT = "origin-cut-the-stream"

Scope = dict[str, Any]
Application = Callable[[Scope, answers.Receive, answers.Send], Awaitable[None]]


class Readers(Protocol):
    """``identity.sessions`` as far as the request's way needs it."""

    async def reader_of(self, cookie_header: bytes | None, now: float) -> Reader: ...


class Notes(Protocol):
    """What the full lane tells the counters and the log."""

    def answered(self, *, path: str, status: int, body_bytes: int, request_id: str) -> None: ...

    def failed(self, *, reason: str, error_id: str, path: str, error: BaseException) -> None: ...


@dataclass(slots=True, kw_only=True)
class Entrance:
    """``ours`` answers the reserved prefix, with the admitted request in ``scope["state"]``.

    ``assumed``: ``readers`` plays one reader for everybody (``--as``), so nothing may be shared.
    ``explain_header``: every answer of an article's path says what was decided.
    """

    ingress: Ingress
    gate: Gate
    upgrading: Upgrading
    readers: Readers
    policy: Callable[[], Policy]
    failures: Failures
    ours: Application
    notes: Notes
    clock: Clock
    rate: RequestRate
    assumed: bool = False
    explain_header: bool = False
    dates: egress.Dates = field(default_factory=egress.Dates)

    async def __call__(self, scope: Scope, receive: answers.Receive, send: answers.Send) -> None:
        assert scope["type"] == "http", "the server hands over nothing else"
        error_id, request = new_error_id(), None
        sending = Sending(send)
        try:
            admitted = self._admit(scope, error_id)
            if isinstance(admitted, MovedTo):
                status = await self._send(self._moved(admitted), scope, None, sending)
                return
            request = admitted
            if self.rate.per_second and not self._in_rate(request):
                raise RequestRefused(429, "too-many-requests")
            status = await self._answer(request, scope, receive, sending)
        except LychgateError as error:
            status = await self._fail(error, scope, request, error_id, sending)
        except ConnectionError:
            return  # the reader left; nobody is there to be told
        except Exception as error:
            self.notes.failed(
                reason="internal-error", error_id=error_id, path=_path(request), error=error
            )
            if sending.started:
                raise
            plain = self.failures.status(500, "internal-error", request=request, error_id=error_id)
            status = await self._send(plain, scope, None, sending)
        self.notes.answered(
            path=_path(request),
            status=status,
            body_bytes=0 if scope["method"] == "HEAD" else sending.body_bytes,
            request_id=error_id,
        )

    def _in_rate(self, request: Request) -> bool:
        return not counts(request.path) or self.rate.allows(request.client, self.clock.now())

    def _admit(self, scope: Scope, request_id: str) -> Request | MovedTo:
        client = scope.get("client")
        return self.ingress.admit(
            method=scope["method"],
            target=scope["extensions"]["lychgate"]["target"],
            headers=scope["headers"],
            peer=client[0] if client else "",
            scheme=scope["scheme"],
            path_parameters_allowed=self.policy().path_parameters_allowed,
            request_id=request_id,
        )

    async def _answer(
        self, request: Request, scope: Scope, receive: answers.Receive, sending: Sending
    ) -> int:
        if request.path.startswith(RESERVED):
            scope["path"], scope["raw_path"] = request.path, request.path.encode()
            scope.setdefault("state", {})["request"] = request
            await self.ours(scope, receive, sending)
            return sending.status
        if self.assumed:
            request = dataclasses.replace(request, has_session_cookie=True)
        now = self.clock.now()
        policy = self.policy()
        way = policy.way(request.host, request.path)
        visit = Visit(
            request=request,
            reader=await self.readers.reader_of(request.header(b"cookie"), now),
            way=way,
            here=policy.narrowed(way, request),
            policy=policy,
            now=now,
        )
        if kinds.upgrade(request):
            return await self._upgrade(visit, scope, sending)
        body = body_of(scope, receive)
        answer = await self.gate.answer(visit, body)
        if self.explain_header:
            answer = explained(answer, visit)
        return await self._send(answer, scope, request, sending)

    async def _upgrade(self, visit: Visit, scope: Scope, sending: Sending) -> int:
        """A WebSocket, decided before the origin hears of it."""
        take_line = scope["extensions"]["lychgate"].get("take_line")
        answer = self.gate.tunnel_refused(visit) or await self.upgrading.open(visit, take_line)
        if answer is None:
            return 101
        return await self._send(answer, scope, visit.request, sending)

    def _send(
        self, answer: Answer, scope: Scope, request: Request | None, sending: Sending
    ) -> Awaitable[int]:
        whole = not isinstance(answer, Streamed)
        return answers.send(
            answer,
            method=scope["method"],
            if_none_match=request.header(b"if-none-match") if request and whole else None,
            send=sending,
            now=self.clock.now(),
            dates=self.dates,
        )

    async def _fail(
        self,
        error: LychgateError,
        scope: Scope,
        request: Request | None,
        error_id: str,
        sending: Sending,
    ) -> int:
        status = error.refused_status if isinstance(error, RequestRefused) else error.status
        if status >= 500 or sending.started:
            self.notes.failed(
                reason=error.reason, error_id=error_id, path=_path(request), error=error
            )
        if sending.started:
            # A cut stream must not look whole: the server drops the line when the app raises.
            raise ConnectionAbortedError(_STREAM_CUT) from error
        plain = self.failures.of_error(error, request=request, error_id=error_id)
        return await self._send(plain, scope, None, sending)

    def _moved(self, moved: MovedTo) -> Plain:
        headers = ((b"location", moved.location), (b"cache-control", b"no-cache"))
        return Plain(308, headers)


def body_of(scope: Scope, receive: answers.Receive) -> Body | None:
    """GET and HEAD bodies aren't forwarded; the server reads and drops them."""
    if scope["method"] in ("GET", "HEAD"):
        return None
    headers = dict(scope["headers"])
    length = headers.get(b"content-length")
    if length == b"0" or (length is None and b"transfer-encoding" not in headers):
        return None
    return Body(answers.request_body(receive), int(length) if length else None)


def _path(request: Request | None) -> str:
    return request.path if request else ""
