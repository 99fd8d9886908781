"""The request's way, on one screen: from a canonical request to an answer.

This file holds the branching of "How a path is fetched" (design, step 3) and nothing else: what a
page record is stands in ``pages``, what passes untouched in ``passing``, bytes and heads in
``egress``. Whatever can't be settled is answered with less, never with more.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import assert_never

from gateway.edge import kinds, open_feeds
from gateway.edge.answers import Answer, Plain
from gateway.edge.failures import Failures
from gateway.edge.pages import Pages
from gateway.edge.passing import Body, Passing
from gateway.edge.reporting import reported
from gateway.edge.visit import Visit
from gateway.model.decision import Decision, Full, Reason, Refuse
from gateway.policy.decide import judge, settle_by_path
from gateway.policy.ways import WayKind

_READING = frozenset(("GET", "HEAD"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """``report_mode`` sends every page as the origin does, and counts what would be walled."""

    pages: Pages
    passing: Passing
    failures: Failures
    report_mode: bool = False

    async def answer(self, visit: Visit, body: Body | None) -> Answer:
        """Raises OriginFailed and its kin; everything else ends in an answer."""
        request, way, reader = visit.request, visit.here, visit.reader
        if self.report_mode:
            return await reported(self.pages, visit, body)
        if way.preview and reader.newsroom:
            # Before a pack's refusal: that one is for everybody else.
            return await self.passing.as_reader(visit, body, private=True)
        settled = settle_by_path(visit.way, request, visit.policy, now=visit.now)
        decision = judge(settled, reader, visit.now) if settled else None
        if isinstance(decision, Refuse):
            return self.failures.refused(request, decision.reason)
        match way.kind:
            case WayKind.OPEN:
                return await self._open(visit, body)
            case WayKind.PATH:
                return await self._path_gated(visit, decision or visit.by_strictest(), body)
            case WayKind.LABEL:
                return await self._label_gated(visit, body)
            case _:
                assert_never(way.kind)

    def tunnel_refused(self, visit: Visit) -> Plain | None:
        """Why this reader may not open a WebSocket here; None when nothing says so.

        A path that only a label could gate is open to it, as to any request that isn't a page's.
        """
        if self.report_mode:
            return None
        settled = settle_by_path(visit.way, visit.request, visit.policy, now=visit.now)
        decision = judge(settled, visit.reader, visit.now) if settled else None
        if isinstance(decision, Refuse):
            return self.failures.refused(visit.request, decision.reason)
        gated = visit.here.kind is WayKind.PATH
        if gated and not isinstance(decision or visit.by_strictest(), Full):
            return self.failures.refused(visit.request, Reason.METHOD_NEEDS_ACCESS)
        return None

    def opens_as_gateway(self, visit: Visit) -> bool:
        """Whether a rule opens the path, and the gateway is known at the origin by headers of its own."""
        return visit.here.opened_by_path and bool(self.passing.forwarding.identity)

    def _open(self, visit: Visit, body: Body | None) -> Awaitable[Answer]:
        """Nothing could gate it: streamed with the reader's own cookies. But what a rule opens by its
        path shall be open whatever the origin says, so its pages are asked for as the gateway; and a
        feed leads to pages that something else may gate."""
        opened = self.opens_as_gateway(visit)
        judged = bool(visit.policy.settings.replace or visit.policy.settings.remove)
        if opened or judged:
            page = kinds.navigation(visit.request) and not visit.here.personal
            opened, judged = opened and page, judged and page
        if opened and not self.pages.known_as_other(visit):
            return self.pages.page(visit)
        if visit.policy.gates:
            return open_feeds.passed(self.pages, visit, body, judged=judged)
        if judged:
            return self.pages.judged(visit, body)
        return self.passing.as_reader(visit, body, private=visit.here.personal)

    async def _path_gated(self, visit: Visit, decision: Decision, body: Body | None) -> Answer:
        """``decision`` is what the path alone says, or the strictest that its page could turn into."""
        request, way = visit.request, visit.here
        if request.method == "OPTIONS" and way.strictest.gated:
            return self.failures.method_not_allowed(request)
        if request.method not in _READING:
            if isinstance(decision, Full):
                return await self.passing.as_reader(visit, body, private=way.strictest.gated)
            return self.failures.refused(request, Reason.METHOD_NEEDS_ACCESS)
        if way.personal:
            return await self.pages.judged(visit, body)
        if self.pages.known_as_other(visit):
            if isinstance(decision, Full):
                return await self.passing.as_gateway(visit, private=way.strictest.gated)
            return self.failures.refused(request, Reason.TYPE_HAS_NO_TEASER)
        return await self.pages.page(visit)

    async def _label_gated(self, visit: Visit, body: Body | None) -> Answer:
        """Only the page itself can say. The gateway's own identity travels only where the answer
        is judged before anyone sees it."""
        visit = visit._replace(request=kinds.no_other_face(visit.request))
        request = visit.request
        if visit.here.personal or not kinds.navigation(request) or self.pages.known_as_other(visit):
            return await self.pages.judged(visit, body)
        return await self.pages.page(visit)
