"""Getting a page for one visit: the kept record, a fresh one, a stale one, or none at all.

``page`` asks as the gateway and may keep the answer; ``judged`` asks with the reader's own cookies,
judges the answer and keeps nothing. One fetch at a time goes out for one page; a page found
unkeepable is remembered, and its requests neither queue nor share.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import Clock
from gateway.edge import kinds
from gateway.edge.answers import Answer, Plain, Ready
from gateway.edge.failures import Failures
from gateway.edge.passing import Body, Passing
from gateway.edge.peeking import content_type
from gateway.edge.records import OtherType, Records
from gateway.edge.showing import Showing
from gateway.edge.visit import Visit
from gateway.errors import LychgateError, OriginFailed
from gateway.model.decision import Decision, Full, Reason, Refuse
from gateway.model.request import Request
from gateway.ops.counters import Counters
from gateway.origin import forward
from gateway.origin.cache import PageCache
from gateway.origin.fetch import OriginResponse
from gateway.origin.record import PageKey, PageRecord, page_key
from gateway.page import sniffing
from gateway.page.sniffing import Family
from gateway.policy.decide import judge, settle
from gateway.policy.ways import Settled, WayKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    cache: PageCache
    records: Records
    showing: Showing
    passing: Passing
    failures: Failures
    clock: Clock
    counters: Counters
    renewing: dict[PageKey, asyncio.Task[None]] = field(default_factory=dict)

    def known_as_other(self, visit: Visit) -> bool:
        """Whether the path leads to neither page nor feed, by its ending or by what came last."""
        path = visit.request.path
        return kinds.never_a_page(path) or self.cache.known_as_other(self.key(visit))

    async def page(self, visit: Visit) -> Answer:
        """A page or feed fetched as the gateway; anything else as its path's kind asks."""
        key = self.key(visit)
        kept = self.cache.get(key) if key.keepable else None
        if kept is not None:
            kept = self._current(kept, visit)
        if kept is not None:
            if visit.now < kept.fresh.fresh_until:
                self.counters.cache_hits += 1
                return await self._show(kept, visit)
            if visit.now < kept.fresh.stale_while_revalidate_until:
                self.counters.cache_hits += 1
                self._renew_later(kept, visit, key)
                return await self._show(kept, visit)
        self.counters.cache_misses += 1
        try:
            made = await self._made(visit, key, kept)
        except OriginFailed:
            if kept is None or visit.now >= kept.fresh.stale_if_error_until:
                raise
            return await self._show(kept, visit, strictly=True)
        if (
            kept is not None
            and _failing(made.status)
            and visit.now < kept.fresh.stale_if_error_until
        ):
            if isinstance(made, OtherType):
                await made.response.close()
            return await self._show(kept, visit, strictly=True)
        if isinstance(made, OtherType):
            return await self._other(made, visit, was_page=kept is not None)
        if visit.here.kind is WayKind.OPEN and self._somebodys(made):
            return await self.judged(visit, None)
        return await self._show(made, visit)

    async def judged(self, visit: Visit, body: Body | None, *, asked_whole: bool = False) -> Answer:
        """The reader's own request, with the reader's cookies; what comes back is judged.

        ``asked_whole``: the page was asked for as the gateway before, and no page came.
        """
        response, asserted = await self.passing.ask_as_reader(visit, body)
        return await self.judged_answer(response, visit, asserted=asserted, asked_whole=asked_whole)

    async def judged_answer(
        self, response: OriginResponse, visit: Visit, *, asserted: bool, asked_whole: bool = False
    ) -> Answer:
        """``asserted``: the origin was told who the reader is."""
        made = await self.records.made_of(response, visit, self.key(visit), asked=False)
        if visit.request.method == "HEAD" and isinstance(made, PageRecord) and made.status == 200:
            # What stands in a page's head hangs on its body (RFC 9110 section 9.3.2).
            response, asserted = await self.passing.ask_as_reader(visit, None, method="GET")
            made = await self.records.made_of(response, visit, self.key(visit), asked=False)
        if isinstance(made, OtherType):
            return await self._judged_other(made, visit, private=asserted, asked_whole=asked_whole)
        answer = await self._show(made, visit, private=True)
        return with_cookies(answer, response, self.passing.forwarding)

    def key(self, visit: Visit) -> PageKey:
        request, policy = visit.request, visit.policy
        return page_key(
            request.host,
            request.path,
            request.query,
            significant=policy.query,
            asked=policy.asked_query,
        )

    def _somebodys(self, made: PageRecord) -> bool:
        """Whether the origin marks a page as one reader's. What was asked for as the gateway is then
        the gateway's own, such as its account, unless its pages may be shared."""
        return not self.records.shared_identity and made.fresh.open_caching.startswith(b"private")

    def _current(self, kept: PageRecord, visit: Visit) -> PageRecord | None:
        record = self.records.current(kept, visit)
        if record is None:
            self.cache.drop(kept.key)
        elif record is not kept:
            self.cache.put(record)
        return record

    async def _made(
        self, visit: Visit, key: PageKey, stale: PageRecord | None
    ) -> PageRecord | OtherType:
        if not key.keepable or self.cache.known_unkeepable(key):
            return await self.records.fetch(visit, key)
        made = await self.cache.one_at_a_time(
            key, lambda: self._fetch_and_keep(visit, key, stale), _shareable
        )
        if isinstance(made, PageRecord):
            # Who waited for another's fetch came later, maybe under another policy.
            return self.records.current(made, visit) or await self.records.fetch(visit, key)
        return made

    async def _fetch_and_keep(
        self, visit: Visit, key: PageKey, stale: PageRecord | None
    ) -> PageRecord | OtherType:
        began = self.clock.monotonic()
        made = await self.records.fetch(visit, key, stale=stale)
        self.counters.origin_answered(self.clock.monotonic() - began)
        if isinstance(made, PageRecord):
            if made.fresh.keepable:
                self.cache.put(made)
            elif not _failing(made.status):
                self.cache.remember_unkeepable(key)
        return made

    def _renew_later(self, kept: PageRecord, visit: Visit, key: PageKey) -> None:
        """Stale while revalidating: this reader isn't kept waiting (RFC 5861)."""

        async def renew() -> None:
            with contextlib.suppress(LychgateError):
                made = await self._made(visit, key, kept)
                if isinstance(made, OtherType):
                    await made.response.close()
                    if not _failing(made.status):
                        self.cache.drop(key)

        self.later(key, renew)

    def later(self, key: PageKey, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Work on a page that no reader waits for, once at a time."""
        if key not in self.renewing:
            task = asyncio.get_running_loop().create_task(work())
            self.renewing[key] = task
            task.add_done_callback(lambda _: self.renewing.pop(key, None))

    async def _show(
        self, record: PageRecord, visit: Visit, *, private: bool = False, strictly: bool = False
    ) -> Answer:
        return await self.showing.show(
            record,
            visit.reader,
            visit.request,
            policy=visit.policy,
            now=visit.now,
            private=private,
            strictly=strictly,
        )

    async def _other(self, made: OtherType, visit: Visit, *, was_page: bool) -> Answer:
        """Neither page nor feed, though a page was asked for as the gateway (design, step 3)."""
        if made.status == 200 and not was_page:
            # An error's type says nothing of the page that stands there once it is over, nor do a few
            # words of an origin in maintenance that says 200 of them.
            self.cache.remember_other(self.key(visit))
        if visit.here.kind is WayKind.PATH:
            gated = visit.here.strictest.gated
            return await self._judged_other(made, visit, private=gated, as_gateway=True)
        await made.response.close()
        decision = judge(self._settled_other(made, visit), visit.reader, visit.now)
        if not isinstance(decision, Full):
            return self._refused_other(decision, visit)
        return await self.judged(visit, None, asked_whole=True)

    async def _judged_other(
        self,
        made: OtherType,
        visit: Visit,
        *,
        private: bool,
        as_gateway: bool = False,
        asked_whole: bool = False,
    ) -> Answer:
        """By the path and by what the answer's own head says; there is no part of it to show."""
        settled = self._settled_other(made, visit)
        decision = judge(settled, visit.reader, visit.now)
        part = made.status == 206 and self._part_of_page(made.response, visit, asked_whole)
        if isinstance(decision, Full) and not part:
            private = private or settled.access.gated
            if as_gateway and not _readable(made.response, visit.request):
                await made.response.close()
                return await self.passing.as_gateway(visit, private=private)
            return self.passing.streamed(
                made.response, visit.here, private=private, gated=as_gateway
            )
        await made.response.close()
        if part and not isinstance(decision, Refuse):
            # A part of a page can't be judged: the whole of it is, once.
            if asked_whole or as_gateway:
                raise OriginFailed("a part, where the whole page was asked for")
            return await self._whole(visit)
        return self._refused_other(decision, visit)

    async def _whole(self, visit: Visit) -> Answer:
        """The page of which a part was asked for, as its path is asked for (RFC 9110, 14.2)."""
        if not visit.here.personal:
            return await self.page(visit)
        headers = tuple(pair for pair in visit.request.headers if pair[0] != b"range")
        request = dataclasses.replace(visit.request, headers=headers)
        return await self.judged(visit._replace(request=request), None, asked_whole=True)

    def _settled_other(self, made: OtherType, visit: Visit) -> Settled:
        specialised = visit.policy.specialise(visit.way, made.facts, now=visit.now)
        return settle(specialised, visit.request, visit.policy)

    def _refused_other(self, decision: Decision, visit: Visit) -> Plain:
        reason = decision.reason if isinstance(decision, Refuse) else Reason.TYPE_HAS_NO_TEASER
        return self.failures.refused(visit.request, reason)

    def _part_of_page(self, response: OriginResponse, visit: Visit, asked_whole: bool) -> bool:
        """Whether the whole of which this is a part may be a page or a feed, as far as is known."""
        said = content_type(response)
        if sniffing.named(said) is not None:
            return True
        family = sniffing.family(said)
        if asked_whole or family is Family.ITSELF:
            return False
        return family is Family.XML or not self.known_as_other(visit)


def _shareable(made: PageRecord | OtherType) -> PageRecord | None:
    return made if isinstance(made, PageRecord) and made.fresh.keepable else None


def _failing(status: int) -> bool:
    """An origin that can't answer just now, which says nothing of the page it was asked for."""
    return status >= 500 or status == 429


def _readable(response: OriginResponse, request: Request) -> bool:
    """Whether the reader asked for the coding that the gateway got."""
    coding = response.header(b"content-encoding")
    return coding is None or coding.lower() in (request.header(b"accept-encoding") or b"").lower()


def with_cookies(
    answer: Answer, response: OriginResponse, settings: forward.ForwardSettings
) -> Answer:
    """A page or a redirect made for one reader may set that reader's own cookies at the origin: a
    site's own log-in answers 303. A refusal or an error of ours sets none."""
    passed = forward.answer_headers(response.headers, settings=settings, gated=False)
    cookies = tuple(pair for pair in passed if pair[0] == b"set-cookie")
    if isinstance(answer, Ready) and cookies:
        variant = dataclasses.replace(answer.variant, headers=(*answer.variant.headers, *cookies))
        return Ready(variant, answer.sharing)
    if isinstance(answer, Plain) and 300 <= answer.status < 400:
        return dataclasses.replace(answer, headers=(*answer.headers, *cookies))
    return answer
