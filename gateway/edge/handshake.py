"""The opening of a WebSocket, as bytes: what the origin is asked, and whether its answer opens.

Pure (RFC 6455 sections 4.1 and 4.2). Only ``edge.tunnel`` moves these bytes.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from hashlib import sha1

import httptools

from gateway.errors import OriginFailed

Headers = tuple[tuple[bytes, bytes], ...]

_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_KEY_BYTES = 16
_HEAD_BYTES_MAX = 64 << 10
_HEADERS_MAX = 200
_INTERIM_MAX = 4


def key_is_proper(key: bytes | None) -> bool:
    """Sec-WebSocket-Key: sixteen bytes in base64."""
    try:
        return key is not None and len(b64decode(key, validate=True)) == _KEY_BYTES
    except NotBase64:
        return False


def request_head(target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """``headers``: end-to-end ones, already cleaned, with Host and Sec-WebSocket-* among them."""
    lines = [b"GET %b HTTP/1.1" % target]
    lines += [b"%b: %b" % pair for pair in headers]
    lines += [b"connection: Upgrade", b"upgrade: websocket"]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def opening_head(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The 101 as the reader gets it. ``headers``: the origin's, already cleaned."""
    lines = [b"HTTP/1.1 101 Switching Protocols"]
    lines += [b"%b: %b" % pair for pair in headers if pair[0] not in (b"connection", b"upgrade")]
    lines += [b"connection: Upgrade", b"upgrade: websocket"]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class AnswerHead:
    """Fed until ``complete``; whatever follows the head of a 101 stands in ``early``.

    The body of any other answer is never looked at: browsers don't show it to anyone, and a
    handshake must not become a way to fetch pages.
    """

    def __init__(self, key: bytes) -> None:
        digest = sha1(key + _ACCEPT_GUID, usedforsecurity=False).digest()
        self._expected = b64encode(digest)
        self._parser = httptools.HttpResponseParser(self)
        self._bytes = 0
        self._interim = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.status = 0
        self.early = b""

    @property
    def headers(self) -> Headers:
        return tuple(self._headers)

    def feed(self, data: bytes) -> None:
        """Raises OriginFailed for what isn't HTTP, is over its bounds, or is an improper 101."""
        self._bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.early = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            if not self.complete or self.status == 101:
                raise OriginFailed("a handshake's answer that isn't HTTP") from error
        if self.status == 101 and not self._proper():
            raise OriginFailed("an improper 101")
        if self._over_bounds():
            raise OriginFailed("a handshake's answer over its bounds")

    def _over_bounds(self) -> bool:
        size = sum(len(name) + len(value) for name, value in self._headers)
        if not self.complete:
            size = max(size, self._bytes)  # what follows a complete head isn't its own
        return (
            size > _HEAD_BYTES_MAX
            or len(self._headers) > _HEADERS_MAX
            or self._interim > _INTERIM_MAX
        )

    def _proper(self) -> bool:
        """RFC 6455 section 4.1: Upgrade, Connection, and the proof that the key was read."""
        return (
            self._only(b"upgrade").lower() == b"websocket"
            and b"upgrade" in _tokens(self._only(b"connection"))
            and self._only(b"sec-websocket-accept") == self._expected
        )

    def _only(self, name: bytes) -> bytes:
        """The value of a name that stands once; empty where it is missing or doubled."""
        values = [value for key, value in self._headers if key == name]
        return values[0] if len(values) == 1 else b""

    # httptools
    def on_message_begin(self) -> None:
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if status == 101 or status >= 200:
            self.status, self.complete = status, True
        else:
            self._interim += 1


def _tokens(value: bytes) -> list[bytes]:
    return [token.strip().lower() for token in value.split(b",")]
