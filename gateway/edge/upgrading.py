"""A WebSocket's way: the same decision as any request's, then a handshake as the reader, then a tunnel.

The gateway's own identity never travels here, since nobody judges what passes inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.edge.answers import Plain
from gateway.edge.handshake import key_is_proper, opening_head, request_head
from gateway.edge.passing import Passing, target
from gateway.edge.tunnel import Line, Tunnels
from gateway.edge.visit import Visit
from gateway.errors import RequestRefused
from gateway.origin import forward

# What the handshake says for itself, and what belongs to a body that isn't passed on.
_OWN = frozenset((b"connection", b"upgrade", b"content-length"))
_OF_BODY = frozenset((b"content-length", b"content-encoding", b"content-type"))
_VERSION = b"13"  # RFC 6455 section 4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrading:
    tunnels: Tunnels
    passing: Passing

    async def open(self, visit: Visit, take_line: Callable[[], Line] | None) -> Plain | None:
        """The origin's refusal, or None when the tunnel stood and has ended.

        ``take_line`` is the server's; without one no handshake was read. Raises RequestRefused,
        OriginFailed and its kin, all before the reader's line is touched.
        """
        request = visit.request
        key = request.header(b"sec-websocket-key")
        version = request.header(b"sec-websocket-version")
        if take_line is None or key is None or not key_is_proper(key) or version != _VERSION:
            raise RequestRefused(400, "handshake-malformed")
        headers = [pair for pair in self.passing.reader_headers(visit)[0] if pair[0] not in _OWN]
        tunnel = await self.tunnels.ask(request_head(target(request), headers), key=key)
        try:
            answered = forward.answer_headers(
                tunnel.headers, settings=self.passing.forwarding, gated=False
            )
            if tunnel.status != 101:
                kept = tuple(pair for pair in answered if pair[0] not in _OF_BODY)
                return Plain(tunnel.status, kept)
            await tunnel.relay(take_line(), opening_head(answered))
        finally:
            tunnel.end()
        return None
