"""Where the items of an RSS or Atom feed stand, and the parts of each, by their byte offsets.

expat reads, and refuses what no feed needs: a DOCTYPE that declares anything (entity bombs), depth,
heaps of attributes. The DTD that a DOCTYPE names, as in RSS 0.91, is never asked for; of its entities
those of HTML are known. Offsets, so that what isn't gated can be sent on byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin
from xml.parsers import expat

from gateway.errors import PageUnreadable

ATOM = "http://www.w3.org/2005/Atom"
ATOM_BEFORE_1 = "http://purl.org/atom/ns#"  # its names mean the same
_BASE = "http://www.w3.org/XML/1998/namespace base"
_DEPTH_MAX = 256
_ATTRIBUTES_MAX = 256
_ITEMS_MAX = 20_000


@dataclass(slots=True)
class Part:
    """``name`` is the local name, ``space`` its namespace. ``open_end`` is where the start tag
    ends, ``close_start`` where the end tag begins; they are equal to ``end`` in ``<a/>``. ``base`` is what
    links in it are relative to, as far as ``xml:base`` says (RFC 4287 section 2)."""

    name: str
    space: str
    attributes: dict[str, str]
    start: int
    open_end: int = 0
    close_start: int = 0
    end: int = 0
    text: str = ""
    parts: list[Part] = field(default_factory=list)
    base: str = ""

    def link(self, written: str) -> str:
        """Empty for what can't be read."""
        try:
            return urljoin(self.base, written.strip())
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class Outline:
    """``others`` are the parts beside the items, such as the channel's title."""

    items: list[Part]
    others: list[Part]


def read(feed: bytes) -> Outline:
    """``feed`` is UTF-8. Raises PageUnreadable."""
    reader = _Reader(feed)
    try:
        reader.parser.Parse(feed, True)
    except expat.ExpatError as error:
        raise PageUnreadable("unreadable-feed") from error
    return Outline(reader.items, reader.others)


class _Reader:
    def __init__(self, feed: bytes) -> None:
        self.feed = feed
        self.items: list[Part] = []
        self.others: list[Part] = []
        self.open: list[Part] = []
        self.texts: list[list[str]] = []
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.SkippedEntityHandler = self.skipped

    def doctype(self, _name: str, _system: str | None, _public: str | None, declares: bool) -> None:
        if declares:
            raise PageUnreadable("doctype-in-feed")

    def skipped(self, entity: str, parameter: bool) -> None:
        self.characters("" if parameter else unescape(f"&{entity};"))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) >= _DEPTH_MAX:
            raise PageUnreadable("too-deep")
        if len(attributes) > _ATTRIBUTES_MAX:
            raise PageUnreadable("too-many-attributes")
        space, _, local = name.rpartition(" ")
        space = ATOM if space == ATOM_BEFORE_1 else space
        at = self.parser.CurrentByteIndex
        part = Part(local, space, attributes, at, _tag_end(self.feed, at))
        part.base = self.open[-1].base if self.open else ""
        part.base = part.link(attributes.get(_BASE, ""))
        self.open.append(part)
        self.texts.append([])

    def characters(self, text: str) -> None:
        if self.texts:
            self.texts[-1].append(text)

    def end(self, _name: str) -> None:
        part = self.open.pop()
        part.text = "".join(self.texts.pop())
        at = self.parser.CurrentByteIndex
        empty = self.feed[part.open_end - 2 : part.open_end] == b"/>"
        part.close_start = part.open_end if empty else at
        part.end = part.open_end if empty else _tag_end(self.feed, at)
        if self.texts:
            # A parent's text is everything inside it, words of different elements apart.
            self.texts[-1].append(f" {part.text} ")
        inside = any(is_item(above) for above in self.open)
        if is_item(part) and not inside:
            self.items.append(part)
            if len(self.items) > _ITEMS_MAX:
                raise PageUnreadable("too-many-items")
        elif self.open and is_item(self.open[-1]):
            self.open[-1].parts.append(part)
        elif not inside and not part.parts and part.name not in ("channel", "rss", "feed", "RDF"):
            self.others.append(part)


def is_item(part: Part) -> bool:
    # Some who read feeds don't mind case, though XML does.
    name = part.name.lower()
    return name == "item" or (name == "entry" and part.space in (ATOM, ""))


def _tag_end(feed: bytes, at: int) -> int:
    """Just past the ``>`` of the tag that begins at ``at``; quotes may hold one."""
    quote = 0
    for position in range(at, len(feed)):
        byte = feed[position]
        if quote:
            if byte == quote:
                quote = 0
        elif byte in (0x22, 0x27):
            quote = byte
        elif byte == 0x3E:
            return position + 1
    return len(feed)
