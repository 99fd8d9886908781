"""Labels that a page doesn't bear itself: they cost one more question to the origin.

``ghost: content-api`` asks Ghost's Content API for the post's ``visibility`` and tiers, with the key
that stands on Ghost's own pages. ``origin_gate`` fetches the page once more without the gateway's
identity: a body that differs was gated by the origin, and one that doesn't says nothing, unless the map
has a word for it. Asked once, when the page record is made. No answer is a word that nothing maps, so
the page is taken as the strictest; so is an article of which nothing could be asked or compared.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from gateway.edge.visit import Visit
from gateway.errors import LychgateError
from gateway.model.page import LabelWord
from gateway.model.rule import LabelKind, PageSettings
from gateway.origin import forward
from gateway.origin.fetch import Origin, OriginRequest
from gateway.origin.record import PageKey
from gateway.page import document
from gateway.page.facts import body_words

NO_ANSWER = "no-answer"
GATED, OPEN = "gated", "open"
_GHOST_KEY = re.compile(rb"""data-key=["']([0-9a-f]{16,64})["']""")
_GHOST_ID = re.compile(r"[0-9a-f]{24}")
_ANSWER_BYTES_MAX = 1 << 16
_PAGE_BYTES_MAX = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLabels:
    origin: Origin
    forwarding: forward.ForwardSettings

    async def words(
        self, page: bytes, visit: Visit, key: PageKey, *, listing: bool
    ) -> tuple[LabelWord, ...]:
        """The words of every asked source of the policy, in the policy's order. ``listing``: as far as
        the page itself tells."""
        words = []
        for number, source in enumerate(visit.policy.settings.labels):
            if source.kind is LabelKind.GHOST:
                word = await self._ghost(page, visit, listing=listing)
            elif source.kind is LabelKind.ORIGIN_GATE:
                word = await self._origin_gate(page, visit, key, listing=listing)
                if word == OPEN and OPEN not in dict(source.map):
                    continue
            else:
                continue
            if word:
                words.append(LabelWord(number, word))
        return tuple(words)

    async def _ghost(self, page: bytes, visit: Visit, *, listing: bool) -> str:
        """``public``, ``members``, ``paid`` or ``tiers:slug,slug``; of a listing (an index, a tag) nothing
        where Ghost knows no such post, so that it stays one, also under the slug of a post that stands
        elsewhere. No post or page of Ghost's stands at the root by a name of its own."""
        key = _GHOST_KEY.search(page)
        slug = visit.request.path.rstrip("/").rpartition("/")[2]
        unknown = "" if listing or not slug else NO_ANSWER
        if key is None or not slug:
            return unknown
        for collection, name in _names(slug):
            asked = (
                f"/ghost/api/content/{collection}/{name}/"
                f"?key={key[1].decode()}&fields=visibility,url&include=tiers"
            )
            try:
                status, body = await self._ask(visit, asked.encode(), identity=True)
                if status == 404:
                    continue
                found = json.loads(body)[collection][0]
                if listing and _stands_elsewhere(found.get("url"), visit.request.path):
                    continue
                tiers = ",".join(sorted(tier["slug"] for tier in found.get("tiers", ())))
                return f"tiers:{tiers}" if found["visibility"] == "tiers" else found["visibility"]
            except (LychgateError, ValueError, LookupError, TypeError):
                return NO_ANSWER
        return unknown

    async def _origin_gate(self, page: bytes, visit: Visit, key: PageKey, *, listing: bool) -> str:
        try:
            status, body = await self._ask(visit, key.target, identity=False)
        except LychgateError:
            return NO_ANSWER
        settings: PageSettings = visit.policy.settings
        own = body_words(page, settings)
        if status != 200 or body_words(body, settings) != own:
            return GATED
        if listing:
            return ""
        return OPEN if own else NO_ANSWER

    async def _ask(self, visit: Visit, target: bytes, *, identity: bool) -> tuple[int, bytes]:
        headers = forward.as_gateway(settings=self.forwarding, validators=(), identity=identity)
        request = OriginRequest(method="GET", target=target, headers=headers, body=None)
        response = await self.origin.fetch(request)
        try:
            raw = await response.read(_PAGE_BYTES_MAX)
            coding = response.header(b"content-encoding")
            return response.status, document.decode_body(raw, coding)
        finally:
            await response.close()


def _names(slug: str) -> list[tuple[str, str]]:
    """What an address's last segment may name at Ghost: a slug, or an id where ``routes.yaml`` says so."""
    named = quote(slug, safe="%-._~")
    forms = (named, f"slug/{named}") if _GHOST_ID.fullmatch(slug) else (f"slug/{named}",)
    return [(collection, form) for form in forms for collection in ("posts", "pages")]


def _stands_elsewhere(url: object, path: str) -> bool:
    """``url`` is Ghost's own word; ``/404/`` where it knows of none."""
    said = unquote(urlsplit(url).path).strip("/").lower() if isinstance(url, str) else "404"
    return said not in ("404", unquote(path).strip("/").lower())
