"""From a page record to the bytes of one reader: settle, judge, pick the variant, make it once.

Both lanes decide here and nowhere else: ``Showing.choose`` is pure and quick, and the quick lane
calls it as it is; ``Showing.show`` makes what is missing, in a thread, and keeps it in the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.edge import codings, egress
from gateway.edge.answers import Answer, Headers, Plain, Ready
from gateway.edge.failures import Failures
from gateway.edge.feed_items import FeedItems
from gateway.model.decision import Decision, Full, Refuse, Teaser
from gateway.model.page import PageKind, Sharing, Variant
from gateway.model.reader import Reader, ReaderKind
from gateway.model.request import Request
from gateway.origin.record import PageRecord
from gateway.page.render import WallContext
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, settle
from gateway.policy.ways import Settled

_FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Choice:
    """What one reader gets of one record. ``key`` names the variant, without its coding."""

    decision: Decision
    settled: Settled
    kind: ReaderKind
    key: egress.Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """``draw_wall`` gives a wall's HTML; ``vary_by_cookie`` is false once the CDN lets requests
    with our cookie through; ``explain_header`` adds Lychgate-Decision to every page."""

    draw_wall: Callable[[WallContext], str]
    failures: Failures
    feed_items: FeedItems
    vary_by_cookie: bool = True
    explain_header: bool = False

    def choose(
        self,
        record: PageRecord,
        reader: Reader,
        request: Request | None,
        *,
        has_session_cookie: bool,
        policy: Policy,
        now: float,
    ) -> Choice:
        """Pure. ``request`` may be None for a record whose decision asks nothing of the request."""
        settled = record.sole
        rule = ""
        if settled is None:
            assert request is not None, (
                "the quick lane gives the request where a condition needs it"
            )
            settled = settle(record.specialised, request, policy)
            rule = settled.rule
        decision = judge(settled, reader, now)
        kind = reader.kind(now)
        if isinstance(decision, Refuse):
            return Choice(decision, settled, kind, ("refuse", "", Sharing.NOBODY, rule))
        key = egress.shown(
            decision,
            kind=kind,
            has_session_cookie=has_session_cookie,
            rule=rule,
            reader_marks=record.facts.reader_marks,
        )
        return Choice(decision, settled, kind, key)

    async def show(
        self,
        record: PageRecord,
        reader: Reader,
        request: Request,
        *,
        policy: Policy,
        now: float,
        private: bool = False,
        strictly: bool = False,
    ) -> Answer:
        """``private``: made with the reader's own cookies, so for nobody else. ``strictly``: the
        origin is down and the page old, so the strictest access that its rules left open counts."""
        choice = self.choose(
            record,
            reader,
            request,
            has_session_cookie=request.has_session_cookie,
            policy=policy,
            now=now,
        )
        if strictly and not isinstance(judge(record.specialised.strictest, reader, now), Full):
            choice = self._strictest(record, reader, choice, now)
        if isinstance(choice.decision, Refuse):
            return self.failures.refused(request, choice.decision.reason)
        if 300 <= record.status < 400:
            return self._redirect(record, choice)
        if isinstance(choice.decision, Teaser) and not (record.status == 200 and record.readable):
            status = record.status if record.status != 200 else 502
            return self.failures.status(status, "origin-error-withheld", request=request)
        coding = codings.accepted(request.header(b"accept-encoding"))[0]
        name, kind, sharing, rule = choice.key
        if private or (record.facts.kind is PageKind.FEED and request.has_session_cookie):
            made = await self._variant(record, request, reader, choice, coding, policy, now, True)
            return Ready(made, Sharing.NOBODY)
        key = (name, kind, sharing, rule, coding)
        variant = record.variants.get(key)
        if variant is None:
            variant = await self._variant(
                record, request, reader, choice, coding, policy, now, False
            )
            record.variants[key] = variant
        return Ready(variant, Sharing(sharing))

    def _strictest(self, record: PageRecord, reader: Reader, choice: Choice, now: float) -> Choice:
        decision = judge(record.specialised.strictest, reader, now)
        key = (*choice.key[:2], Sharing.NOBODY, choice.key[3])
        if isinstance(decision, Teaser):
            key = (str(decision.wall), choice.kind, Sharing.NOBODY, "strictest")
        return Choice(decision, choice.settled, choice.kind, key)

    def _redirect(self, record: PageRecord, choice: Choice) -> Plain:
        sharing = Sharing(choice.key[2])
        if sharing is Sharing.ANONYMOUS:
            sharing = Sharing.NOBODY
        return Plain(record.status, (*record.headers, *self._caching(record, sharing)))

    def _caching(self, record: PageRecord, sharing: Sharing) -> Headers:
        return egress.caching(
            sharing,
            open_caching=record.open_caching,
            window_seconds=record.good_until - record.born_at,
            vary_by_cookie=self.vary_by_cookie,
        )

    async def _variant(
        self,
        record: PageRecord,
        request: Request,
        reader: Reader,
        choice: Choice,
        coding: str,
        policy: Policy,
        now: float,
        private: bool,
    ) -> Variant:
        """Rendering and compressing take milliseconds, so they run in a thread."""
        sharing = Sharing.NOBODY if private else Sharing(choice.key[2])
        judged = self.feed_items.judging(request, reader, choice.decision, policy=policy, now=now)

        def make() -> Variant:
            body = self._body(record, choice, policy, judged)
            headers = self._headers(record, choice, sharing, coding)
            return egress.variant(
                status=record.status,
                headers=headers,
                body=codings.compress(body, coding),
                validator=egress.etag(body, coding),
                born_at=0.0 if sharing is Sharing.NOBODY else record.born_at,
            )

        return await asyncio.to_thread(make)
