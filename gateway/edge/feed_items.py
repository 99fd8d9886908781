"""What one reader may have of each item of a feed.

An item's access comes from the path rules of the page it links to, from that page's record where
one is kept, or from its own categories read as labels. What is still open stays a teaser. Nothing
here fetches: a feed of a hundred items asks the origin once, for the feed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.edge.target import canonical_path
from gateway.errors import RequestRefused
from gateway.model.access import Access
from gateway.model.decision import Decision, Full
from gateway.model.page import LabelWord, PageFacts, PageKind
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.origin.cache import PageCache
from gateway.page.facts import instant
from gateway.page.feeds import FeedItem
from gateway.policy import labels
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, settle, settle_by_path

ItemJudge = Callable[[FeedItem], Decision | None]
_LEVELS = frozenset(("public", "members", "paid"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItems:
    """``hosts`` are the site's own, and those its origin is known by: links to others stay open."""

    cache: PageCache
    hosts: frozenset[str]
    site_host: str

    def judging(
        self, request: Request, reader: Reader, feed: Decision, *, policy: Policy, now: float
    ) -> ItemJudge:
        """``feed`` is the decision on the feed itself: no item gets more than it."""

        def judged(item: FeedItem) -> Decision | None:
            decision = self._item(item, request, reader, policy, now)
            return decision if isinstance(feed, Full) else feed

        return judged

    def _item(
        self, item: FeedItem, request: Request, reader: Reader, policy: Policy, now: float
    ) -> Decision | None:
        path = self._path(item.link)
        if path is None:
            return None
        way = policy.way(self.site_host, path)
        asking = dataclasses.replace(request, method="GET", path=path, query=b"")
        settled = settle_by_path(way, asking, policy, now=now)
        if settled is not None:
            return judge(settled, reader, now)
        kept = self.cache.by_path(self.site_host, path)
        if kept is not None and kept.policy_version == policy.version and now < kept.flips_at:
            return judge(settle(kept.specialised, asking, policy), reader, now)
        words = category_words(item.categories, policy)
        if not words and way.label_could_gate:
            return None
        facts = PageFacts(
            PageKind.ARTICLE,
            words=words,
            tags=frozenset(item.categories),
            published_at=instant(item.dates, policy.settings.timezone),
            body_found=True,
        )
        specialised = policy.specialise(way, facts, now=now, query=b"")
        return judge(settle(specialised, asking, policy), reader, now)

    def known(self, link: str, *, policy: Policy, now: float) -> Access | None:
        """What a page of this site asks, by its path or by its kept record; None where neither
        tells. For badges: never fetches."""
        path = self._path(link)
        if path is None:
            return None
        asking = Request("GET", self.site_host, path, b"", ())
        settled = settle_by_path(policy.way(self.site_host, path), asking, policy, now=now)
        if settled is None:
            kept = self.cache.by_path(self.site_host, path)
            if kept is not None and kept.policy_version == policy.version and now < kept.flips_at:
                settled = kept.sole
        return settled.access if settled is not None else None

    def _path(self, link: str) -> str | None:
        """The canonical path that a link of this site leads to."""
        try:
            parts = urlsplit(link)
        except ValueError:
            return None
        if parts.netloc and parts.netloc.lower() not in self.hosts:
            return None
        try:
            return canonical_path((parts.path or "/").encode("utf-8")).decode("ascii")
        except (RequestRefused, UnicodeDecodeError):
            return None


def category_words(categories: tuple[str, ...], policy: Policy) -> tuple[LabelWord, ...]:
    """An item's categories as the words of the first source that knows them."""
    words = []
    for category in categories:
        folded = labels.fold(category)
        for number, source in enumerate(policy.settings.labels):
            if folded in _LEVELS or any(word == folded for word, _ in source.map):
                words.append(LabelWord(number, category))
                break
    return tuple(sorted(words, key=lambda word: word.source))
