"""Messages whose ends two parsers could see at different places: the threat list's "Framing".

Every row is followed on the same connection by ``SMUGGLED``: no row may let it be answered as a
request of its own unless ``follows`` says that its first message ends there beyond doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"
_POST = b"POST /public/form HTTP/1.1\r\nHost: a.test\r\n"
_GET = b"GET /public/a HTTP/1.1\r\nHost: a.test\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Framing:
    name: str
    data: bytes
    statuses: tuple[int, ...]

    def __str__(self) -> str:
        return self.name


def _bad(name: str, data: bytes, *statuses: int) -> Framing:
    return Framing(name, data, statuses or (400,))


# Each is answered once with one of its statuses, and the connection closes.
REFUSED = (
    # Lengths (RFC 9112 section 6.3).
    _bad("te with cl", _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
    _bad("cl with te", _POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    _bad(
        "cl 0 with te", _POST + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    _bad(
        "te on get with cl",
        _GET + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    _bad("signed cl", _POST + b"Content-Length: +3\r\n\r\nabc"),
    _bad("negative cl", _POST + b"Content-Length: -1\r\n\r\nabc"),
    _bad("hex cl", _POST + b"Content-Length: 0x3\r\n\r\nabc"),
    _bad("listed cl", _POST + b"Content-Length: 3, 3\r\n\r\nabc"),
    _bad("empty cl", _POST + b"Content-Length:\r\n\r\n"),
    _bad("spaced cl", _POST + b"Content-Length: 3 3\r\n\r\nabc"),
    _bad("huge cl", _POST + b"Content-Length: 99999999999999999999999\r\n\r\nabc", 400, 413),
    _bad("decimal cl", _POST + b"Content-Length: 3.0\r\n\r\nabc"),
    _bad("underscored cl", _POST + b"Content_Length: 3\r\nContent-Length: 1_0\r\n\r\nabc"),
    # Transfer codings (section 6.1): only ``chunked``, once, and only on HTTP/1.1.
    _bad(
        "te te",
        _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    _bad("te chunked, chunked", _POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    _bad("te identity after", _POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    _bad(
        "te identity before",
        _POST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        400,
        501,
    ),
    _bad("te identity", _POST + b"Transfer-Encoding: identity\r\n\r\n", 400, 501),
    _bad("te gzip", _POST + b"Transfer-Encoding: gzip\r\n\r\n", 400, 501),
    _bad(
        "te gzip, chunked", _POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, 501
    ),
    _bad("te xchunked", _POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, 501),
    _bad("te chunked;q", _POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 400, 501),
    _bad("te quoted", _POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', 400, 501),
    _bad("te empty", _POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n", 400, 501),
    _bad("te comma", _POST + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", 400, 501),
    _bad("te vertical tab", _POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n"),
    _bad("te nul", _POST + b"Transfer-Encoding: chunked\x00\r\n\r\n0\r\n\r\n"),
    _bad("te spaced name", _POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    _bad("te tabbed name", _POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"),
    _bad("te folded", _POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    _bad("te folded name", _POST + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    _bad("te led by space", _POST + b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    _bad("te after bare cr", _POST + b"X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    _bad("te after bare lf", _POST + b"X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    _bad(
        "te on 1.0",
        b"POST /public/form HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        501,
        505,
    ),
    # Chunks (section 7.1).
    _bad("chunk 0x1", _CHUNKED + b"0x1\r\na\r\n0\r\n\r\n"),
    _bad("chunk +1", _CHUNKED + b"+1\r\na\r\n0\r\n\r\n"),
    _bad("chunk -1", _CHUNKED + b"-1\r\na\r\n0\r\n\r\n"),
    _bad("chunk with space", _CHUNKED + b"1 \r\na\r\n0\r\n\r\n"),
    _bad("chunk led by space", _CHUNKED + b" 1\r\na\r\n0\r\n\r\n"),
    _bad("chunk with lf", _CHUNKED + b"1\na\r\n0\r\n\r\n"),
    _bad("chunk extension with lf", _CHUNKED + b"1;x\na\r\n0\r\n\r\n"),
    _bad("chunk extension quoted crlf", _CHUNKED + b'1;x="a\r\n"\r\na\r\n0\r\n\r\n'),
    _bad("chunk too long", _CHUNKED + b"1\r\nab\r\n0\r\n\r\n"),
    _bad("chunk ends in lf", _CHUNKED + b"1\r\na\n0\r\n\r\n"),
    _bad("chunk overflow", _CHUNKED + b"FFFFFFFFFFFFFFFFF\r\na\r\n0\r\n\r\n"),
    _bad("chunk wraps", _CHUNKED + b"10000000000000001\r\na\r\n0\r\n\r\n"),
    _bad("chunk letter", _CHUNKED + b"g\r\na\r\n0\r\n\r\n"),
    _bad("chunk empty", _CHUNKED + b"\r\na\r\n0\r\n\r\n"),
    # Lines (section 2.2).
    _bad("bare lf", b"GET /public/a HTTP/1.1\nHost: a.test\n\n"),
    _bad("bare lf in head", b"GET /public/a HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n"),
    _bad("bare lf at end", b"GET /public/a HTTP/1.1\r\nHost: a.test\r\n\n"),
    _bad("bare cr in value", _GET + b"X: a\rb\r\n\r\n"),
    _bad("cr cr lf", _GET + b"X: a\r\r\n\r\n"),
    _bad("nul in value", _GET + b"X: a\x00b\r\n\r\n"),
    _bad("control in value", _GET + b"X: a\x01b\r\n\r\n"),
    _bad("delete in value", _GET + b"X: a\x7fb\r\n\r\n"),
    _bad("obs-fold", _GET + b"X: a\r\n b\r\n\r\n"),
    _bad("obs-fold by tab", _GET + b"X: a\r\n\tb\r\n\r\n"),
    _bad("obs-fold of host", b"GET /public/a HTTP/1.1\r\nHost:\r\n a.test\r\n\r\n"),
    _bad("space before colon", _GET + b"X : a\r\n\r\n"),
    _bad("space before first", b"GET /public/a HTTP/1.1\r\n Host: a.test\r\n\r\n"),
    _bad("no name", _GET + b": a\r\n\r\n"),
    _bad("no colon", _GET + b"X\r\n\r\n"),
    _bad("high byte in name", _GET + b"X\xff: a\r\n\r\n"),
    # Start lines (section 3).
    _bad("http 0.9", b"GET /public/a\r\n\r\n", 400, 505),
    _bad("http 0.9 said", b"GET /public/a HTTP/0.9\r\nHost: a.test\r\n\r\n", 400, 505),
    _bad("http 1.2", b"GET /public/a HTTP/1.2\r\nHost: a.test\r\n\r\n", 400, 505),
    _bad("http 2.0", b"GET /public/a HTTP/2.0\r\nHost: a.test\r\n\r\n", 400, 505),
    _bad("http 11", b"GET /public/a HTTP/11\r\nHost: a.test\r\n\r\n", 400, 505),
    _bad("http 1.10", b"GET /public/a HTTP/1.10\r\nHost: a.test\r\n\r\n", 400, 505),
    _bad("small http", b"GET /public/a http/1.1\r\nHost: a.test\r\n\r\n", 400, 505),
    _bad("rtsp", b"DESCRIBE rtsp://a.test/x RTSP/1.0\r\nHost: a.test\r\n\r\n", 400, 405, 501, 505),
    _bad("icecast", b"SOURCE /public/a ICE/1.0\r\nHost: a.test\r\n\r\n", 400, 405, 501, 505),
    _bad("http 2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 501, 505),
    _bad("tls hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64),
    _bad("small method", b"get /public/a HTTP/1.1\r\nHost: a.test\r\n\r\n", 400, 501),
    _bad("unknown method", b"LYCH /public/a HTTP/1.1\r\nHost: a.test\r\n\r\n", 400, 405, 501),
    _bad("space after version", b"GET /public/a HTTP/1.1 \r\nHost: a.test\r\n\r\n"),
    _bad("tab after method", b"GET\t/public/a HTTP/1.1\r\nHost: a.test\r\n\r\n", 400, 501),
    _bad("connect", b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n", 400, 405, 501),
    _bad("answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    # An upgrade with a body: the parser takes the body for the new protocol.
    _bad(
        "upgrade with cl",
        _POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 41\r\n\r\n",
        400,
        501,
    ),
    _bad(
        "websocket with cl",
        _POST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 41\r\n\r\n",
        400,
        405,
        501,
    ),
    _bad(
        "websocket with te",
        _POST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
        405,
        501,
    ),
    _bad("expects something else", _POST + b"Expect: 200-ok\r\nContent-Length: 3\r\n\r\nabc", 417),
    _bad("expects twice", _POST + b"Expect: 100-continue, x\r\nContent-Length: 3\r\n\r\nabc", 417),
)

# Each is a whole message: an answer of its own, then SMUGGLED is an ordinary request after it.
ACCEPTED = (
    Framing("two spaces", b"GET /public/a  HTTP/1.1\r\nHost: a.test\r\n\r\n", (200,)),
    Framing("trace", b"TRACE /public/a HTTP/1.1\r\nHost: a.test\r\n\r\n", (405,)),
    Framing("chunked", _CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", (200,)),
    Framing("chunk extension", _CHUNKED + b"3;x=y\r\nabc\r\n0\r\n\r\n", (200,)),
    Framing(
        "trailers", _CHUNKED + b"3\r\nabc\r\n0\r\nCookie: t=1\r\nHost: evil.test\r\n\r\n", (200,)
    ),
    Framing("trailer identity", _CHUNKED + b"3\r\nabc\r\n0\r\nRemote-User: root\r\n\r\n", (200,)),
    Framing("chunked in capitals", _POST + b"transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n", (200,)),
    Framing("body on get", _GET + b"Content-Length: 3\r\n\r\nabc", (200,)),
    Framing(
        "chunked body on get",
        _GET + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        (200,),
    ),
    Framing("empty lines before", b"\r\n\r\n" + _GET + b"\r\n", (200,)),
    Framing(
        "h2c ignored",
        _GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
        (200,),
    ),
    Framing("upgrade unasked", _GET + b"Upgrade: websocket\r\n\r\n", (200,)),
    Framing("tabs around a value", _GET + b"X:\ty\t\r\n\r\n", (200,)),
    Framing("empty value", _GET + b"X:\r\n\r\n", (200,)),
    Framing("high bytes in a value", _GET + b"X: \xff\xfe\r\n\r\n", (200,)),
)


# Answered as the one message that they are, and the connection closes behind it.
LAST = (
    Framing("http 1.0", b"GET /public/a HTTP/1.0\r\nHost: a.test\r\n\r\n", (200,)),
    Framing(
        "http 1.0 kept alive",
        b"GET /public/a HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n",
        (200,),
    ),
    Framing("connection closes", _GET + b"Connection: close\r\n\r\n", (200,)),
    Framing("get over rtsp", b"GET /public/a RTSP/1.0\r\nHost: a.test\r\n\r\n", (200, 400, 505)),
)
