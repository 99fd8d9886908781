"""What a body is, told from its type and from how it begins: a page, a feed, or something else.

Types are read as browsers read them (WHATWG MIME Sniffing; Fetch, "extract a MIME type"), and where
one says little, the first element counts, past whatever may stand before it. Everything here is one
pass without a way back, for whoever may upload a file chooses the bytes.

XML of a root that isn't known (``Kind.XML``) may hold a whole article under any name, and nothing here
could find its label. So where a page could gate itself it counts as an article whose body isn't found:
closed to whom the strictest open rule doesn't admit, until a rule opens its path. Passed on are the
vocabularies of files that sites keep beside their articles (``_HARMLESS``: sitemaps, pictures,
captions, descriptions for machines), and types that name theirs themselves (``image/svg+xml``).
"""

from __future__ import annotations

import re
from enum import Enum, StrEnum, auto
from functools import lru_cache
from typing import NamedTuple

from gateway.page import charsets
from gateway.page.structured_data import parse


class Kind(StrEnum):
    HTML = "html"
    RSS = "rss"
    ATOM = "atom"
    JSON_FEED = "json-feed"
    XML = "xml"  # of a root that isn't known
    OTHER = "other"


FEEDS = frozenset((Kind.RSS, Kind.ATOM, Kind.JSON_FEED))


class Family(Enum):
    """What a type leaves to be found out."""

    PAGE = auto()  # HTML, unless it begins as a feed does
    FEED = auto()  # says which
    XML = auto()  # any vocabulary
    NAMED_XML = auto()  # of its own vocabulary, as +xml says
    JSON = auto()
    UNSAID = auto()  # browsers look into it
    ANYTHING = auto()  # text, pictures and bytes, which a browser or a crawler may look into
    ITSELF = auto()  # never a page


_NAMED = {
    b"text/html": Kind.HTML,
    b"application/xhtml+xml": Kind.HTML,
    b"application/rss+xml": Kind.RSS,
    b"application/atom+xml": Kind.ATOM,
    b"application/feed+json": Kind.JSON_FEED,
}
_UNSAID = frozenset((b"unknown/unknown", b"application/unknown", b"*/*"))
_XML = frozenset((b"text/xml", b"application/xml"))
# Texts that are streamed line by line, and those that no reader reads.
_OWN_TEXTS = frozenset((b"text/event-stream", b"text/css", b"text/javascript"))
_ESSENCE = re.compile(rb"[\s\"]*([\w!#$%&'*+.^`|~-]++/[\w!#$%&'*+.^`|~-]++)")

# Under a type of another kind, only these begin a page.
_PAGE_ROOTS = frozenset(("html", "head", "body", "article", "main"))
_HARMLESS = frozenset(
    (
        # sitemaps, and what search engines, browsers and other services are told
        "urlset sitemapindex opensearchdescription browserconfig plist manifest rsd service categories"
        " cross-domain-policy oembed xrd xrds entitydescriptor entitiesdescriptor yml_catalog ads"
        # pictures, maps, sound and film, and their captions and lists
        " svg math kml gpx trainingcenterdatabase score-partwise score-timewise tt mpd smil playlist"
        " smoothstreamingmedia vast vmap opml collada x3d"
        # stylesheets, schemas, descriptions of services and their answers
        " stylesheet transform schema grammar definitions description application envelope fault"
        " methodcall methodresponse wp_ajax multistatus error xliff tmx graphml gexf rdf ontology"
        # parts of books and packages
        " package container ncx"
    ).split()
)
_RSS_1 = ("purl.org/rss/", "purl.org/net/rss", "netscape.com/rdf/simple")
_ATOM = "http://www.w3.org/2005/Atom"
# One of these stands in every JSON Feed (https://www.jsonfeed.org/version/1.1/).
_JSON_WORDS = (b"jsonfeed.org", b'"content_html"', b'"content_text"')
# Nor does a feed say much before its first item. Whatever is waited for is held for each who asks.
_JSON_PATIENCE_BYTES = 64 << 10
_MARKS = b"\xef\xbb\xbf"

_VISIBLE = re.compile(r"[^\s\ufeff]|\Z")
_NAME = re.compile(r"<([A-Za-z_][^\s/>]*+)")
_COMMENT_END = re.compile(r"--!?>")
_DOCTYPE = re.compile(
    r"<!doctype\s*+([^\s>\[]*+)(?:[^\"'\[>]|\"[^\"]*+\"|'[^']*+')*+"
    r"(?:\[(?:<!--(?>.*?-->)|<\?(?>.*?\?>)|<(?!!--|\?)|[^\]\"'<]|\"[^\"]*+\"|'[^']*+')*+\]\s*+)?+>",
    re.IGNORECASE | re.DOTALL,
)


class _Root(NamedTuple):
    """The first element. ``name`` is empty where something else comes first; ``at`` is where."""

    doctype: str
    name: str
    at: int


@lru_cache(maxsize=1024)
def family(content_type: bytes | None) -> Family:
    """``content_type`` may be several, joined by commas."""
    found = [match[1].lower() for part in _parts(content_type) if (match := _ESSENCE.match(part))]
    kinds = [_NAMED[essence] for essence in found if essence in _NAMED]
    if kinds:
        return Family.PAGE if kinds[0] is Kind.HTML else Family.FEED
    said = [essence for essence in found if essence not in _UNSAID]
    if not said:
        return Family.UNSAID
    essence = said[-1]
    if essence in _XML:
        return Family.XML
    if essence.endswith(b"+xml"):
        # A picture may say so and be a page; its own root tells.
        return Family.NAMED_XML
    if essence.endswith((b"/json", b"+json")):
        return Family.JSON
    if essence.startswith((b"text/", b"image/")) or essence == b"application/octet-stream":
        return Family.ITSELF if essence in _OWN_TEXTS else Family.ANYTHING
    return Family.ITSELF


def named(content_type: bytes | None) -> Kind | None:
    """The page or feed that a type names, whatever the body says."""
    if family(content_type) not in (Family.PAGE, Family.FEED):
        return None
    matches = (_ESSENCE.match(part) for part in _parts(content_type))
    found = (match[1].lower() for match in matches if match)
    return next(_NAMED[essence] for essence in found if essence in _NAMED)


def sniff(
    content_type: bytes | None, opening: bytes, *, whole: bool, patient: bool = True
) -> Kind | None:
    """``opening`` without its content coding, ``whole`` if that is all of it. None: it takes more to
    tell. Not ``patient``: JSON that doesn't show yet that it is a feed is something else."""
    kind = family(content_type)
    if kind is Family.FEED:
        return named(content_type)
    if kind is Family.ITSELF:
        return Kind.OTHER
    if opening.removeprefix(_MARKS).lstrip()[:1] == b"{":
        found = _json(opening, whole=whole, patient=patient)
        return Kind.HTML if found is Kind.OTHER and kind is Family.PAGE else found
    text = charsets.decode(opening, content_type).replace("\x00", "")
    root = _root(text, whole=whole)
    if root is None:
        return None
    feed = _feed(text, root)
    if feed is not None:
        return feed
    return _no_feed(kind, root, text)


def _parts(content_type: bytes | None) -> list[bytes]:
    return (content_type or b"").split(b",")


def _json(opening: bytes, *, whole: bool, patient: bool) -> Kind | None:
    said = any(word in opening for word in _JSON_WORDS)
    if not whole:
        early = patient and len(opening) < _JSON_PATIENCE_BYTES
        return None if said or early else Kind.OTHER
    if not said:
        return Kind.OTHER
    data = parse(opening.decode("utf-8-sig", "replace"))
    # What can't be read here may be read by others.
    feed = data is None or (isinstance(data, dict) and isinstance(data.get("items"), list))
    return Kind.JSON_FEED if feed else Kind.OTHER


def _feed(text: str, root: _Root) -> Kind | None:
    name = root.name.rpartition(":")[2].lower()
    if name in ("rss", "channel"):
        return Kind.RSS
    if name == "feed":
        return Kind.ATOM
    tag = text[root.at : text.find(">", root.at)]
    if name == "entry" and _ATOM in tag:
        return Kind.ATOM
    if name == "rdf" and any(space in tag for space in _RSS_1):
        return Kind.RSS
    return None


def _no_feed(kind: Family, root: _Root, text: str) -> Kind:
    name = root.name.rpartition(":")[2].lower()
    if kind is Family.PAGE or name in _PAGE_ROOTS or root.doctype == "html":
        return Kind.HTML
    nothing = not name and root.at == len(text)
    if kind not in (Family.XML, Family.UNSAID) or name in _HARMLESS or nothing:
        return Kind.OTHER
    if kind is Family.XML or text.lstrip(" \t\r\n\ufeff").startswith("<?xml"):
        return Kind.XML
    # Any tag makes a page of a body that has no type (WHATWG MIME Sniffing section 7.1).
    return Kind.HTML if name else Kind.OTHER


def _root(text: str, *, whole: bool) -> _Root | None:
    """None where the text ends before its first element is named."""
    at, doctype = 0, ""
    while True:
        visible = _VISIBLE.search(text, at)
        at = visible.start() if visible else at
        if text.startswith("<!--", at):
            after = _comment(text, at)
        elif text.startswith("<?", at):
            after = text.find("?>", at) + 2
            if after == 1 and whole:
                after = text.find(">", at) + 1  # as HTML ends it ("bogus comment state")
        elif text[at : at + 9].lower() == "<!doctype":
            match = _DOCTYPE.match(text, at)
            after = match.end() if match else 0
            doctype = match[1].lower() if match else ""
        elif text.startswith("<!", at):
            after = text.find(">", at) + 1
        else:
            return _element(text, at, doctype, whole=whole)
        if after <= at:
            return _Root(doctype, "", at) if whole else None
        at = after


def _comment(text: str, at: int) -> int:
    """Where a comment ends, 0 where it doesn't (HTML, "comment start state", and XML section 2.5)."""
    for short in ("<!-->", "<!--->"):
        if text.startswith(short, at):
            return at + len(short)
    match = _COMMENT_END.search(text, at + 4)
    return match.end() if match else 0


def _element(text: str, at: int, doctype: str, *, whole: bool) -> _Root | None:
    match = _NAME.match(text, at)
    tag_ended = match is not None and (whole or text.find(">", at) >= 0)
    if not whole and (len(text) - at < 9 or (match is not None and not tag_ended)):
        # ``<!doctype`` or a name may go on, and a root's namespaces stand in its tag.
        return None
    return _Root(doctype, match[1] if match else "", at)
