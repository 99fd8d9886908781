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

__all__ = ["BYTES_MAX", "Document", "decode_body", "is_xml", "read", "sniff_kind"]

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


# What makes a document of a text; data that begins as JSON does may hold one, and is none.
_WHOLE = re.compile(r"<(?:!doctype|html)[\s/>]", re.IGNORECASE)
_DATA = re.compile(r'\s*+[\[{"]')
# What XML closes at once and HTML would leave open over all that follows. The void elements of HTML
# are closed either way.
_CLOSED_AT_ONCE = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)[\s/])"
    r"([a-zA-Z][^\s<>/]*+)((?:[^<>/]++|/(?!>))*+)/>"
)


@dataclass(frozen=True, slots=True)
class Document:
    """A page's text, and how its markup is nested. ``whole``: it is a document of its own, and no
    fragment or data that a script of the site asked for. ``html``: what its type says it is."""

    text: str = field(repr=False)
    nesting: bounds.Nesting = field(repr=False)
    whole: bool = True
    html: bool = True

    def tree(self) -> LexborHTMLParser:
        """A tree that belongs to the caller alone."""
        return LexborHTMLParser(self.text)


def read(body: bytes, content_type: bytes | None) -> Document:
    """``body`` without its content coding. Raises PageUnreadable over any bound."""
    if len(body) > BYTES_MAX:
        raise PageUnreadable("too-many-bytes")
    # NUL is no character of any page; parsers disagree on where it vanishes and where it stays.
    text = charsets.decode(body, content_type).replace("\x00", "")
    if is_xml(content_type):
        text = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", text)
    whole = _WHOLE.search(text) is not None and _DATA.match(text) is None
    html = not is_xml(content_type) and _bare(content_type) != b"text/plain"
    return Document(text, bounds.scan(text), whole=whole, html=html)


def is_xml(content_type: bytes | None) -> bool:
    """XHTML, or what turned out to be: browsers read it as XML, so it can't be sent as HTML under
    that type."""
    return _bare(content_type).endswith((b"/xml", b"+xml"))


def _bare(content_type: bytes | None) -> bytes:
    return (content_type or b"").split(b";", 1)[0].strip().lower()


def sniff_kind(content_type: bytes | None, body_head: bytes) -> str:
    """``html``, ``rss``, ``atom``, ``json-feed`` or ``other``.

    The type decides where it names one of them; otherwise the first kilobyte of the body does.
    """
    named = _KINDS.get(_bare(content_type))
    if named is not None:
        return named
    if match := _OPENING.match(body_head):
        feed = (match[2] or b"").lower()
        return {b"": "html", b"rss": "rss", b"rdf": "rss", b"feed": "atom"}[feed]
    return "json-feed" if _JSON_FEED.match(body_head) else "other"
