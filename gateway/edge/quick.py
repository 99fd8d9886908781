"""The quick lane: answers at once, before ASGI, when everything it needs is in memory.

``edge.protocol`` calls it with a strictly parsed head; it returns the buffers to write or None, and
None only sends the request down the full lane. So nothing here may do I/O, parse, compress, raise
for a reader's sake, or decide anything by itself: it looks up and calls ``Showing.choose``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gateway.clock import Clock
from gateway.edge import codings, egress
from gateway.edge.hook import Headers, LastHead
from gateway.edge.ingress import Ingress
from gateway.edge.known import KnownHeads
from gateway.edge.rate import RequestRate
from gateway.edge.ready import Ready
from gateway.edge.showing import Showing
from gateway.errors import RequestRefused
from gateway.identity.bearer import NO_STANDING, NOBODY, Bearer
from gateway.identity.cookies import find
from gateway.model.request import Request
from gateway.ops.counters import Counters
from gateway.ops.logs import AccessLog
from gateway.origin.record import PageRecord
from gateway.policy.reload import PolicyHolder

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
# Where looking heads up doesn't pay, so many are parsed at once: a flood of new ones costs what it
# would without the looking.
COLD_AFTER = 64
RESTING_HEADS = 1_024


class Sessions(Protocol):
    """What is known of sessions without asking the store; None: ask it. Within its steady time a
    bearer that was given before is good until its ``until``."""

    steady_from: float
    steady_until: float

    def bearer(self, raw: bytes, now: float) -> Bearer | None: ...


class QuickLane:
    """``targets``: host as sent → raw target → record, kept by the page cache. ``policies`` has the
    policy of the moment."""

    __slots__ = (
        "_access_log",
        "_admit",
        "_bearers",
        "_choose",
        "_client",
        "_clock",
        "_cookie_name",
        "_dates",
        "_known",
        "_ours_alone",
        "_policies",
        "_rate",
        "_sessions",
        "_tally",
        "_targets",
        "resting",
    )

    def __init__(
        self,
        *,
        targets: Mapping[bytes, Mapping[bytes, PageRecord]],
        policies: PolicyHolder,
        sessions: Sessions,
        cookie_name: bytes,
        ingress: Ingress,
        showing: Showing,
        rate: RequestRate,
        counters: Counters,
        access_log: AccessLog,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._policies = policies
        self._sessions = sessions
        self._cookie_name = cookie_name
        self._ours_alone = cookie_name + b"="  # how a Cookie header of no other cookie begins
        self._admit = ingress.admit
        self._client = ingress.client
        self._rate = rate
        self._choose = showing.choose
        self._tally = counters.tally
        self._access_log = access_log
        self._clock = clock.now
        self._dates = egress.Dates()
        self._bearers: dict[bytes, Bearer] = {}  # by Cookie headers that were parsed
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
        if now >= record.good_until or record.policy_version != self._policies.current.version:
            return None
        bearer = self._bearer(cookie, now) if cookie is not None else NOBODY
        if bearer is None:
            return None
        ready: Ready | None = record.quick.get((bearer.standing, coding))
        if ready is None:
            ready = self._choose_for(record, bearer, (target, headers, peer, coding), now)
            if ready is None:
                return None
        return self._answer(record, ready, target, headers, none_match, peer, now)

    def at_once(self, data: bytes, peer: str, last: LastHead) -> list[bytes] | None:
        """The same for a head that needn't be parsed (``edge.known``), where all was asked before.
        ``data``: at most HEAD_BYTES_MAX bytes."""
        found = self._known.find(data, last)
        if found is None:
            if self._known.cold >= COLD_AFTER:
                self._known.cold, self.resting = 0, RESTING_HEADS
            return None
        target, (headers, targets, coding, none_match, _), cookie = found
        record = targets.get(target)
        if record is None:
            return None
        now = self._clock()
        if now >= record.good_until or record.policy_version != self._policies.current.version:
            return None
        standing = NO_STANDING
        if cookie is not None:
            bearer = self._bearers.get(cookie)
            sessions = self._sessions
            if bearer is None or not (
                now < bearer.until
                and (bearer is NOBODY or sessions.steady_from <= now <= sessions.steady_until)
            ):
                bearer = self._again(cookie, now)
                if bearer is None:
                    return None
            bearer.used = True
            standing = bearer.standing
        ready: Ready | None = record.quick.get((standing, coding))
        if ready is None:
            return None
        return self._answer(record, ready, target, headers, none_match, peer, now)

    def learn(self, data: bytes, headers: Headers) -> None:
        """``data``, which was parsed to ``headers``, was answered."""
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

    def _bearer(self, cookie: bytes, now: float) -> Bearer | None:
        """Of a Cookie that was parsed. None where the store must be asked, or where it's unclear."""
        if self._cookie_name not in cookie:
            return self._remembered(cookie, NOBODY)
        session = find(cookie, self._cookie_name)
        if session is None:
            return None
        return self._remembered(cookie, self._sessions.bearer(session, now))

    def _again(self, cookie: bytes, now: float) -> Bearer | None:
        """Of a Cookie that wasn't: whatever is remembered of one, or of a session, was parsed before,
        so the header has to be either to the byte."""
        if cookie in self._bearers:
            return self._bearer(cookie, now)
        if not cookie.startswith(self._ours_alone):
            return None
        return self._remembered(cookie, self._sessions.bearer(cookie[len(self._ours_alone) :], now))

    def _remembered(self, cookie: bytes, bearer: Bearer | None) -> Bearer | None:
        if bearer is not None and len(cookie) <= _REMEMBERED_COOKIE_BYTES_MAX:
            if len(self._bearers) >= _COOKIES_MAX and cookie not in self._bearers:
                self._bearers.clear()
            self._bearers[cookie] = bearer
        return bearer

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
        if not ready.since <= now < ready.until:
            ready.renew(now, self._dates)
        tally, buffers = ready.tally, ready.buffers
        if none_match is not None:
            if len(none_match) > egress.IF_NONE_MATCH_BYTES_MAX:
                return None
            if egress.same_entity(none_match, ready.variant.etag):
                tally, buffers = ready.not_modified_tally, ready.not_modified
        tally.count += 1
        if self._access_log.on:
            path = target.partition(b"?")[0].decode("latin-1")
            self._access_log.note(now, "quick", path, tally.status, ready.size(tally), "")
        return buffers

    def _choose_for(
        self,
        record: PageRecord,
        bearer: Bearer,
        asked: tuple[bytes, Headers, str, str],
        now: float,
    ) -> Ready | None:
        """As the full lane chooses; kept for the next who gets the same, where that is certain.
        ``asked``: target, fields, peer, coding."""
        target, headers, peer, coding = asked
        request = None
        if record.sole is None:
            request = self._request(target, headers, peer)
            if request is None:
                return None
        choice = self._choose(
            record,
            bearer.reader,
            request,
            has_session_cookie=bearer is not NOBODY,
            policy=self._policies.current,
            now=now,
        )
        variant = record.variants.get((*choice.key, coding))
        if variant is None:
            return None
        reason = choice.decision.reason
        ready = Ready(variant, self._tally(reason, variant.status), self._tally(reason, 304))
        if request is None and len(record.quick) < _ANSWERS_PER_RECORD:
            record.quick[bearer.standing, coding] = ready
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
