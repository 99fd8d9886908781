"""What an answer of the origin holds, told from its head and as little of its body as it takes.

The body is looked at and not taken: whoever streams the answer afterwards finds every byte of it.
"""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple

from gateway.origin.fetch import OriginResponse
from gateway.page import sniffing
from gateway.page.codings import decode_opening
from gateway.page.sniffing import FEEDS, Family, Kind

OPENING_BYTES_MAX = 16 << 20
_GLANCE_BYTES = 256  # enough for how nearly all pages begin; undoing a coding costs by the byte
_FIRST_BYTES = 1445  # as many as browsers look into (WHATWG MIME Sniffing, "resource header")
_DECODED_BYTES = 16 << 10  # of a first look; each further one sees eight times as much
_DECODED_PAGE_BYTES = 1 << 10
_IN_PASSING_BYTES = 64 << 10  # beyond it a thread looks
_WITHOUT_BODY = frozenset((204, 304))
_PAGE_OPENING = re.compile(rb"\s*+<(?:!doctype html|html)[\s>]", re.IGNORECASE)
# What comes first in markup and in JSON, byte order marks and a charset of wide characters included.
_MAY_BEGIN = frozenset(b"<{\xef\xfe\xff\x00")


def content_type(response: OriginResponse) -> bytes | None:
    """All that is said of the type; of several fields browsers make one list."""
    said = [value for name, value in response.headers if name == b"content-type"]
    return b", ".join(said) if said else None


class _Look(NamedTuple):
    """One look at an opening: ``last`` if there is no further one."""

    content_type: bytes | None
    coding: bytes | None
    decoded_max: int
    last: bool
    patient: bool

    def at(self, raw: bytes, all_there: bool) -> Kind | None:
        opening, whole = raw, all_there
        if self.coding:
            opening = decode_opening(raw, self.coding, bytes_max=self.decoded_max)
            whole = self.last or (all_there and len(opening) < self.decoded_max)
        return sniffing.sniff(self.content_type, opening, whole=whole, patient=self.patient)


async def kind_of(response: OriginResponse, *, patient: bool = True) -> Kind:
    """Raises OriginFailed, and OriginTimeout where it can't be told within one read timeout. ``patient``
    as ``sniffing.sniff`` has it."""
    with response.whole():
        return await _told_by(response, patient=patient)


async def _told_by(response: OriginResponse, *, patient: bool) -> Kind:
    said = content_type(response)
    family = sniffing.family(said)
    if family in (Family.FEED, Family.ITSELF) or response.status in _WITHOUT_BODY:
        return sniffing.named(said) or Kind.OTHER
    raw, all_there = (await response.first())[:_FIRST_BYTES], False
    if family is Family.PAGE and _PAGE_OPENING.match(raw):
        return Kind.HTML
    size, decoded = 0, _DECODED_PAGE_BYTES if family is Family.PAGE else _DECODED_BYTES
    while True:
        # First what has come by now, which may do: of a stream there may be no more for long.
        last, coding = size >= OPENING_BYTES_MAX, response.header(b"content-encoding")
        look = _Look(said, coding, decoded, last, patient or not size)
        far = len(raw) > _IN_PASSING_BYTES or decoded > _IN_PASSING_BYTES
        kind = await asyncio.to_thread(look.at, raw, all_there) if far else look.at(raw, all_there)
        if kind is not None:
            # An error in a format of its own is no article.
            return Kind.OTHER if kind is Kind.XML and response.status >= 300 else kind
        if size:
            decoded = min(decoded * 8, OPENING_BYTES_MAX)
        size = min(size * 8, OPENING_BYTES_MAX) or _FIRST_BYTES
        raw = await response.opening(size)
        all_there = size >= OPENING_BYTES_MAX or len(raw) <= size


async def holds_feed(response: OriginResponse) -> bool:
    """Whether it is a feed, by its first bytes. Raises OriginFailed."""
    family = sniffing.family(content_type(response))
    if family is Family.ITSELF or response.status in _WITHOUT_BODY:
        return False
    if family is not Family.FEED:
        first, coding = await response.first(), response.header(b"content-encoding")
        if coding:
            first = decode_opening(first[:_GLANCE_BYTES], coding, bytes_max=_GLANCE_BYTES)
        if _PAGE_OPENING.match(first) or not _MAY_BEGIN.issuperset(first.lstrip()[:1]):
            return False
    return await kind_of(response, patient=False) in FEEDS


def may_hold_feed(response: OriginResponse, *, named_too: bool) -> bool:
    """The same for an answer without a body, or with a part of it: whether that is worth asking.
    ``named_too``: also of what the type says to be a page, or says nothing of."""
    family = sniffing.family(content_type(response))
    if family is Family.ITSELF or response.status in _WITHOUT_BODY:
        return False
    return named_too or family not in (Family.PAGE, Family.UNSAID)
