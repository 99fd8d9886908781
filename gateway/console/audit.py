"""Looking for withheld text in every public surface of a site, as anyone can.

First the gateway's own gate says of each page, for an anonymous reader, what is withheld: the whole
page is read with the gateway's identity, what would be sent is taken off. Then the public address is
asked for all it may show that text in: the pages, their other faces, feeds, sitemaps, JSON, search.
Bodies are looked at as they come and never kept: only runs of withheld words are.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from gateway.console import surfaces
from gateway.console.badges import Badge, contradictions
from gateway.console.explain import Asking, Explanation, explain
from gateway.console.passages import Passage, Withheld, views, words_of
from gateway.console.visitor import Seen, Visitor
from gateway.errors import LychgateError
from gateway.model.page import PageKind
from gateway.model.reader import ANONYMOUS
from gateway.page.facts import body_words

PAGES_MAX = 2000  # a thousand withheld words take about 100 KB
AT_ONCE = 6
TRIAL_ARTICLES = 6  # whose every twin is asked for; a face that none of them has is asked no more
_SEARCHES = ("/?s={}", "/search?q={}", "/search/?q={}", "/recherche?q={}")
_SEARCHED_WORDS = (
    4  # fewer than make a passage: an answer that shows more of the text shows them too
)
_GATED = frozenset(("teaser", "refuse"))

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Leak:
    """``surface`` is the public target that shows a passage."""

    surface: str
    passage: Passage


@dataclass(slots=True)
class Audit:
    """``named`` pages were found and ``pages`` of them read. ``articles`` are withheld from anonymous
    readers, ``telling`` of them have text of their own. ``unread`` couldn't be read as the gateway.
    ``listed`` is how many a sitemap named."""

    named: int = 0
    pages: int = 0
    articles: int = 0
    telling: int = 0
    surfaces: int = 0
    leaks: list[Leak] = field(default_factory=list)
    badges: list[Badge] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    listed: int = 0


async def audit(
    asking: Asking, visitor: Visitor, *, sitemap: str = "", step: Step = lambda *_: None
) -> Audit:
    """``visitor`` asks the public address. Raises OriginFailed where that doesn't answer at all."""
    front = await visitor.see("/")
    visitor.also_called(surfaces.called(front.text))
    named, maps = await surfaces.sitemap_pages(visitor, sitemap)
    feeds = await _feeds(visitor, front)
    items = (visitor.within(link) for feed in feeds for link in surfaces.feed_items(feed.text))
    every = surfaces.unique(["/", *named, *items])
    pages = surfaces.spread(every, PAGES_MAX)
    found = Audit(named=len(every), pages=len(pages), listed=len(named))
    auditing = _Auditing(asking, visitor, step, found)
    await auditing.read_as_gateway(pages)
    await auditing.ask_as_anyone(pages, read=[*maps, *feeds, front])
    return auditing.found


async def _feeds(visitor: Visitor, front: Seen) -> list[Seen]:
    named = (visitor.within(href) for href in surfaces.feeds_named(front.text))
    read: dict[str, Seen] = {}
    for target in surfaces.unique([*named, *surfaces.FEEDS]):
        seen = await visitor.glance(target)
        if seen is not None and seen.status == 200 and surfaces.feed_items(seen.text):
            read.setdefault(seen.target, seen)
    return list(read.values())


@dataclass(slots=True)
class _Auditing:
    """``faces`` are targets that pages themselves named; ``answered`` those that gave anything."""

    asking: Asking
    visitor: Visitor
    step: Step
    found: Audit
    withheld: Withheld = field(default_factory=Withheld)
    explained: dict[str, Explanation] = field(default_factory=dict)
    searched: str = ""
    answered: set[str] = field(default_factory=set)
    faces: set[str] = field(default_factory=set)
    known: set[tuple[str, int]] = field(default_factory=set)
    total: int = 0

    async def read_as_gateway(self, pages: list[str]) -> None:
        """What the gate says of each page, for an anonymous reader."""

        async def one(target: str) -> None:
            try:
                page = await explain(self.asking, target, ANONYMOUS)
                self._learn(page)
                unread = page.status >= 500
            except LychgateError:
                unread = True
            if unread:
                self.found.unread.append(target)
            done = len(self.explained.keys() | set(self.found.unread))
            self.step("reading as the gateway", done, len(pages))

        await _all(one, pages)
        self.withheld.settle()
        self.found.telling = len(self.withheld.withheld_articles())

    def _learn(self, page: Explanation) -> None:
        self.explained[page.target] = dataclasses.replace(page, page=b"", body=b"", headers=())
        if page.kind != PageKind.ARTICLE or not page.page:
            return
        body = body_words(page.page, self.asking.policy().settings)
        if page.decision not in _GATED:
            self.withheld.allow(body)
            return
        self.found.articles += 1
        self.withheld.add(page.target, body)
        if page.decision == "teaser":
            for view in views(page.body.decode("utf-8", "replace")):
                self.withheld.allow(words_of(view))
        last = "+".join(body[-_SEARCHED_WORDS:])
        if page.words_withheld > 10 * _SEARCHED_WORDS and last.isascii():
            self.searched = self.searched or last

    async def ask_as_anyone(self, pages: list[str], *, read: list[Seen]) -> None:
        """Every surface that there is or may be. ``read`` were asked for already."""
        for seen in read:
            self._look(seen)
        gated = [each.target for each in self.explained.values() if each.decision in _GATED]
        twins = {target: surfaces.twins(target, self.visitor.url + target) for target in gated}
        trial = surfaces.spread(gated, TRIAL_ARTICLES)
        searches = [each.format(self.searched) for each in _SEARCHES if self.searched]
        tried = [
            *surfaces.WHOLE_SITES,
            *searches,
            *(twin for each in trial for twin in twins[each]),
        ]
        self.total = len(pages) + len(tried)
        await _all(self._ask, [target for target in pages if target not in self.answered])
        await _all(self._ask, tried)
        alive = {
            number
            for target in trial
            for number, twin in enumerate(twins[target])
            if twin in self.answered
        }
        rest = [twins[each][n] for each in gated if each not in trial for n in sorted(alive)]
        more = [target for target in sorted(self.faces) if target not in self.answered]
        self.total += len(rest) + len(more)
        await _all(self._ask, [*rest, *more])
        self.found.badges = list(dict.fromkeys(self.found.badges))

    async def _ask(self, target: str) -> None:
        seen = await self.visitor.glance(target)
        self.found.surfaces += 1
        self.step("asking as anyone", self.found.surfaces, max(self.found.surfaces, self.total))
        if seen is not None and seen.status == 200:
            self.answered.add(target)
            self._look(seen)

    def _look(self, seen: Seen) -> None:
        """A parameter that the site ignores gives the same page again: that is one leak, not two."""
        self.answered.add(seen.target)
        mark = (seen.target.partition("?")[0], hash(seen.body))
        if mark in self.known:
            return
        self.known.add(mark)
        text = seen.text
        self.found.leaks.extend(Leak(seen.target, each) for each in self.withheld.within(text))
        if "html" in seen.content_type:
            labels = self.asking.policy().settings.labels
            self.found.badges.extend(contradictions(seen, self.explained, labels, self.visitor))
            named = (self.visitor.within(href) for href in surfaces.feeds_named(text))
            self.faces.update(surfaces.unique([*named, *surfaces.ghost_faces(text)]))


async def _all(one: Callable[[str], Awaitable[None]], targets: Iterable[str]) -> None:
    """``one`` for each target, a few at once."""
    room = asyncio.Semaphore(AT_ONCE)

    async def bounded(target: str) -> None:
        async with room:
            await one(target)

    await asyncio.gather(*(bounded(target) for target in targets))
