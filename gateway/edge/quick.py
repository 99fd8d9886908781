"""The quick lane: answers at once, before ASGI, when everything it needs is in memory.

``edge.protocol`` calls it with a strictly parsed head; it returns the buffers to write or None, and
None only sends the request down the full lane. So nothing here may do I/O, parse, compress, raise
for a reader's sake, or decide anything by itself: it looks up and calls ``Showing.choose``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from gateway.clock import Clock
from gateway.edge import codings, egress
from gateway.edge.ingress import Ingress
from gateway.edge.rate import RequestRate
from gateway.edge.showing import Showing
from gateway.errors import RequestRefused
from gateway.identity.cookies import find
from gateway.model.page import Variant
from gateway.model.reader import ANONYMOUS, Reader
from gateway.model.request import Request
from gateway.origin.record import PageRecord
from gateway.policy.compile import Policy
from gateway.policy.decide import judge

# A request that bears one of these takes the full lane. A name that isn't here changes nothing about
# a kept page, unless a rule asks for it, and then the whole head is admitted as the full lane does.
_NEVER = frozenset(
    (
        b"range if-range if-match if-modified-since if-unmodified-since authorization expect upgrade"
        b" content-length transfer-encoding"
    ).split()
)
_DOCUMENTS = (b"document", b"iframe", b"frame")
_KEPT_ALIVE = (b"keep-alive", b"Keep-Alive")
_VARY_VALUES_BYTES_MAX = 256
_ANSWERS_PER_RECORD = 256


@dataclass(slots=True)
class _Ready:
    """One variant with all that is the same for whoever gets it within one second."""

    variant: Variant
    tally: tuple[str, int]
    second: int = -1
    ending: bytes = b""
    buffers: list[bytes] = field(default_factory=list)


# A reader sends the same Cookie header again and again. Long ones aren't remembered: 16 KB times
# 16,384 would be anyone's to fill.
_found = lru_cache(maxsize=16_384)(find)
_REMEMBERED_COOKIE_BYTES_MAX = 512


class Counts(Protocol):
    """What this lane counts, as plain integers."""

    def quick(self, tally: tuple[str, int], body_bytes: int, target: bytes, now: float) -> None: ...


class QuickLane:
    """``targets``: host as sent → raw target → record, kept by the page cache. ``policy`` gives the
    policy of the moment. ``cached_reader`` is a dictionary look-up: None means ask the store."""

    __slots__ = (
        "_admit",
        "_cached_reader",
        "_choose",
        "_client",
        "_clock",
        "_cookie_name",
        "_counts",
        "_dates",
        "_policy",
        "_rate",
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
        rate: RequestRate,
        counts: Counts,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._policy = policy
        self._cached_reader = cached_reader
        self._cookie_name = cookie_name
        self._admit = ingress.admit
        self._client = ingress.client
        self._rate = rate
        self._choose = showing.choose
        self._counts = counts
        self._clock = clock.now
        self._dates = egress.Dates()

    def __call__(
        self, target: bytes, headers: list[tuple[bytes, bytes]], peer: str = ""
    ) -> list[bytes] | None:
        named = dict(headers)
        if len(named) != len(headers) or not _NEVER.isdisjoint(named):
            return None  # a doubled field needs more thought than there is time for here
        targets = self._targets.get(named.get(b"host"))  # type: ignore[arg-type]
        record = targets.get(target) if targets is not None else None
        if record is None:
            return None
        now = self._clock()
        if now >= record.good_until or record.policy_version != self._policy().version:
            return None
        destination = named.get(b"sec-fetch-dest")
        if (
            named.get(b"connection", b"keep-alive") not in _KEPT_ALIVE
            or (destination is not None and destination not in _DOCUMENTS)
            or b"event-stream" in named.get(b"accept", b"")
        ):
            return None
        encoding = named.get(b"accept-encoding", b"")
        cookie = named.get(b"cookie")
        if cookie is not None and self._cookie_name in cookie:
            ready = self._for_reader(record, target, headers, peer, cookie, encoding, now)
        else:
            ready = record.quick.get(encoding)
            if ready is None:
                ready = self._choose_for(
                    record, ANONYMOUS, target, headers, peer, False, encoding, now
                )
        if ready is None:
            return None
        if self._rate.per_second and not self._rate.allows(self._client(headers, peer), now):
            return None  # the full lane says so
        record.used = True  # or the cache takes the most read pages for those nobody wants
        return self._write(ready, target, named.get(b"if-none-match"), now)

    def _for_reader(
        self,
        record: PageRecord,
        target: bytes,
        headers: list[tuple[bytes, bytes]],
        peer: str,
        cookie: bytes,
        encoding: bytes,
        now: float,
    ) -> _Ready | None:
        look = _found if len(cookie) <= _REMEMBERED_COOKIE_BYTES_MAX else find
        value = look(cookie, self._cookie_name)
        reader = self._cached_reader(value, now) if value is not None else None
        if reader is None:
            return None
        sole = record.sole
        if sole is None:
            return self._choose_for(record, reader, target, headers, peer, True, encoding, now)
        # Decisions are made once and given out again, so each is known by its identity.
        key = (id(judge(sole, reader, now)), reader.kind(now), encoding)
        ready: _Ready | None = record.quick.get(key)
        if ready is None:
            return self._choose_for(record, reader, target, headers, peer, True, encoding, now, key)
        return ready

    def _choose_for(
        self,
        record: PageRecord,
        reader: Reader,
        target: bytes,
        headers: list[tuple[bytes, bytes]],
        peer: str,
        has_session_cookie: bool,
        encoding: bytes,
        now: float,
        key: object = None,
    ) -> _Ready | None:
        """As the full lane chooses; kept for the next who gets the same, where that is certain."""
        if len(encoding) > _VARY_VALUES_BYTES_MAX:
            return None
        request = None
        if record.sole is None:
            request = self._request(target, headers, peer)
            if request is None:
                return None
        choice = self._choose(
            record,
            reader,
            request,
            has_session_cookie=has_session_cookie,
            policy=self._policy(),
            now=now,
        )
        variant = record.variants.get((*choice.key, codings.accepted(encoding)[0]))
        if variant is None:
            return None
        ready = _Ready(variant, (choice.decision.reason, variant.status))
        if request is None and len(record.quick) < _ANSWERS_PER_RECORD:
            record.quick[key if has_session_cookie else encoding] = ready
        return ready

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
        self, ready: _Ready, target: bytes, none_match: bytes | None, now: float
    ) -> list[bytes] | None:
        variant, second = ready.variant, int(now)
        if ready.second != second:
            ending = self._dates.at(now)
            if variant.born_at:
                ending = b"age: %d\r\n%b" % (egress.age(variant, now), ending)
            ready.second, ready.ending = second, ending
            ready.buffers = [variant.head, ending, variant.body]
        if none_match is not None:
            if len(none_match) > egress.IF_NONE_MATCH_BYTES_MAX:
                return None
            if egress.same_entity(none_match, variant.etag):
                self._counts.quick((ready.tally[0], 304), 0, target, now)
                return [variant.not_modified, ready.ending]
        self._counts.quick(ready.tally, len(variant.body), target, now)
        return ready.buffers
