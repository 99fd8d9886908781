"""Making a page record: ask the origin, look at its head, read it whole, settle what it says.

The only place where the gateway's own identity at the origin meets a page; the answer is judged
before anyone sees a byte of it. Parsing runs in a thread.
"""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from functools import partial

from gateway.clock import Clock
from gateway.edge import egress
from gateway.edge.asked_labels import AskedLabels
from gateway.edge.peeking import content_type as said_type
from gateway.edge.peeking import kind_of
from gateway.edge.visit import Visit
from gateway.errors import OriginFailed, PageUnreadable
from gateway.model.page import LabelWord, PageFacts, PageKind
from gateway.model.rule import LabelKind
from gateway.origin import forward
from gateway.origin.fetch import Origin, OriginRequest, OriginResponse
from gateway.origin.freshness import Freshness, freshness
from gateway.origin.record import PageKey, PageRecord, packed, tags_of
from gateway.page import document, sniffing
from gateway.page.facts import facts as read_facts
from gateway.page.facts import header_words
from gateway.page.sniffing import FEEDS, Family, Kind
from gateway.policy.compile import Policy
from gateway.policy.ways import Way

_OUTSIDE = frozenset((LabelKind.HEADER, LabelKind.GHOST, LabelKind.ORIGIN_GATE))
PAGE_BYTES_MAX = 16 << 20
FEED_SECONDS_MAX = 60.0  # items may flip by age, which a feed's record doesn't see
_FEED_TYPES = {
    Kind.RSS: b"application/rss+xml",
    Kind.ATOM: b"application/atom+xml",
    Kind.JSON_FEED: b"application/feed+json",
}


@dataclass(frozen=True, slots=True)
class OtherType:
    """Neither a page nor a feed. Whoever gets it closes ``response``; ``facts`` hold what its head
    says of its access."""

    response: OriginResponse
    facts: PageFacts

    @property
    def status(self) -> int:
        return self.response.status


@dataclass(frozen=True, slots=True)
class _Read:
    """A body as it was read. ``format``: the type that it turned out to be."""

    page: bytes
    facts: PageFacts
    format: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """``shared_identity``: pages fetched as the gateway may be kept though marked private."""

    origin: Origin
    forwarding: forward.ForwardSettings
    asked_labels: AskedLabels
    clock: Clock
    shared_identity: bool
    label_lag_seconds: float

    async def fetch(
        self, visit: Visit, key: PageKey, *, stale: PageRecord | None = None
    ) -> PageRecord | OtherType:
        """Ask for a page as the gateway. With ``stale``, only whether it changed, unless a label
        stands outside its body: the same bytes may have become a paid page. Raises OriginFailed."""
        if stale is not None and (_labelled_outside(visit.policy) or not stale.validators):
            stale = None
        headers = forward.as_gateway(
            settings=self.forwarding,
            validators=stale.validators if stale else (),
        )
        response = await self.origin.fetch(
            OriginRequest(method="GET", target=key.target, headers=headers)
        )
        if response.status == 304:
            await response.close()
            if stale is None:
                # It says that a page is unchanged that nobody has (RFC 9110 section 15.4.5).
                raise OriginFailed("a 304 to a request without a condition")
            return self._renewed(stale, response, visit)
        return await self.made_of(response, visit, key)

    async def made_of(
        self, response: OriginResponse, visit: Visit, key: PageKey, *, asked: bool = True
    ) -> PageRecord | OtherType:
        """A record of the origin's answer, or the answer itself where it is no page.

        ``asked`` false leaves out labels that cost a further question as the gateway: the answer
        was made for one reader.
        """
        redirect = 300 <= response.status < 400
        with response.whole():
            kind = Kind.OTHER if response.status == 206 else await kind_of(response)
            if kind in (Kind.OTHER, Kind.XML) and not redirect:
                facts = facts_of_head(response, visit.policy)
                if kind is Kind.XML:
                    facts = dataclasses.replace(facts, kind=PageKind.ARTICLE, readable=False)
                return OtherType(response, facts)
            try:
                raw = b"" if redirect else await response.read(PAGE_BYTES_MAX)
            finally:
                await response.close()
        read = await asyncio.to_thread(_read, raw, response, kind, visit.policy)
        if (
            asked
            and read.facts.readable
            and read.facts.kind in (PageKind.ARTICLE, PageKind.LISTING)
        ):
            listing = read.facts.kind is PageKind.LISTING
            words = await self.asked_labels.words(read.page, visit, key, listing=listing)
            if words:
                read = dataclasses.replace(read, facts=_with_words(read.facts, words))
        return self._record(response, visit, key, read, private=not asked)

    def current(self, record: PageRecord, visit: Visit) -> PageRecord | None:
        """The record under the policy and at the age of the moment: settled again where either has
        moved on. None where the policy reads other facts of a page, such as another label."""
        policy = visit.policy
        if record.policy_version == policy.version and visit.now < record.flips_at:
            return record
        if record.read_under != policy.settings:
            return None
        return self._specialised(record, visit.way, policy, visit.now)

    def _specialised(self, record: PageRecord, way: Way, policy: Policy, now: float) -> PageRecord:
        query = None if record.private else record.key.target.partition(b"?")[2]
        specialised = policy.specialise(way, record.facts, now=now, query=query)
        flips_at = specialised.flips_at
        if record.facts.kind is PageKind.FEED:
            flips_at = min(flips_at, now + FEED_SECONDS_MAX)
        return dataclasses.replace(
            record,
            specialised=specialised,
            sole=specialised.sole,
            policy_version=policy.version,
            flips_at=flips_at,
            variants={},
            grew=None,
        )

    def _renewed(self, stale: PageRecord, response: OriginResponse, visit: Visit) -> PageRecord:
        """The origin says that nothing changed: the same page, fresh again (RFC 9111, 4.3.4)."""
        # Age and Date tell of this answer; a body and a head with old ones would look old for ever.
        names = {b"age", b"date", *(name for name, _ in response.headers)}
        kept = tuple(pair for pair in stale.caching_headers if pair[0] not in names)
        headers = (*kept, *response.headers)
        fresh = self._freshness(stale.status, headers, visit.way)
        return dataclasses.replace(
            stale, fresh=fresh, caching_headers=_caching_headers(headers), variants={}, grew=None
        )

    def _record(
        self,
        response: OriginResponse,
        visit: Visit,
        key: PageKey,
        read: _Read,
        *,
        private: bool,
    ) -> PageRecord:
        fresh = self._freshness(response.status, response.headers, visit.way)
        passed = partial(forward.answer_headers, response.headers, settings=self.forwarding)
        said = said_type(response)
        unsaid = sniffing.family(said) is Family.UNSAID
        record = PageRecord(
            key=key,
            status=response.status,
            headers=passed(gated=True),
            content_type=read.format if unsaid else said or b"",
            format=read.format,
            body=packed(read.page),
            facts=read.facts,
            specialised=None,
            sole=None,
            policy_version="",
            read_under=visit.policy.settings,
            flips_at=0.0,
            validators=_validators(response),
            caching_headers=_caching_headers(response.headers),
            open_headers=egress.beside_ours(passed(gated=False)) if private else (),
            tags=tags_of(response.headers),
            cookies_dropped=_cookie_names(response),
            fresh=fresh,
            private=private,
        )
        return self._specialised(record, visit.way, visit.policy, visit.now)

    def _freshness(
        self, status: int, headers: tuple[tuple[bytes, bytes], ...], way: Way
    ) -> Freshness:
        return freshness(
            status,
            headers,
            received_at=self.clock.now(),
            rule_cache_seconds=way.cache_seconds,
            shared_identity=self.shared_identity,
            page_could_close=way.page_could_close,
            label_lag_seconds=self.label_lag_seconds,
        )


def facts_of_head(response: OriginResponse, policy: Policy) -> PageFacts:
    """What an answer that is no page says of its own access."""
    return PageFacts(PageKind.OTHER, words=header_words(response.headers, policy.settings))


def _read(raw: bytes, response: OriginResponse, kind: Kind, policy: Policy) -> _Read:
    """Decode, parse, read the facts. Runs in a thread. Raises OriginFailed."""
    head = facts_of_head(response, policy)
    content_type = said_type(response) or b"text/html"
    if not raw:
        return _Read(b"", dataclasses.replace(head, kind=PageKind.LISTING), content_type)
    try:
        page = document.decode_body(raw, response.header(b"content-encoding"))
    except PageUnreadable as error:
        # Neither could a reader be shown it: what codes it isn't known, or it has no end.
        raise OriginFailed(f"a body that can't be decoded: {error.reason}") from error
    if kind in FEEDS:
        feed = dataclasses.replace(head, kind=PageKind.FEED)
        return _Read(page, feed, _FEED_TYPES[kind] + _parameters(content_type))
    if sniffing.family(content_type) is Family.UNSAID:
        content_type = b"text/html" + _parameters(content_type)
    try:
        found = read_facts(document.read(page, content_type), response.headers, policy.settings)
        return _Read(page, found, content_type)
    except PageUnreadable:
        # An article without a body that could be found: the strictest that its rules allow.
        unread = dataclasses.replace(head, kind=PageKind.ARTICLE, readable=False)
        return _Read(page, unread, content_type)


def _parameters(content_type: bytes) -> bytes:
    _, mark, parameters = content_type.partition(b";")
    return mark + parameters


def _with_words(facts: PageFacts, words: tuple[LabelWord, ...]) -> PageFacts:
    together = sorted((*facts.words, *words), key=lambda word: word.source)
    return dataclasses.replace(facts, words=tuple(together), kind=PageKind.ARTICLE)


def _labelled_outside(policy: Policy) -> bool:
    """Whether a page's access may change without its body: 304 would then hide the change."""
    return any(source.kind in _OUTSIDE for source in policy.settings.labels)


def _validators(response: OriginResponse) -> tuple[tuple[bytes, bytes], ...]:
    """What to ask with whether the page changed (RFC 9110 section 13.1)."""
    asked = {b"etag": b"if-none-match", b"last-modified": b"if-modified-since"}
    return tuple((asked[name], value) for name, value in response.headers if name in asked)


def _caching_headers(
    headers: tuple[tuple[bytes, bytes], ...],
) -> tuple[tuple[bytes, bytes], ...]:
    names = (b"cache-control", b"expires", b"date", b"age", b"vary", b"etag", b"last-modified")
    return tuple(pair for pair in headers if pair[0] in names)


def _cookie_names(response: OriginResponse) -> tuple[str, ...]:
    return tuple(
        value.split(b"=", 1)[0].decode("latin-1")
        for name, value in response.headers
        if name == b"set-cookie"
    )
