"""What one reader may have of each item of a feed.

An item's access comes from the path rules of the page it links to, from that page's record where a
fresh one is kept, or from what the item itself says: its categories as tags and labels, its date. A
page may say more than its item, so what an item says only ever closes it, and what it leaves out keeps
it a teaser wherever a rule could close by that. So does a link that leads nowhere known. Nothing here
fetches: a feed of a hundred items asks the origin once, for the feed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.edge.target import MovedTo, Target, canonical_target
from gateway.errors import RequestRefused
from gateway.model.access import Access
from gateway.model.decision import Decision, Full, Refuse
from gateway.model.page import LabelWord, PageFacts, PageKind
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.origin.cache import PageCache
from gateway.origin.record import PageRecord, page_key
from gateway.page.facts import instant
from gateway.page.feeds import FeedItem
from gateway.policy import labels
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, settle, settle_by_path
from gateway.policy.specialise import untold
from gateway.policy.ways import Way

_LEVELS = frozenset(("public", "members", "paid"))
_TO_ENCODE = re.compile(rb"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItems:
    """``hosts``: each name under which links lead to this site, its origin's included → the host that
    it means. ``site_host``: that of links that name none."""

    cache: PageCache
    hosts: Mapping[str, str]
    site_host: str

    def judging(
        self, request: Request, reader: Reader, feed: Decision, *, policy: Policy, now: float
    ) -> ItemJudge:
        """``feed`` is the decision on the feed itself: no item gets more than it."""
        return ItemJudge(self, request, reader, feed, policy, now)

    def known(self, link: str, *, policy: Policy, now: float) -> Access | None:
        """What a page of this site asks, by its path or by its kept record; None where neither
        tells. For badges: never fetches."""
        asking = self.asked(link, Request("GET", self.site_host, "/", b"", ()), policy)
        if asking is None:
            return None
        settled = settle_by_path(policy.way(asking.host, asking.path), asking, policy, now=now)
        if settled is None:
            kept = self.record(asking, policy, now)
            settled = kept.sole if kept is not None else None
        return settled.access if settled is not None else None

    def asked(self, link: str, request: Request, policy: Policy) -> Request | None:
        """``request`` for the page that a link leads to, as a browser would send it. None for other
        sites, for what is relative to a base that nobody told, and for what would be refused."""
        try:
            scheme, netloc, path, query, _ = urlsplit(link)
        except ValueError:
            return None
        host = self.hosts.get(netloc.lower()) if netloc else request.host
        if host is None or scheme not in ("http", "https", "") or (scheme and not netloc):
            return None
        raw = f"{path or '/' * bool(netloc)}?{query}" if query else path or "/" * bool(netloc)
        target = _canonical(raw.encode("utf-8", "surrogatepass"), policy)
        if target is None:
            return None
        return dataclasses.replace(
            request, method="GET", host=host, path=target.path, query=target.query
        )

    def record(self, asking: Request, policy: Policy, now: float) -> PageRecord | None:
        """A page's record that still tells what the page asks."""
        key = page_key(
            asking.host,
            asking.path,
            asking.query,
            significant=policy.query,
            asked=policy.asked_query,
        )
        kept = self.cache.glance(key) if key.keepable else None
        if kept is None or kept.policy_version != policy.version or now >= kept.good_until:
            return None
        return kept if kept.status == 200 and kept.facts.kind is PageKind.ARTICLE else None


@dataclass(slots=True)
class ItemJudge:
    """The items of one feed for one request. ``by_request``: a condition on the request was asked for
    one of them, so that another request may get others."""

    items: FeedItems
    request: Request
    reader: Reader
    feed: Decision
    policy: Policy
    now: float
    by_request: bool = False

    def __call__(self, item: FeedItem) -> Decision | None:
        """None: nobody can tell. Of two pages that an item leads to, the stricter counts."""
        pages = [self.items.asked(link, self.request, self.policy) for link in item.links]
        decisions = [self._page(asking, item) for asking in pages if asking is not None]
        if not isinstance(self.feed, Full):
            return self.feed
        refused = next((each for each in decisions if isinstance(each, Refuse)), None)
        closed = (each for each in decisions if not isinstance(each, Full))
        return refused or next(closed, decisions[0] if decisions else None)

    def opens(self, link: str) -> bool:
        """Whether a path rule opens a file that a closed item names."""
        asking = self.items.asked(link, self.request, self.policy)
        if asking is None or not isinstance(self.feed, Full):
            return False
        settled = settle_by_path(self._way(asking), asking, self.policy, now=self.now)
        return settled is not None and isinstance(judge(settled, self.reader, self.now), Full)

    def _page(self, asking: Request, item: FeedItem) -> Decision | None:
        policy, reader, now = self.policy, self.reader, self.now
        way = self._way(asking)
        settled = settle_by_path(way, asking, policy, now=now)
        if settled is not None:
            return judge(settled, reader, now)
        kept = self.items.record(asking, policy, now)
        if kept is not None:
            return judge(settle(kept.specialised, asking, policy), reader, now)
        facts = PageFacts(
            PageKind.ARTICLE,
            words=category_words(item.categories, policy),
            tags=frozenset(item.categories),
            published_at=instant(item.dates, policy.settings.timezone),
            body_found=True,
        )
        specialised = policy.specialise(way, facts, now=now, query=asking.query)
        settled = settle(specialised, asking, policy)
        decision = judge(settled, reader, now)
        if not isinstance(decision, Full) or settled.opened_by_hand:
            return decision
        if untold(way, facts, now=now, query=asking.query):
            strictly = judge(way.strictest, reader, now)
            return strictly if isinstance(strictly, Full) else None
        return decision

    def _way(self, asking: Request) -> Way:
        way = self.policy.way(asking.host, asking.path)
        asked = [test.for_page(asking.query) for _, test, _ in way.candidates if test is not None]
        # What only asks for the page's own query and method is the same for all who read the feed.
        self.by_request = self.by_request or any(not isinstance(left, bool) for left in asked)
        return way


def _canonical(raw: bytes, policy: Policy) -> Target | None:
    """Where the gateway would take a browser that follows a link to ``raw``."""
    raw = _TO_ENCODE.sub(lambda match: b"%%%02X" % match[0][0], raw)
    allowed = policy.path_parameters_allowed
    try:
        target = canonical_target(raw, path_parameters_allowed=allowed)
        if isinstance(target, MovedTo):
            target = canonical_target(target.location, path_parameters_allowed=allowed)
    except RequestRefused:
        return None
    return None if isinstance(target, MovedTo) else target


def category_words(categories: Iterable[str], policy: Policy) -> tuple[LabelWord, ...]:
    """An item's categories as the words of the first source that knows them."""
    words = []
    for category in categories:
        folded = labels.fold(category)
        for number, source in enumerate(policy.settings.labels):
            if folded in _LEVELS or any(word == folded for word, _ in source.map):
                words.append(LabelWord(number, category))
                break
    return tuple(sorted(words, key=lambda word: word.source))
