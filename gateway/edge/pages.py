"""Getting a page for one visit: the kept record, a fresh one, a stale one, or none at all.

``page`` asks as the gateway and may keep the answer; ``judged`` asks with the reader's own cookies,
judges the answer and keeps nothing. One fetch at a time goes out for one page; a page found
unkeepable is remembered, and its requests neither queue nor share.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.clock import Clock
from gateway.edge import kinds
from gateway.edge.answers import Answer
from gateway.edge.failures import Failures
from gateway.edge.passing import Body, Passing
from gateway.edge.records import OtherType, Records
from gateway.edge.showing import Showing
from gateway.errors import OriginFailed
from gateway.model.decision import Full, Reason, Refuse
from gateway.model.page import PageFacts
from gateway.origin.cache import PageCache
from gateway.origin.record import PageKey, PageRecord
from gateway.policy.ways import WayKind
from gateway.policy.decide import judge, settle

if TYPE_CHECKING:
    from gateway.edge.gate import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    cache: PageCache
    records: Records
    showing: Showing
    passing: Passing
    failures: Failures
    clock: Clock
    renewals: set[asyncio.Task[None]] = field(default_factory=set)

    def known_as_other(self, visit: Visit) -> bool:
        """Whether the path leads to neither page nor feed, by its ending or by what came last."""
        path = visit.request.path
        return kinds.never_a_page(path) or self.cache.known_as_other(visit.request.host, path)

    async def page(self, visit: Visit) -> Answer:
        """A page or feed fetched as the gateway; anything else as its path's kind asks."""
        key = self.key(visit)
        kept = self.cache.get(key) if key.keepable else None
        if kept is not None:
            kept = self.records.current(kept, visit)
            if visit.now < kept.fresh_until:
                return await self._show(kept, visit)
            if visit.now < kept.stale_while_revalidate_until:
                self._renew_later(kept, visit, key)
                return await self._show(kept, visit)
        try:
            made = await self._made(visit, key, kept)
        except OriginFailed:
            if kept is None or visit.now >= kept.stale_if_error_until:
                raise
            return await self._show(kept, visit, strictly=True)
        if isinstance(made, OtherType):
            return await self._other(made, visit)
        if made.status >= 500 and kept is not None and visit.now < kept.stale_if_error_until:
            return await self._show(kept, visit, strictly=True)
        return await self._show(made, visit)

    async def judged(self, visit: Visit, body: Body) -> Answer:
        """The reader's own request, with the reader's cookies; what comes back is judged."""
        response, _ = await self.passing.ask_as_reader(visit, body)
        made = await self.records.made_of(response, visit, self.key(visit), asked=False)
        if isinstance(made, OtherType):
            return self._judged_other(made, visit, gated=False)
        return await self._show(made, visit, private=True)

    async def _made(
        self, visit: Visit, key: PageKey, stale: PageRecord | None
    ) -> PageRecord | OtherType:
        if not key.keepable or self.cache.known_unkeepable(key):
            return await self.records.fetch(visit, key)
        ...

    async def _other(self, made: OtherType, visit: Visit) -> Answer:
        """Neither page nor feed, though a page was asked for as the gateway (design, step 3)."""
        self.cache.remember_other(visit.request.host, visit.request.path)
        if visit.way.kind is WayKind.PATH:
            return self._judged_other(made, visit, gated=True)
        await made.response.close()
        return await self.judged(visit, None)

    def _judged_other(self, made: OtherType, visit: Visit, *, gated: bool) -> Answer: ...

    def _renew_later(self, kept: PageRecord, visit: Visit, key: PageKey) -> None: ...
