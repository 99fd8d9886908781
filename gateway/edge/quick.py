"""The quick lane: answers at once, before ASGI, when everything it needs is in memory.

``edge.protocol`` calls it with a strictly parsed head; it returns the buffers to write or None, and
None only sends the request down the full lane. So nothing here may do I/O, parse, compress, raise
for a reader's sake, or decide anything by itself: it looks up and calls ``Showing.choose``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from gateway.clock import Clock
from gateway.edge import codings, egress
from gateway.edge.ingress import Ingress
from gateway.edge.showing import Showing
from gateway.errors import RequestRefused
from gateway.identity.cookies import find
from gateway.model.page import Variant
from gateway.model.reader import ANONYMOUS, Reader
from gateway.model.request import Request
from gateway.origin.record import PageRecord
from gateway.policy.compile import Policy

# What each header means to this lane; a name that isn't here changes nothing about a kept page,
# unless a rule asks for it, and then the full head is admitted as the full lane does it.
_HOST, _COOKIE, _ENCODING, _NONE_MATCH, _CONNECTION, _DESTINATION, _ACCEPT, _NEVER = range(8)
_MEANING = {
    b"host": _HOST,
    b"cookie": _COOKIE,
    b"accept-encoding": _ENCODING,
    b"if-none-match": _NONE_MATCH,
    b"connection": _CONNECTION,
    b"sec-fetch-dest": _DESTINATION,
    b"accept": _ACCEPT,
    b"range": _NEVER,
    b"if-range": _NEVER,
    b"if-match": _NEVER,
    b"if-modified-since": _NEVER,
    b"if-unmodified-since": _NEVER,
    b"authorization": _NEVER,
    b"expect": _NEVER,
    b"upgrade": _NEVER,
    b"content-length": _NEVER,
    b"transfer-encoding": _NEVER,
}
_DOCUMENTS = (b"document", b"iframe", b"frame")
_VARY_VALUES_BYTES_MAX = 256


class Counts(Protocol):
    """What this lane counts, as plain integers."""

    def quick(
        self, reason: str, status: int, body_bytes: int, target: bytes, now: float
    ) -> None: ...


class QuickLane:
    """``targets``: host as sent → raw target → record, kept by the page cache. ``policy`` gives the
    policy of the moment. ``cached_reader`` is a dictionary look-up: None means ask the store."""

    __slots__ = (
        "_admit",
        "_cached_reader",
        "_choose",
        "_clock",
        "_cookie_name",
        "_counts",
        "_dates",
        "_policy",
        "_targets",
    )

    def __init__(
        self,
        *,
        targets: Mapping[bytes, Mapping[bytes, PageRecord]],
        policy: Callable[[], Policy],
        cached_reader: Callable[[bytes, float], Reader | None],
        cookie_name: bytes,
        ingress: Ingress,
        showing: Showing,
        counts: Counts,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._policy = policy
        self._cached_reader = cached_reader
        self._cookie_name = cookie_name
        self._admit = ingress.admit
        self._choose = showing.choose
        self._counts = counts
        self._clock = clock.now
        self._dates = egress.Dates()

    def __call__(
        self, target: bytes, headers: list[tuple[bytes, bytes]], peer: str = ""
    ) -> list[bytes] | None:
        host = cookie = encoding = none_match = None
        for name, value in headers:
            meaning = _MEANING.get(name)
            if meaning is None:
                continue
            if meaning == _HOST:
                if host is not None:
                    return None
                host = value
            elif meaning == _ENCODING:
                if encoding is not None or len(value) > _VARY_VALUES_BYTES_MAX:
                    return None
                encoding = value
            elif meaning == _COOKIE:
                if cookie is not None:
                    return None
                cookie = value
            elif meaning == _NONE_MATCH:
                if none_match is not None or len(value) > egress.IF_NONE_MATCH_BYTES_MAX:
                    return None
                none_match = value
            elif meaning == _ACCEPT:
                if b"event-stream" in value:
                    return None
            elif meaning == _CONNECTION:
                if value.lower() != b"keep-alive":
                    return None
            elif meaning == _NEVER or value not in _DOCUMENTS:
                return None
        targets = self._targets.get(host) if host is not None else None
        record = targets.get(target) if targets is not None else None
        if record is None:
            return None
        return self._kept(record, target, headers, peer, cookie, encoding, none_match)

    def _kept(
        self,
        record: PageRecord,
        target: bytes,
        headers: list[tuple[bytes, bytes]],
        peer: str,
        cookie: bytes | None,
        encoding: bytes | None,
        none_match: bytes | None,
    ) -> list[bytes] | None:
        now = self._clock()
        policy = self._policy()
        if now >= record.good_until or record.policy_version is not policy.version:
            return None
        reader, ours = ANONYMOUS, False
        if cookie is not None and self._cookie_name in cookie:
            value = find(cookie, self._cookie_name)
            if value is not None:
                ours = True
                known = self._cached_reader(value, now)
                if known is None:
                    return None
                reader = known
            else:
                return None
        request = None if record.sole is not None else self._request(target, headers, peer)
        if record.sole is None and request is None:
            return None
        choice = self._choose(
            record, reader, request, has_session_cookie=ours, policy=policy, now=now
        )
        variant = record.variants.get((*choice.key, codings.accepted(encoding)[0]))
        if variant is None:
            return None
        record.used = True
        return self._write(variant, choice.decision.reason, target, none_match, now)

    def _request(
        self, target: bytes, headers: list[tuple[bytes, bytes]], peer: str
    ) -> Request | None:
        """The request as the full lane sees it, for rules that ask something of it."""
        try:
            request = self._admit(
                method="GET", target=target, headers=headers, peer=peer, scheme="http"
            )
        except RequestRefused:
            return None
        return request if isinstance(request, Request) else None

    def _write(
        self, variant: Variant, reason: str, target: bytes, none_match: bytes | None, now: float
    ) -> list[bytes]:
        ending = self._dates.at(now)
        if variant.born_at:
            ending = b"age: %d\r\n%b" % (egress.age(variant, now), ending)
        if none_match is not None and egress.same_entity(none_match, variant.etag):
            self._counts.quick(reason, 304, 0, target, now)
            return [variant.not_modified, ending]
        self._counts.quick(reason, variant.status, len(variant.body), target, now)
        return [variant.head, ending, variant.body]
