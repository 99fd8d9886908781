"""What is known of one fetched page, and the bytes made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.access import Access


class PageKind(StrEnum):
    ARTICLE = "article"  # has an article root, or a label of its own
    LISTING = "listing"  # neither: a front page, a section; labels never cut it
    FEED = "feed"  # RSS, Atom, JSON Feed: rewritten item by item
    OTHER = "other"  # anything that can't be shown in part


@dataclass(frozen=True, slots=True)
class LabelWord:
    """One word that a page says of its own access. ``source`` counts the policy's ``labels`` from 0."""

    source: int
    word: str


@dataclass(frozen=True, slots=True)
class Label:
    """What the page's own words come to. ``word`` is as the page wrote it, for ``explain``."""

    access: Access
    word: str
    source: int
    readable: bool = True  # False: a word that nothing maps, taken as the strictest


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Read once, when the page record is made. ``published_at`` is None for a page with no date.

    ``words`` come in the order of the policy's ``labels``. ``body_found`` tells an article whose
    body selector matched exactly one place; without it no body is ever shown in part. ``readable``
    false: the page couldn't be parsed within its bounds, so that only its head said anything.
    """

    kind: PageKind
    words: tuple[LabelWord, ...] = ()
    language: str = ""
    sections: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    published_at: float | None = None
    title: str = ""
    body_found: bool = False
    reader_marks: bool = False  # the page holds data-lg-when elements
    readable: bool = True


class Outcome(StrEnum):
    FULL = "full"
    TEASER = "teaser"


class Sharing(StrEnum):
    """The three egress cases of a page (who else may be given these bytes)."""

    ANYONE = "anyone"  # (a) depends on no reader and no request condition
    ANONYMOUS = "anonymous"  # (b) a teaser for a request without a cookie of ours
    NOBODY = "nobody"  # (c) private, no-store


@dataclass(frozen=True, slots=True)
class Variant:
    """Bytes ready to send.

    ``head`` is the status line and every header but Age and Date, each with its CRLF and without
    the empty line that ends a head; ``headers`` are the same as pairs, for the full lane.
    ``not_modified`` is the same for the 304 that a matching ``etag`` gets. ``born_at`` is when the
    origin made the page (its Age counted), in seconds since the epoch; 0 sends no Age.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    head: bytes = field(repr=False)
    body: bytes = field(repr=False)
    etag: bytes = b""
    not_modified: bytes = field(repr=False, default=b"")
    born_at: float = 0.0


# (what is shown: "full" or the wall's name, reader kind or "", sharing, rule name or "", coding)
VariantKey = tuple[str, str, str, str, str]
