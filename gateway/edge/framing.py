"""Which heads two servers could end at different places, and so are refused.

Pure: RFC 9112 sections 2 to 7 as far as llhttp leaves them open. It refuses by itself two lengths,
a length beside a transfer coding, folded lines, bare CR and LF, and sizes that aren't plain hex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

_METHODS = frozenset(b"GET HEAD POST PUT PATCH DELETE OPTIONS TRACE".split())
_VERSIONS = frozenset(("1.0", "1.1"))
_LENGTH_DIGITS_MAX = 18
_TE, _CL = b"transfer-encoding", b"content-length"

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, counts and seconds that one connection gets."""

    target_bytes: int = 16 << 10
    head_bytes: int = 64 << 10
    headers: int = 100
    body_bytes: int = 256 << 20
    # Chunk sizes, their extensions and trailers, beyond eight times what they frame.
    framing_bytes: int = 64 << 10
    # Requests that wait on one connection for those before them.
    queued: int = 32
    connections: int = 16_384
    head_seconds: int = 10
    # A body gets this long, and a second more for each body_bytes_per_second of it.
    body_seconds: int = 30
    body_bytes_per_second: int = 1024
    idle_seconds: int = 75
    stalled_seconds: int = 60
    linger_seconds: int = 2


class Refused(Exception):
    """Raised inside a parser callback; ends the connection's reading."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"{status}")


@dataclass(frozen=True, slots=True)
class Framed:
    """``expects``: the reader waits for 100 Continue. ``websocket``: it opens one (RFC 6455)."""

    expects: bool
    websocket: bool


_TOLD = frozenset((_TE, _CL, b"expect"))
_PLAIN = Framed(expects=False, websocket=False)


def framed(
    *, method: bytes, version: str, headers: Headers, upgrading: bool, limits: Limits
) -> Framed:
    """Raises Refused: 400 405 413 417 431 501 505."""
    if version not in _VERSIONS:
        raise Refused(505)
    if method == b"CONNECT":
        raise Refused(405)
    if method not in _METHODS:
        raise Refused(501)
    if sum(map(len, chain.from_iterable(headers))) + 4 * len(headers) > limits.head_bytes:
        raise Refused(431)
    if not upgrading and _TOLD.isdisjoint(dict(headers)):
        return _PLAIN  # most heads say nothing of a body
    body = _body(headers, version, limits)
    if upgrading and body:
        # llhttp takes the body of such a request for the new protocol, others for a body.
        raise Refused(400)
    expectations = [value.strip().lower() for name, value in headers if name == b"expect"]
    if any(expectation != b"100-continue" for expectation in expectations):
        raise Refused(417)
    websocket = upgrading and method == b"GET" and _asks_websocket(headers)
    return Framed(bool(expectations) and version == "1.1", websocket)


def _body(headers: Headers, version: str, limits: Limits) -> bool:
    codings = [value for name, value in headers if name == _TE]
    lengths = [value for name, value in headers if name == _CL]
    if codings:
        if lengths or version != "1.1" or len(codings) > 1:
            raise Refused(400)
        if codings[0].lower() != b"chunked":
            raise Refused(501)
        return True
    if not lengths:
        return False
    if len(lengths) > 1 or not lengths[0].isdigit():
        raise Refused(400)
    if len(lengths[0]) > _LENGTH_DIGITS_MAX or int(lengths[0]) > limits.body_bytes:
        raise Refused(413)
    return int(lengths[0]) > 0


def _asks_websocket(headers: Headers) -> bool:
    upgrades = [value.lower() for name, value in headers if name == b"upgrade"]
    return upgrades == [b"websocket"]
