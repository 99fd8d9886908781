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
from gateway.edge.hook import Headers
from gateway.edge.ingress import Ingress
from gateway.edge.known import KnownHeads
from gateway.edge.rate import RequestRate
from gateway.edge.ready import Ready
from gateway.edge.showing import Showing
from gateway.errors import RequestRefused
from gateway.identity.cookies import find
from gateway.model.reader import ANONYMOUS, Reader
from gateway.model.request import Request
from gateway.origin.record import PageRecord
from gateway.policy.compile import Policy

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
_ANSWERS_PER_RECORD = 64  # the cache doesn't weigh them


# What this lane asks of a head: its fields, its host's records, the coding that its reader takes best,
# If-None-Match and Cookie. A tuple, since one is made at each head that is parsed.
_Glance = tuple[Headers, Mapping[bytes, PageRecord], str, bytes | None, bytes | None]


# A reader sends the same Cookie header again and again. Long ones aren't remembered: 16 KB times
# 16,384 would be anyone's to fill.
_COOKIES_MAX = 16_384
_REMEMBERED_COOKIE_BYTES_MAX = 512
_NONE_OF_OURS = b""
# Where looking heads up doesn't pay, so many are parsed at once: a flood of new ones costs what it
# would without the looking.
COLD_AFTER = 64
RESTING_HEADS = 1_024


class Counts(Protocol):
    """What this lane counts, as plain integers."""

    def quick(self, tally: tuple[str, int], body_bytes: int, target: bytes, now: float) -> None: ...


class Sessions(Protocol):
    """What is known of sessions without asking the store; None: ask it."""

    def cached(self, raw: bytes, now: float) -> Reader | None: ...
    def standing(self, raw: bytes, now: float) -> int | None: ...


class QuickLane:
    """``targets``: host as sent → raw target → record, kept by the page cache. ``policy`` gives the
    policy of the moment."""

    __slots__ = (
        "_admit",
        "_cached_reader",
        "_choose",
        "_client",
        "_clock",
        "_cookie_name",
        "_counts",
        "_dates",
        "_known",
        "_ours_alone",
        "_policy",
        "_rate",
        "_sessions",
        "_standing",
        "_targets",
        "resting",
    )

    def __init__(
        self,
        *,
        targets: Mapping[bytes, Mapping[bytes, PageRecord]],
        policy: Callable[[], Policy],
        sessions: Sessions,
        cookie_name: bytes,
        ingress: Ingress,
        showing: Showing,
        rate: RequestRate,
        counts: Counts,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._policy = policy
        self._cached_reader = sessions.cached
        self._standing = sessions.standing
        self._cookie_name = cookie_name
        self._ours_alone = cookie_name + b"="  # how a Cookie header of no other cookie begins
        self._admit = ingress.admit
        self._client = ingress.client
        self._rate = rate
        self._choose = showing.choose
        self._counts = counts
        self._clock = clock.now
        self._dates = egress.Dates()
        self._sessions: dict[bytes, bytes] = {}  # Cookie header → the session's cookie
        self._known = KnownHeads(self._glance)
        self.resting = 0

    def __call__(self, target: bytes, headers: Headers, peer: str = "") -> list[bytes] | None:
        for targets in self._targets.values():
            if target in targets:
                break
        else:
            return None  # what is streamed pays no more than this
        glance = self._glance(headers)
        if glance is None:
            return None
        _, targets, coding, none_match, cookie = glance
        record = targets.get(target)
        if record is None:
            return None
        now = self._clock()
        if now >= record.good_until or record.policy_version != self._policy().version:
            return None
        session = self._session(cookie) if cookie is not None else _NONE_OF_OURS
        if session is None:
            return None
        key: object = coding
        if session:
            standing = self._standing(session, now)
            if standing is None:
                return None
            key = (standing, coding)
        ready: Ready | None = record.quick.get(key)
        if ready is None:
            reader = self._cached_reader(session, now) if session else ANONYMOUS
            if reader is None:
                return None
            asked = (target, headers, peer, coding, bool(session))
            ready = self._choose_for(record, reader, asked, now, key)
            if ready is None:
                return None
        return self._answer(record, ready, target, headers, none_match, peer, now)

    def at_once(self, data: bytes, peer: str) -> list[bytes] | None:
        """The same for a head that needn't be parsed (``edge.known``), where all was asked before.
        ``data``: at most HEAD_BYTES_MAX bytes that begin with ``GET /``."""
        found = self._known.find(data)
        if found is None:
            if self._known.cold >= COLD_AFTER:
                self._known.cold, self.resting = 0, RESTING_HEADS
            return None
        target, (headers, targets, coding, none_match, _), cookie = found
        record = targets.get(target)
        if record is None:
            return None
        now = self._clock()
        if now >= record.good_until or record.policy_version != self._policy().version:
            return None
        key: object = coding
        if cookie is not None:
            # Whatever is remembered of a Cookie, or of a session, was parsed before.
            ours, standing = self._ours_alone, None
            if cookie.startswith(ours):
                standing = self._standing(cookie[len(ours) :], now)
            if standing is None:
                session = self._sessions.get(cookie)
                if session is None:
                    return None
                standing = self._standing(session, now) if session else None
                if session and standing is None:
                    return None
            if standing is not None:
                key = (standing, coding)
        ready: Ready | None = record.quick.get(key)
        if ready is None:
            return None
        return self._answer(record, ready, target, headers, none_match, peer, now)

    def learn(self, data: bytes, headers: Headers) -> None:
        """``data``, which was parsed to ``headers``, was answered here."""
        self._known.learn(data, headers)

    def _glance(self, headers: Headers) -> _Glance | None:
        """None for heads that this lane has no answer to."""
        named = dict(headers)
        if len(named) != len(headers) or not _NEVER.isdisjoint(named):
            return None  # a doubled field needs more thought than there is time for here
        targets = self._targets.get(named.get(b"host"))  # type: ignore[arg-type]  # None finds none
        destination = named.get(b"sec-fetch-dest")
        encoding = named.get(b"accept-encoding")
        if (
            targets is None
            or named.get(b"connection", b"keep-alive") not in _KEPT_ALIVE
            or (destination is not None and destination not in _DOCUMENTS)
            or b"event-stream" in named.get(b"accept", b"")
            or (encoding is not None and len(encoding) > _VARY_VALUES_BYTES_MAX)
        ):
            return None
        return (
            headers,
            targets,
            codings.accepted(encoding)[0],
            named.get(b"if-none-match"),
            named.get(b"cookie"),
        )

    def _session(self, cookie: bytes) -> bytes | None:
        """The value of the session's cookie; empty where there is none; None where it's unclear."""
        session = self._sessions.get(cookie)
        if session is not None:
            return session
        session = find(cookie, self._cookie_name) if self._cookie_name in cookie else _NONE_OF_OURS
        if session is not None and len(cookie) <= _REMEMBERED_COOKIE_BYTES_MAX:
            if len(self._sessions) >= _COOKIES_MAX:
                self._sessions.clear()
            self._sessions[cookie] = session
        return session

    def _answer(
        self,
        record: PageRecord,
        ready: Ready,
        target: bytes,
        headers: Headers,
        none_match: bytes | None,
        peer: str,
        now: float,
    ) -> list[bytes] | None:
        if self._rate.per_second and not self._rate.allows(self._client(headers, peer), now):
            return None  # the full lane says so
        record.used = True  # or the cache takes the most read pages for those nobody wants
        if none_match is not None:
            if len(none_match) > egress.IF_NONE_MATCH_BYTES_MAX:
                return None
            if egress.same_entity(none_match, ready.variant.etag):
                self._counts.quick((ready.tally[0], 304), 0, target, now)
                return ready.not_modified(now, self._dates)
        self._counts.quick(ready.tally, len(ready.variant.body), target, now)
        return ready.whole(now, self._dates)

    def _choose_for(
        self,
        record: PageRecord,
        reader: Reader,
        asked: tuple[bytes, Headers, str, str, bool],
        now: float,
        key: object,
    ) -> Ready | None:
        """As the full lane chooses; kept for the next who gets the same, where that is certain.
        ``asked``: target, fields, peer, coding, whether there is a session's cookie."""
        target, headers, peer, coding, has_session_cookie = asked
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
        variant = record.variants.get((*choice.key, coding))
        if variant is None:
            return None
        ready = Ready(variant, (choice.decision.reason, variant.status))
        if request is None and len(record.quick) < _ANSWERS_PER_RECORD:
            record.quick[key] = ready
        return ready

    def _request(self, target: bytes, headers: Headers, peer: str) -> Request | None:
        """The request as the full lane sees it, for rules that ask something of it."""
        try:
            request = self._admit(
                method="GET", target=target, headers=headers, peer=peer, scheme="http"
            )
        except RequestRefused:
            return None
        return request if isinstance(request, Request) else None
