"""Looking for withheld text in every public surface of a site, as anyone can.

First the gateway's own gate says of each page, for an anonymous reader, what is withheld: the whole
page is read with the gateway's identity, what would be sent is taken off. Then the public address is
asked for all it may show that text in: the pages, their other faces, feeds, sitemaps, JSON, search.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
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

AT_ONCE = 6
TRIAL_ARTICLES = 6  # whose every twin is asked for; a face that none of them has is asked no more
_SEARCHES = ("/?s={}", "/search?q={}", "/search/?q={}", "/recherche?q={}")
_GATED = frozenset(("teaser", "refuse"))

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Leak:
    """``surface`` is the public target that shows a passage."""

    surface: str
    passage: Passage


@dataclass(slots=True)
class Audit:
    """``articles`` are withheld from anonymous readers, ``telling`` of them have text of their own.
    ``unread`` couldn't be read as the gateway."""

    pages: int = 0
    articles: int = 0
    telling: int = 0
    surfaces: int = 0
    leaks: list[Leak] = field(default_factory=list)
    badges: list[Badge] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


async def audit(
    asking: Asking, visitor: Visitor, *, sitemap: str = "", step: Step = lambda *_: None
) -> Audit:
    """``visitor`` asks the public address. Raises OriginFailed where that doesn't answer at all."""
    front = await visitor.see("/")
    visitor.also_called(surfaces.called(front.text))
    named, maps = await surfaces.sitemap_pages(visitor, sitemap)
    feeds = await _feeds(visitor, front)
    items = (visitor.within(link) for feed in feeds for link in surfaces.feed_items(feed.text))
    pages = surfaces.unique(["/", *named, *items])
    found = Audit(pages=len(pages))
    explained = await _explained(asking, pages, found, step)
    withheld = _withheld(asking, explained.values(), found)
    shown = await _public(visitor, pages, explained, withheld, [*maps, *feeds, front], found, step)
    policy = asking.policy()
    for seen in shown:
        if "html" in seen.content_type:
            found.badges.extend(contradictions(seen, explained, policy.settings.labels, visitor))
    found.badges = list(dict.fromkeys(found.badges))
    return found


async def _feeds(visitor: Visitor, front: Seen) -> list[Seen]:
    named = (visitor.within(href) for href in surfaces.feeds_named(front.text))
    read: dict[str, Seen] = {}
    for target in surfaces.unique([*named, *surfaces.FEEDS]):
        seen = await visitor.glance(target)
        if seen is not None and seen.status == 200 and surfaces.feed_items(seen.text):
            read.setdefault(seen.target, seen)
    return list(read.values())


async def _explained(
    asking: Asking, pages: list[str], found: Audit, step: Step
) -> dict[str, Explanation]:
    """What the gate says of each page, for an anonymous reader."""
    explained: dict[str, Explanation] = {}

    async def one(target: str) -> None:
        try:
            explained[target] = await explain(asking, target, ANONYMOUS)
        except LychgateError:
            found.unread.append(target)
        step("reading as the gateway", len(explained) + len(found.unread), len(pages))

    await _all(one, pages)
    return explained


def _withheld(asking: Asking, explained: Iterable[Explanation], found: Audit) -> Withheld:
    withheld = Withheld()
    settings = asking.policy().settings
    for each in explained:
        if each.kind != PageKind.ARTICLE or not each.page:
            continue
        body = body_words(each.page, settings)
        if each.decision in _GATED:
            found.articles += 1
            withheld.add(each.target, body)
            if each.decision == "teaser":
                withheld.allow(_words_shown(each.body))
        else:
            withheld.allow(body)
    withheld.settle()
    found.telling = len(withheld.withheld_articles())
    return withheld


def _words_shown(page: bytes) -> list[str]:
    return [word for view in views(page.decode("utf-8", "replace")) for word in words_of(view)]


async def _public(
    visitor: Visitor,
    pages: list[str],
    explained: dict[str, Explanation],
    withheld: Withheld,
    read: list[Seen],
    found: Audit,
    step: Step,
) -> list[Seen]:
    """Ask for every surface; keep the HTML pages, whose badges are looked at later."""
    kept = list(read)
    asked = {seen.target for seen in read}
    known: set[tuple[str, int]] = set()
    for seen in read:
        _search(seen, withheld, found, known)

    async def one(target: str) -> None:
        seen = await visitor.glance(target)
        found.surfaces += 1
        step("asking as anyone", found.surfaces, max(found.surfaces, total))
        if seen is None or seen.status != 200:
            return
        answered.add(target)
        _search(seen, withheld, found, known)
        if target in explained:
            kept.append(seen)
            faces.update(
                each for href in surfaces.feeds_named(seen.text) if (each := visitor.within(href))
            )
            faces.update(surfaces.ghost_faces(seen.text))

    faces: set[str] = set()
    answered: set[str] = set()
    gated = [each.target for each in explained.values() if each.decision in _GATED]
    trial = surfaces.spread(gated, TRIAL_ARTICLES)
    whole = [*surfaces.WHOLE_SITES, *_searches(explained, withheld)]
    twins = {target: surfaces.twins(target, visitor.url + target) for target in gated}
    total = len(pages) + len(whole) + sum(len(twins[target]) for target in trial)
    await _all(one, [target for target in pages if target not in asked])
    await _all(one, [*whole, *(twin for target in trial for twin in twins[target])])
    alive = {
        number for target in trial for number, twin in enumerate(twins[target]) if twin in answered
    }
    rest = [twins[target][n] for target in gated if target not in trial for n in sorted(alive)]
    more = [target for target in sorted(faces) if target not in asked | answered]
    total += len(rest) + len(more)
    await _all(one, [*rest, *more])
    return kept


def _search(seen: Seen, withheld: Withheld, found: Audit, known: set[tuple[str, int]]) -> None:
    """A parameter that the site ignores gives the same page again: that is one leak, not two."""
    mark = (seen.target.partition("?")[0], hash(seen.body))
    if mark not in known:
        known.add(mark)
        found.leaks.extend(Leak(seen.target, passage) for passage in withheld.within(seen.text))


def _searches(explained: dict[str, Explanation], withheld: Withheld) -> list[str]:
    """Searches for four withheld words in a row: an excerpt in the answer shows more than those."""
    telling = withheld.withheld_articles()
    for each in explained.values():
        if each.target in telling and each.words_withheld > 40:
            words = words_of(each.page.decode("utf-8", "replace"))[-60:-56]
            return [search.format("+".join(words)) for search in _SEARCHES if _ascii(words)]
    return []


def _ascii(words: list[str]) -> bool:
    return all(word.isascii() for word in words)


async def _all(one: Callable[[str], object], targets: Iterable[str]) -> None:
    """``one`` for each target, a few at once."""
    room = asyncio.Semaphore(AT_ONCE)

    async def bounded(target: str) -> None:
        async with room:
            await one(target)  # type: ignore[misc]  # every ``one`` here is a coroutine function

    await asyncio.gather(*(bounded(target) for target in targets))
