"""From the origin's bytes to text within bounds, and to a tree of its own for each who asks.

``decode_body`` undoes the content coding, ``read`` the charset, and checks bytes, depth and
attributes before lexbor parses. A tree can be changed, so no two renderings ever share one:
``Document.tree`` parses anew. Nothing here knows what an article is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser

from gateway.errors import PageUnreadable
from gateway.page import bounds, charsets
from gateway.page.codings import BYTES_MAX, decode_body

__all__ = ["BYTES_MAX", "Document", "decode_body", "read", "sniff_kind"]

_KINDS = {
    b"text/html": "html",
    b"application/xhtml+xml": "html",
    b"application/rss+xml": "rss",
    b"application/atom+xml": "atom",
    b"application/feed+json": "json-feed",
}
# Types under which a page or feed may come though they don't say so: what the body begins with
# tells. Text and images are here too, since a browser or a crawler may sniff what we don't. What is
# stepped over is never given back (``(?>…)``, ``*+``), or a row of comments could be read in 2^n ways.
_OPENING = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*+(?>(?:<\?xml[^>]*>|<!--.*?-->)\s*+)*+<"
    rb"(!doctype\s+html|html|head|body|article|main|(?:[a-z]\w*:)?(rss|rdf|feed))(?=[\s>:]|\Z)",
    re.IGNORECASE | re.DOTALL,
)
# A producer that sorts its keys puts ``version`` last, behind every item.
_JSON_FEED = re.compile(
    rb"""^(?:\xef\xbb\xbf)?\s*\{.*?(?:https?:\\?/\\?/jsonfeed\.org\\?/version|"content_(?:html|text)"\s*:)""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A page's text, and how its markup is nested."""

    text: str = field(repr=False)
    nesting: bounds.Nesting = field(repr=False)

    def tree(self) -> LexborHTMLParser:
        """A tree that belongs to the caller alone."""
        return LexborHTMLParser(self.text)


def read(body: bytes, content_type: bytes | None) -> Document:
    """``body`` without its content coding. Raises PageUnreadable over any bound."""
    if len(body) > BYTES_MAX:
        raise PageUnreadable("too-many-bytes")
    # NUL is no character of any page; parsers disagree on where it vanishes and where it stays.
    text = charsets.decode(body, content_type).replace("\x00", "")
    return Document(text, bounds.scan(text))


def sniff_kind(content_type: bytes | None, body_head: bytes) -> str:
    """``html``, ``rss``, ``atom``, ``json-feed`` or ``other``.

    The type decides where it names one of them; otherwise the first kilobyte of the body does.
    """
    named = _KINDS.get((content_type or b"").split(b";", 1)[0].strip().lower())
    if named is not None:
        return named
    if match := _OPENING.match(body_head):
        feed = (match[2] or b"").lower()
        return {b"": "html", b"rss": "rss", b"rdf": "rss", b"feed": "atom"}[feed]
    return "json-feed" if _JSON_FEED.match(body_head) else "other"
