"""Making a page record: ask the origin, look at its head, read it whole, settle what it says.

The only place where the gateway's own identity at the origin meets a page; the answer is judged
before anyone sees a byte of it. Parsing runs in a thread.
"""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.clock import Clock
from gateway.edge.asked_labels import AskedLabels
from gateway.errors import PageUnreadable
from gateway.model.page import PageFacts, PageKind
from gateway.origin import forward
from gateway.origin.fetch import Origin, OriginRequest, OriginResponse
from gateway.origin.freshness import Freshness, freshness
from gateway.origin.record import PageKey, PageRecord
from gateway.page import document
from gateway.page.facts import facts as read_facts
from gateway.policy.compile import Policy
from gateway.policy.ways import Way

if TYPE_CHECKING:
    from gateway.edge.gate import Visit

PAGE_BYTES_MAX = 16 << 20
LABEL_LAG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class OtherType:
    """Neither a page nor a feed. Whoever gets it closes ``response``; ``facts`` hold what its head
    says of its access."""

    response: OriginResponse
    facts: PageFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """``shared_identity``: pages fetched as the gateway may be kept though marked private."""

    origin: Origin
    forwarding: forward.ForwardSettings
    asked_labels: AskedLabels
    clock: Clock
    shared_identity: bool

    async def fetch(
        self, visit: Visit, key: PageKey, *, stale: PageRecord | None = None
    ) -> PageRecord | OtherType:
        """Ask for a page as the gateway. With ``stale``, only whether it changed."""
        response = await self.origin.fetch(
            OriginRequest(
                method="GET",
                target=key.target,
                headers=forward.as_gateway(
                    visit.request,
                    settings=self.forwarding,
                    validators=stale.validators if stale else (),
                ),
                body=None,
            )
        )
        if response.status == 304 and stale is not None:
            await response.close()
            return self.renewed(stale, response, visit)
        return await self.made_of(response, visit, key)

    async def made_of(
        self, response: OriginResponse, visit: Visit, key: PageKey, *, asked: bool = True
    ) -> PageRecord | OtherType:
        """A record of the origin's answer, or the answer itself where it is no page.

        ``asked`` false leaves out labels that cost a further question as the gateway: the answer
        was made for one reader.
        """
        content_type = response.header(b"content-type")
        redirect = 300 <= response.status < 400
        kind = document.sniff_kind(content_type, b"")
        if kind == "other" and not redirect:
            return OtherType(response, self._facts_of_head(response, visit.policy))
        try:
            raw = b"" if redirect else await response.read(PAGE_BYTES_MAX)
        finally:
            await response.close()
        page, found, readable = await asyncio.to_thread(self._read, raw, response, visit.policy)
        if asked and found.kind is PageKind.ARTICLE:
            words = await self.asked_labels.words(page, visit, key)
            if words:
                together = sorted((*found.words, *words), key=lambda word: word.source)
                found = dataclasses.replace(found, words=tuple(together))
        return self._record(response, visit, key, page, found, readable)

    def _read(
        self, raw: bytes, response: OriginResponse, policy: Policy
    ) -> tuple[bytes, PageFacts, bool]:
        """The decoded page, its facts, and whether it could be read. Runs in a thread."""
        if not raw:
            return b"", PageFacts(PageKind.LISTING), True
        content_type = response.header(b"content-type")
        try:
            page = document.decode_body(raw, response.header(b"content-encoding"))
            if document.sniff_kind(content_type, page[:1024]) not in ("html", "other"):
                return (
                    page,
                    dataclasses.replace(self._facts_of_head(response, policy), kind=PageKind.FEED),
                    True,
                )
            parsed = document.read(page, content_type)
            return page, read_facts(parsed, response.headers, policy.settings), True
        except PageUnreadable:
            # An article without a body that could be found: the strictest that its rules allow.
            return raw, PageFacts(PageKind.ARTICLE, body_found=False), False

    def _facts_of_head(self, response: OriginResponse, policy: Policy) -> PageFacts:
        words = header_words(response.headers, policy.settings)
        return PageFacts(PageKind.OTHER, words=words)

    def _record(
        self,
        response: OriginResponse,
        visit: Visit,
        key: PageKey,
        page: bytes,
        found: PageFacts,
        readable: bool,
    ) -> PageRecord:
        specialised = visit.policy.specialise(visit.way, found, now=visit.now)
        fresh = self._freshness(response, visit.way)
        ...
