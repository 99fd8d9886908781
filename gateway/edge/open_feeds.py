"""What passes on a path that nothing gates: anything as the origin sends it, but feeds item by item.

An item's access is that of the page it leads to (design, step 6), so a feed on an open path may hold
what a rule gates elsewhere. Of all other answers no more is looked at than head and first bytes, and
of most not even those. A feed is first judged as it came, for the reader who asked; its page record,
made as the gateway in the meantime, then serves everyone, and is all that is remembered of the path.
"""

from __future__ import annotations

import contextlib
import dataclasses

from gateway.edge import kinds
from gateway.edge.answers import Answer
from gateway.edge.pages import Pages
from gateway.edge.passing import Body
from gateway.edge.peeking import content_type, holds_feed, may_hold_feed
from gateway.edge.records import OtherType
from gateway.edge.visit import Visit
from gateway.errors import LychgateError
from gateway.model.page import PageKind
from gateway.origin.fetch import OriginResponse
from gateway.origin.freshness import directives
from gateway.origin.record import PageKey, PageRecord
from gateway.page import sniffing
from gateway.page.sniffing import Family

_RANGES = (b"range", b"if-range")


async def passed(pages: Pages, visit: Visit, body: Body | None, *, judged: bool) -> Answer:
    """``judged``: pages are rendered here too."""
    key, reading = pages.key(visit), visit.request.method in ("GET", "HEAD")
    keepable = reading and key.keepable and not visit.here.personal
    if keepable:
        kept = pages.cache.get(key)
        if kept is not None and kept.facts.kind is PageKind.FEED:
            return await pages.page(visit)
    response, asserted = await pages.passing.ask_as_reader(visit, body)
    if reading and _in_part(response, visit) and not _known_to_be_none(pages, response, visit):
        whole = _whole(visit)
        response, feed = await _of_whole(pages, response, whole)
        visit = whole if feed else visit
    else:
        feed = await _is_feed(response)
    if feed and keepable and _for_everyone(response, visit):
        _keep_later(pages, visit, key)
    if feed or judged:
        return await pages.judged_answer(response, visit, asserted=asserted)
    return pages.passing.streamed(response, visit.here, private=asserted or visit.here.personal)


async def _is_feed(response: OriginResponse) -> bool:
    try:
        return await holds_feed(response)
    except BaseException:
        await response.close()
        raise


def _in_part(response: OriginResponse, visit: Visit) -> bool:
    """Whether there is too little of the body to tell a feed by."""
    part = visit.request.method == "HEAD" or response.status == 206
    return part and may_hold_feed(response, named_too=response.status == 206)


def _known_to_be_none(pages: Pages, response: OriginResponse, visit: Visit) -> bool:
    """Whether a whole that was asked for was no feed. Not of XML: the reader who asked may have been
    given another face of it."""
    if sniffing.family(content_type(response)) in (Family.XML, Family.NAMED_XML):
        return False
    never = kinds.never_a_page(visit.request.path)
    return never or pages.cache.known_as_other(_part_key(pages, visit))


def _part_key(pages: Pages, visit: Visit) -> PageKey:
    """Apart from what pages are known by, since it was learned from a reader's own request."""
    key = pages.key(visit)
    return dataclasses.replace(key, host=f"part of {key.host}")


def _whole(visit: Visit) -> Visit:
    headers = tuple(pair for pair in visit.request.headers if pair[0] not in _RANGES)
    return visit._replace(request=dataclasses.replace(visit.request, method="GET", headers=headers))


async def _of_whole(
    pages: Pages, part: OriginResponse, whole: Visit
) -> tuple[OriginResponse, bool]:
    """The answer to go on with, and whether it is a feed. A body that isn't one is asked for once."""
    try:
        response, _ = await pages.passing.ask_as_reader(whole, None)
        feed = await _is_feed(response)
    except BaseException:
        await part.close()
        raise
    await (part if feed else response).close()
    if not feed and response.status == 200 and may_hold_feed(response, named_too=False):
        pages.cache.remember_other(_part_key(pages, whole))
    return (response if feed else part), feed


def _for_everyone(response: OriginResponse, visit: Visit) -> bool:
    """Whether nothing says that this feed was made for the reader who asked."""
    said = directives(response.headers)
    varies = b",".join(value.lower() for name, value in response.headers if name == b"vary")
    return not (
        {"private", "no-store"} & said.keys()
        or b"cookie" in varies
        or visit.request.header(b"authorization")
    )


def _keep_later(pages: Pages, visit: Visit, key: PageKey) -> None:
    """The feed as everyone gets it; kept only as a feed, or a path that answers one reader with a feed
    would answer everyone with what the gateway got."""

    async def fetch() -> PageRecord | OtherType:
        made = await pages.records.fetch(visit, key)
        if isinstance(made, OtherType):
            await made.response.close()
        elif made.facts.kind is PageKind.FEED and made.fresh.keepable:
            pages.cache.put(made)
            return made
        pages.cache.remember_unkeepable(key)
        return made

    async def keep() -> None:
        with contextlib.suppress(LychgateError):
            await pages.cache.one_at_a_time(key, fetch, lambda _: None)

    if not pages.cache.known_unkeepable(key):
        pages.later(key, keep)
