"""``/-/help?from=/path``: for the reader who says "I pay, and I see the wall".

It tells who is logged in here, what they hold (as their account page says it), and why that page is
closed for them now: by the very decision that the gate makes, on what is kept of the page, so that
asking costs the origin nothing.
``POST`` looks again: what this gateway remembers of the reader is forgotten, on every worker.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from gateway.clock import Clock
from gateway.edge.failures import Failures
from gateway.edge.ingress import Ingress
from gateway.edge.pages import Pages
from gateway.edge.visit import Visit
from gateway.errors import RequestRefused
from gateway.model.decision import Decision, Full
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.page.templates import Templates
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, settle_by_path

_PATH_MAX = 2000
Headers = Sequence[tuple[bytes, bytes]]


class Holding(Protocol):
    async def shown(self, reader: Reader, language: str, now: float) -> list[dict[str, Any]]:
        """Each with ``plan``, ``until``, ``mendable`` and ``lines``. Raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpPage:
    """``forget`` makes every worker ask the store for a reader.
    ``adopt_url`` is for those who pay already; empty where nothing is sold."""

    templates: Templates
    failures: Failures
    ingress: Ingress
    pages: Pages
    policy: Callable[[], Policy]
    holding: Holding
    forget: Callable[[str], Awaitable[None]]
    adopt_url: str
    clock: Clock

    async def draw(self, request: Request, reader: Reader, headers: Headers, written: str) -> bytes:
        """The page. ``written`` is what the address says of where the reader comes from."""
        language, now = self.failures.language(request), self.clock.now()
        asked = self._asked(request, headers, written)
        back = written if asked else ""
        decision = self._decision(asked, reader, now) if asked else None
        return self.templates.help(
            language=language,
            back=back,
            who=reader.name or reader.email or reader.id,
            email=reader.email,
            signed_in=bool(reader.id),
            held=await self.holding.shown(reader, language, now) if reader.id else (),
            on_hold=any(each.mendable and not each.opens(now) for each in reader.entitlements),
            reason=str(decision.reason) if decision else "",
            open=isinstance(decision, Full),
            adopt_url=self.adopt_url,
            support=self._support(request, back),
            error_id=request.id,
        )

    async def look_again(self, reader: Reader, request: Request, headers: Headers, to: str) -> str:
        """Where to go from here, once nothing old is remembered of the reader."""
        if reader.id:
            await self.forget(reader.id)
        # What stands behind a "#" was looked at by nobody, and may be no part of a header.
        return to.partition("#")[0] if self._asked(request, headers, to) else "/"

    def _asked(self, request: Request, headers: Headers, written: str) -> Request | None:
        """The page that the reader comes from, as a request for it; None for what is no path."""
        plain = written.isascii() and written.startswith("/") and len(written) <= _PATH_MAX
        if not plain or written.startswith(("//", "/\\", "/-/")):
            return None
        try:
            admitted = self.ingress.admit(
                method="GET",
                target=written.partition("#")[0].encode(),
                headers=[pair for pair in headers if pair[0] in (b"host", b"cookie")],
                peer=request.client,
                scheme=request.scheme,
            )
        except RequestRefused:
            return None
        return admitted if isinstance(admitted, Request) else None

    def _decision(self, asked: Request, reader: Reader, now: float) -> Decision | None:
        """None where only the page could tell, and none is kept."""
        policy = self.policy()
        way = policy.way(asked.host, asked.path)
        here = policy.narrowed(way, asked)
        visit = Visit(request=asked, reader=reader, way=way, here=here, policy=policy, now=now)
        key = self.pages.key(visit)
        kept = self.pages.cache.get(key) if key.keepable else None
        if kept is not None:
            choice = self.pages.showing.choose(
                kept, reader, asked, has_session_cookie=True, policy=policy, now=now
            )
            return choice.decision
        settled = settle_by_path(way, asked, policy, now=now)
        return judge(settled, reader, now) if settled else None

    def _support(self, request: Request, back: str) -> str:
        """A mail to the publisher says by itself which page and when."""
        support = self.templates.site.support
        if not support.startswith("mailto:"):
            return support
        subject = f"{back or '/'} · {request.id}"
        return f"{support}?subject={quote(subject)}"
