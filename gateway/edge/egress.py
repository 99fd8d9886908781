"""What leaves: which variant a decision shows, who else may be given it, and its head.

Pure, and shared by both lanes: the quick lane writes ``Variant.head`` and the full lane the same
headers as pairs, so their bytes can't differ. Nothing here looks at the clock or at a store.
"""

from __future__ import annotations

import hashlib
from email.utils import formatdate
from http import HTTPStatus

from gateway.model.decision import Full, Reason, Teaser
from gateway.model.page import Sharing, Variant
from gateway.model.reader import ReaderKind

IF_NONE_MATCH_BYTES_MAX = 200
PRIVATE = b"private, no-store"
_KEPT_IN_304 = frozenset((b"etag", b"cache-control", b"vary", b"content-location", b"expires"))
# What is said anew of a body that was read whole, and cookies, which are looked at by themselves.
_SAID_ANEW = frozenset(
    (
        b"accept-ranges age cache-control content-digest content-encoding content-length content-md5"
        b" content-type date digest etag expires last-modified repr-digest set-cookie vary via"
    ).split()
)

Shown = tuple[str, str, str, str]


def shown(
    decision: Full | Teaser,
    *,
    kind: ReaderKind,
    has_session_cookie: bool,
    rule: str,
    reader_marks: bool,
) -> Shown:
    """Which variant of a page a decision shows, and with whom it may be shared (design, step 7).

    ``rule`` is the deciding rule where a condition on the request chose it, else empty.
    ``reader_marks``: the page holds ``data-lg-when`` elements, so even an open page differs.
    """
    if isinstance(decision, Teaser):
        nobody_else = has_session_cookie or rule
        sharing = Sharing.NOBODY if nobody_else else Sharing.ANONYMOUS
        return decision.wall, kind, sharing, rule
    if decision.reason is Reason.PUBLIC_PAGE or decision.reason is Reason.OPENED_BY_HAND:
        if rule:
            return "full", kind, Sharing.NOBODY, rule
        if not reader_marks:
            return "full", "", Sharing.ANYONE, ""
        return "full", kind, Sharing.NOBODY if has_session_cookie else Sharing.ANONYMOUS, ""
    return "full", kind, Sharing.NOBODY, rule


def caching(
    sharing: Sharing, *, open_caching: bytes, window_seconds: float, vary_by_cookie: bool
) -> tuple[tuple[bytes, bytes], ...]:
    """Cache-Control and Vary of the three egress cases.

    ``open_caching`` is the origin's own Cache-Control, already capped; ``window_seconds`` how long
    from its birth the page stays as it is (freshness, and the first flip of an age condition).
    """
    if sharing is Sharing.NOBODY:
        return ((b"cache-control", PRIVATE), (b"vary", b"Accept-Encoding"))
    if sharing is Sharing.ANYONE:
        return ((b"cache-control", open_caching), (b"vary", b"Accept-Encoding"))
    vary = b"Accept-Encoding, Cookie" if vary_by_cookie else b"Accept-Encoding"
    seconds = max(0, int(window_seconds))
    return ((b"cache-control", b"public, max-age=0, s-maxage=%d" % seconds), (b"vary", vary))


def beside_ours(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[tuple[bytes, bytes], ...]:
    """What the origin's head says that we don't say ourselves of a page that was read whole."""
    return tuple(pair for pair in headers if pair[0] not in _SAID_ANEW)


def etag(body: bytes, coding: str) -> bytes:
    """A strong validator: a hash of the uncoded bytes and the coding, equal on every worker."""
    digest = hashlib.blake2b(body, digest_size=12, person=coding.encode()).hexdigest()
    return b'"' + digest.encode() + b'"'


def status_line(status: int) -> bytes:
    """As uvicorn writes it, so that both lanes agree byte for byte."""
    try:
        phrase = HTTPStatus(status).phrase.encode()
    except ValueError:
        phrase = b""
    return b"HTTP/1.1 %d %b\r\n" % (status, phrase)


def variant(
    *,
    status: int,
    headers: tuple[tuple[bytes, bytes], ...],
    body: bytes,
    validator: bytes,
    born_at: float,
) -> Variant:
    """A variant from its headers (all but Content-Length, ETag, Age and Date) and coded body."""
    whole = (*headers, *length(status, body), (b"etag", validator))
    return Variant(
        status=status,
        headers=whole,
        head=status_line(status) + _lines(whole),
        body=body,
        etag=validator,
        not_modified=status_line(304) + _lines(only_for_304(whole)),
        born_at=born_at,
    )


def length(status: int, body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Content-Length, where the status allows a body (RFC 9110 section 8.6)."""
    return () if status in (204, 304) else ((b"content-length", b"%d" % len(body)),)


def only_for_304(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[tuple[bytes, bytes], ...]:
    """What a 304 repeats (RFC 9110 section 15.4.5)."""
    return tuple(pair for pair in headers if pair[0] in _KEPT_IN_304)


def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join(b"%b: %b\r\n" % pair for pair in headers)


def same_entity(if_none_match: bytes, validator: bytes) -> bool:
    """Whether the reader has this very variant already; compares weakly (RFC 9110, 13.1.2)."""
    if if_none_match == validator:
        return True
    if len(if_none_match) > IF_NONE_MATCH_BYTES_MAX:
        return False
    return any(
        candidate.strip().removeprefix(b"W/") == validator
        for candidate in if_none_match.split(b",")
    )


class Dates:
    """The Date line of the current second, made once a second."""

    __slots__ = ("_second", "line", "value")

    def __init__(self) -> None:
        self._second = -1
        self.value = b""
        self.line = b""

    def at(self, now: float) -> bytes:
        """``date: …`` with its CRLF and the empty line that ends a head."""
        second = int(now)
        if second != self._second:
            self._second = second
            self.value = formatdate(second, usegmt=True).encode()
            self.line = b"date: " + self.value + b"\r\n\r\n"
        return self.line


def age(variant: Variant, now: float) -> int:
    """Seconds since the origin made the page (RFC 9111 section 5.1)."""
    return max(0, int(now - variant.born_at))
