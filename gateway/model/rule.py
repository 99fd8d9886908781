"""What a publisher wrote in ``policies/*.yaml``, checked and frozen. ``policy.load`` makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum

from gateway.model.access import Access
from gateway.model.fault import Place
from gateway.model.request import Device


class LabelKind(StrEnum):
    """Where a page's own word on its access is read. ``GHOST`` is the Content API's `visibility`;
    ``ORIGIN_GATE`` compares the page with itself fetched without ``[origin].headers``."""

    HEADER = "header"
    META = "meta"
    JSON_LD = "json_ld"
    CSS = "css"
    GHOST = "ghost"
    ORIGIN_GATE = "origin_gate"


@dataclass(frozen=True, slots=True)
class LabelSource:
    """``name`` is the header, the meta name or property, the JSON-LD key or the CSS selector.

    ``map`` has its words folded (stripped, case-folded, NFKC); ``policy.labels.fold`` does it.
    """

    kind: LabelKind
    name: str
    map: tuple[tuple[str, Access], ...] = ()


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of a body a teaser shows: exactly one of the first three is set.

    ``words_max`` bounds ``paragraphs``. ``percent`` is of the body's words. ``until`` is the text
    of a comment in the body (``more`` for ``<!--more-->``); where the page has none, nothing is kept
    beyond ``paragraphs`` = 2, ``words_max`` = 120.
    """

    paragraphs: int | None = None
    percent: int | None = None
    until: str | None = None
    words_max: int | None = None


DEFAULT_KEEP = Keep(paragraphs=2, words_max=120)


@dataclass(frozen=True, slots=True)
class TeaserSettings:
    """CSS selectors, each list in order of preference."""

    body: tuple[str, ...] = ()
    root: tuple[str, ...] = ()
    chrome: tuple[str, ...] = ()
    keep: Keep = DEFAULT_KEEP


@dataclass(frozen=True, slots=True)
class Replacement:
    """Elements matching ``css`` lead to ``href`` on every page."""

    css: str
    href: str


class Badges(StrEnum):
    KEEP = "keep"
    CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What the page way needs of a policy, the same for all its rules. ``timezone``: that of the site,
    in which its pages and feeds mean dates that name none."""

    teaser: TeaserSettings = field(default_factory=TeaserSettings)
    labels: tuple[LabelSource, ...] = ()
    replace: tuple[Replacement, ...] = ()
    remove: tuple[str, ...] = ()
    badges: Badges = Badges.KEEP
    timezone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class PageConditions:
    """Settled once a page. Empty tuples and None ask nothing. ``labels`` may hold ``any``."""

    labels: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    younger_than_seconds: float | None = None
    older_than_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RequestConditions:
    """Settled at each request. ``query`` and ``headers`` are pairs that must all be there;
    ``query_any`` and ``headers_any`` are names of which one is enough."""

    methods: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    query_any: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    headers_any: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    referrers: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    when: str = ""


ASKS_NOTHING_OF_PAGE = PageConditions()
ASKS_NOTHING_OF_REQUEST = RequestConditions()


@dataclass(frozen=True, slots=True)
class Rule:
    """``access`` None means as labelled. Paths and hosts are patterns as written; empty is any.
    ``asks_page``: it has conditions that only the page can tell."""

    name: str
    place: Place
    access: Access | None
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    page: PageConditions = ASKS_NOTHING_OF_PAGE
    request: RequestConditions = ASKS_NOTHING_OF_REQUEST
    cache_seconds: float | None = None
    personal: bool = False
    teaser: TeaserSettings | None = None
    asks_page: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Said once, since it is asked at each decision and takes as long as all the rest of one.
        object.__setattr__(self, "asks_page", self.page != ASKS_NOTHING_OF_PAGE)
