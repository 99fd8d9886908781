"""From a page record to the bytes of one reader: settle, judge, pick the variant, make it once.

Both lanes decide here and nowhere else: ``Showing.choose`` is pure and quick, and the quick lane
calls it as it is; ``Showing.show`` makes what is missing, in a thread, and keeps it in the record.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from gateway.edge import codings, egress, views
from gateway.edge.answers import Answer, Headers, Plain, Ready
from gateway.edge.explaining import told
from gateway.edge.failures import Failures
from gateway.edge.feed_items import FeedItems, ItemJudge
from gateway.model.access import Access
from gateway.model.decision import Decision, Full, Refuse, Teaser
from gateway.model.page import PageKind, Sharing, Variant, VariantKey
from gateway.model.reader import Reader, ReaderKind
from gateway.model.request import Request
from gateway.origin.record import PageRecord
from gateway.page.feeds import rewrite_feed
from gateway.page.render import render_full, render_teaser
from gateway.page.wall import WallContext
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, settle
from gateway.policy.ways import Settled


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
    decided: Callable[[str], None]
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
            reader_marks=record.facts.reader_marks or record.facts.kind is PageKind.FEED,
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
        origin is down and the page old, so what it says of itself may be over: the strictest access that
        its path leaves open counts."""
        choice = self.choose(
            record,
            reader,
            request,
            has_session_cookie=request.has_session_cookie,
            policy=policy,
            now=now,
        )
        if strictly and not choice.settled.opened_by_hand:
            choice = self._strictest(views.closest(record, request, policy), reader, choice, now)
        if isinstance(choice.decision, Refuse):
            return self.failures.refused(request, choice.decision.reason)
        self.decided(choice.decision.reason)
        if 300 <= record.status < 400:
            return self._redirect(record, choice, private=private)
        if isinstance(choice.decision, Teaser) and not (
            record.status == 200 and record.facts.readable
        ):
            return self._withheld(record, request)
        coding = codings.accepted(request.header(b"accept-encoding"))[0]
        making = partial(self._made, record, request, reader, choice, coding, policy, now)
        # Made for one reader: a feed's items hang on what this very reader holds.
        feed = record.facts.kind is PageKind.FEED
        if not private and not ((feed and request.has_session_cookie) or record.items_by_request):
            sharing, key = Sharing(choice.key[2]), (*choice.key, coding)
            variant = record.variants.get(key)
            if variant is None:
                variant = await _once(record, key, partial(making, sharing))
            if not record.items_by_request:
                return Ready(variant, sharing)
            # That turned out while it was made, maybe for another request.
        return Ready(await making(Sharing.NOBODY), Sharing.NOBODY)

    def _withheld(self, record: PageRecord, request: Request) -> Plain:
        """Of an origin's error on a gated page nothing is told but when to come back."""
        status = record.status if record.status != 200 else 502
        answer = self.failures.status(status, "origin-error-withheld", request=request)
        retry = tuple(pair for pair in record.headers if pair[0] == b"retry-after")
        return dataclasses.replace(answer, headers=(*answer.headers, *retry))

    def _strictest(self, closest: Access, reader: Reader, choice: Choice, now: float) -> Choice:
        decision = judge(closest, reader, now)
        if isinstance(decision, Full):
            return choice
        wall = str(decision.wall) if isinstance(decision, Teaser) else "refuse"
        key = (wall, choice.kind, Sharing.NOBODY, "strictest")
        return Choice(decision, choice.settled, choice.kind, key)

    def _redirect(self, record: PageRecord, choice: Choice, *, private: bool) -> Plain:
        """A redirect tells nothing of the page; it is passed on, uncached where gated."""
        sharing = Sharing(choice.key[2])
        if private or sharing is not Sharing.ANYONE:
            sharing = Sharing.NOBODY
        return Plain(
            record.status,
            (*views.kept_headers(record, choice.settled), *self._caching(record, sharing)),
        )

    def _caching(self, record: PageRecord, sharing: Sharing) -> Headers:
        return egress.caching(
            sharing,
            open_caching=self._open_caching(record),
            window_seconds=record.good_until - record.fresh.born_at,
            vary_by_cookie=self.vary_by_cookie,
        )

    def _open_caching(self, record: PageRecord) -> bytes:
        """The origin's caching, cut where an age condition flips sooner."""
        left = record.flips_at - record.fresh.born_at
        if record.flips_at >= record.fresh.stale_while_revalidate_until:
            return record.fresh.open_caching
        return b"public, max-age=%d" % max(
            0, min(left, record.fresh.fresh_until - record.fresh.born_at)
        )

    async def _made(
        self,
        record: PageRecord,
        request: Request,
        reader: Reader,
        choice: Choice,
        coding: str,
        policy: Policy,
        now: float,
        sharing: Sharing,
    ) -> Variant:
        """Rendering and compressing take milliseconds, so they run in a thread."""
        judging = self.feed_items.judging(request, reader, choice.decision, policy=policy, now=now)
        return_to = record.key.target.decode("ascii")
        badge_of = partial(self.feed_items.known, policy=policy, now=now)

        def make() -> Variant:
            body = self._body(record, choice, policy, judging, return_to, badge_of)
            record.items_by_request = record.items_by_request or judging.by_request
            content_type = views.content_type(record, changed=body != record.source())
            return egress.variant(
                status=record.status,
                headers=self._headers(record, choice, sharing, coding, content_type),
                body=codings.compress(body, coding),
                validator=egress.etag(body, coding),
                born_at=0.0 if sharing is Sharing.NOBODY else record.fresh.born_at,
            )

        return await asyncio.to_thread(make)

    def _body(
        self,
        record: PageRecord,
        choice: Choice,
        policy: Policy,
        judging: ItemJudge,
        return_to: str,
        badge_of: Callable[[str], Access | None],
    ) -> bytes:
        source, decision, access = record.source(), choice.decision, choice.settled.access
        if not source or not record.facts.readable:
            return source
        settings = dataclasses.replace(policy.settings, teaser=choice.settled.teaser)
        if record.facts.kind is PageKind.FEED:
            return rewrite_feed(
                source,
                record.format,
                judge_item=judging,
                opens=judging.opens,
                keep=settings.teaser.keep,
                gated=not isinstance(decision, Full),
            ).body
        if isinstance(decision, Teaser):
            return render_teaser(
                source,
                record.content_type,
                access=access,
                reader=choice.kind,
                wall=decision.wall,
                settings=settings,
                draw_wall=self.draw_wall,
                return_to=return_to,
            ).body
        return render_full(
            source,
            record.content_type,
            access=access,
            reader=ReaderKind(choice.key[1]) if choice.key[1] else None,
            settings=settings,
            rule_opens=views.rule_opens(record, choice.settled, source),
            badge_of=badge_of,
        ).body

    def _headers(
        self, record: PageRecord, choice: Choice, sharing: Sharing, coding: str, content_type: bytes
    ) -> Headers:
        kept = tuple(
            pair
            for pair in views.kept_headers(record, choice.settled)
            if pair[0] != b"last-modified" or sharing is Sharing.ANYONE
        )
        rule = choice.settled.rule
        explained = (told(choice.decision, rule),) if self.explain_header else ()
        return (
            (b"content-type", content_type),
            *(((b"content-encoding", coding.encode()),) if coding != codings.IDENTITY else ()),
            *self._caching(record, sharing),
            *kept,
            *explained,
        )


async def _once(
    record: PageRecord, key: VariantKey, make: Callable[[], Coroutine[Any, Any, Variant]]
) -> Variant:
    """Many who wait for one variant have it made once; one that leaves doesn't end the making."""
    making = record.making.get(key)
    if making is None:
        making = asyncio.create_task(make())
        record.making[key] = making

        def kept(done: asyncio.Task[Variant]) -> None:
            del record.making[key]
            good = not done.cancelled() and done.exception() is None
            if good and not record.items_by_request:
                record.keep(key, done.result())

        making.add_done_callback(kept)
    return await asyncio.shield(making)
