"""What passes untouched: streamed between reader and origin, head by head and chunk by chunk.

Two ways to ask: as the reader (the reader's own origin cookies, never the gateway's identity) or as
the gateway (its own identity, none of the reader's), and the second only where the decision fell
before the origin hears of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from gateway.edge import egress, kinds
from gateway.edge.answers import Answer, Headers, Streamed
from gateway.edge.visit import Visit
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.origin import forward
from gateway.origin.fetch import Origin, OriginRequest, OriginResponse
from gateway.origin.freshness import directives
from gateway.policy.ways import Way


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body as it arrives. ``length`` in bytes where the reader said it."""

    chunks: AsyncIterator[bytes]
    length: int | None

    async def to_send(self) -> AsyncIterator[bytes] | bytes:
        """A short one is read first: until then the origin isn't asked, and with its head it is one
        write."""
        if self.length is None or self.length > SHORT_BYTES_MAX:
            return self.chunks
        return b"".join([part async for part in self.chunks])


# Of Cache-Control, what speaks to browsers too.
_BROWSERS = "max-age no-cache no-store must-revalidate immutable stale-while-revalidate".split()
SHORT_BYTES_MAX = 16 << 10
_RANGES = (b"range", b"if-range", b"if-none-match", b"if-modified-since")


def no_assertion(reader: Reader) -> bytes:
    """For gateways without signed-in readers."""
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """``assertion`` mints the signed word on a signed-in reader that the origin may verify."""

    origin: Origin
    forwarding: forward.ForwardSettings
    assertion: Callable[[Reader], bytes] = no_assertion

    async def as_reader(self, visit: Visit, body: Body | None, *, private: bool) -> Answer:
        """``private``: the answer followed a decision on this reader, so it is for nobody else."""
        response, asserted = await self.ask_as_reader(visit, body)
        return self.streamed(response, visit.here, private=private or asserted)

    async def ask_as_reader(
        self, visit: Visit, body: Body | None, *, method: str = ""
    ) -> tuple[OriginResponse, bool]:
        """The origin's answer, and whether it was told who the reader is. The caller closes it.
        ``method``: another than the reader's."""
        request = visit.request
        headers, asserted = self.reader_headers(visit)
        response = await self.origin.fetch(
            OriginRequest(
                method=method or request.method,
                target=target(request),
                headers=headers,
                body=await body.to_send() if body else None,
                body_bytes=body.length if body else None,
            )
        )
        return response, asserted

    def reader_headers(self, visit: Visit) -> tuple[Headers, bool]:
        """What the origin gets of the reader's own request, and whether it says who the reader is."""
        request = visit.request
        assertion = self.assertion(visit.reader) if _tells_reader(request, visit.reader) else b""
        headers = forward.as_reader(request, settings=self.forwarding, assertion=assertion)
        return headers, bool(assertion)

    async def as_gateway(self, visit: Visit, *, private: bool) -> Answer:
        """For a reader whom the path alone admits: whole or in ranges, whatever its type."""
        request = visit.request
        asked = tuple(pair for pair in request.headers if pair[0] in _RANGES)
        headers = forward.as_gateway(
            settings=self.forwarding,
            validators=asked,
            accept_encoding=request.header(b"accept-encoding") or b"identity",
        )
        response = await self.origin.fetch(
            OriginRequest(method=request.method, target=target(request), headers=headers)
        )
        return self.streamed(response, visit.here, private=private, gated=True)

    def streamed(
        self, response: OriginResponse, here: Way | None, *, private: bool, gated: bool = False
    ) -> Streamed:
        """``here``: the way of this request, for what no cache in front may give to others; None where
        nothing was decided."""
        headers = forward.answer_headers(response.headers, settings=self.forwarding, gated=False)
        if gated:
            headers = tuple(pair for pair in headers if pair[0] != b"set-cookie")
        if private or (here is not None and here.opened_to_some):
            headers = _private(headers)
        elif here is not None and here.closed_to_some:
            headers = _readers_own(headers)
        return Streamed(response.status, headers, response)


def target(request: Request) -> bytes:
    """What the origin is asked for: the judged path, byte for byte, and the reader's query."""
    path = request.path.encode()
    return path + b"?" + request.query if request.query else path


def _private(headers: Headers) -> Headers:
    kept = tuple(pair for pair in headers if pair[0] not in (b"cache-control", b"expires", b"age"))
    return (*kept, (b"cache-control", egress.PRIVATE))


def _readers_own(headers: Headers) -> Headers:
    """Kept by the reader's own browser as long as the origin says, and by nothing in between."""
    said = directives(headers)
    told = [f"{name}={said[name]}" if said[name] else name for name in _BROWSERS if name in said]
    kept = tuple(pair for pair in headers if pair[0] != b"cache-control")
    return (*kept, (b"cache-control", ", ".join(("private", *told)).encode("latin-1")))


def _tells_reader(request: Request, reader: Reader) -> bool:
    """A signed-in reader's own requests; parts of a page need not differ by reader."""
    return bool(reader.id) and (
        kinds.navigation(request) or request.header(b"sec-fetch-dest") in (None, b"empty")
    )
