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

__all__ = ["BYTES_MAX", "Document", "decode_body", "is_xml", "read"]


# What makes a document of a text; data that begins as JSON does may hold one, and is none.
_WHOLE = re.compile(r"<(?:!doctype|html)[\s/>]", re.IGNORECASE)
_DATA = re.compile(r'\s*+[\[{"]')
# What XML closes at once and HTML would leave open over all that follows. The void elements of HTML
# are closed either way.
_CLOSED_AT_ONCE = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)[\s/])"
    r"([a-zA-Z][^\s<>/]*+)((?:\"[^<\"]*+\"|'[^<']*+'|[^<>/\"']++|/(?!>))*+)/>"
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
    text = charsets.decode(body, content_type)
    if "\x00" in text:  # asked first: to replace nothing takes five times as long
        text = text.replace("\x00", "")
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
