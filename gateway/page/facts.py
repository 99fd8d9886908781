"""What a page says of itself: read once, when its record is made, for the policy to judge.

A label is read from headers, the page's own meta, the JSON-LD node that is its main entity, and by
``css`` only inside the article's root and outside cards of other articles. A page with none of these
and no article is a listing: path rules alone decide it. Nothing here decides anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.errors import PageUnreadable
from gateway.model.page import LabelWord, PageFacts, PageKind
from gateway.model.rule import LabelKind, LabelSource, PageSettings
from gateway.page import json_words, places, structured_data
from gateway.page.document import Document, read
from gateway.page.words import tokens

Headers = Sequence[tuple[bytes, bytes]]
_LABEL_CHARACTERS_MAX = 200
_DATES_MAX = 100
_SPACE = re.compile(r"\s+")


def facts(document: Document, headers: Headers, settings: PageSettings) -> PageFacts:
    """Words of the ``GHOST`` and ``ORIGIN_GATE`` sources are added by the caller."""
    tree = document.tree()
    found = places.find(tree, settings.teaser, document.nesting)
    metas = list(_metas(tree))
    data = _structured(tree, found)
    entities = data.entities
    words = tuple(
        LabelWord(number, word)
        for number, source in enumerate(settings.labels)
        for word in _said(source, headers, metas, data, tree, found)
    )
    html = tree.css_first("html")
    attributes = html.attributes if html is not None else {}
    article = bool(words) or found.article
    return PageFacts(
        kind=PageKind.ARTICLE if article else PageKind.LISTING,
        words=words,
        language=attributes.get("lang") or attributes.get("xml:lang") or "",
        sections=_named(metas, entities, ("article:section",), ("articleSection",)),
        tags=_tags(metas, entities),
        authors=_named(metas, entities, ("author", "article:author"), ("author",)),
        published_at=instant(_dates(metas, entities, tree, found), settings.timezone),
        title=_title(tree),
        body_found=found.body is not None,
        reader_marks=tree.css_first("[data-lg-when]") is not None,
    )


def header_words(headers: Headers, settings: PageSettings) -> tuple[LabelWord, ...]:
    """What the head of an answer says, whatever its body is."""
    return tuple(
        LabelWord(number, word)
        for number, source in enumerate(settings.labels)
        if source.kind is LabelKind.HEADER
        for word in _header(headers, source.name)
    )


def body_words(page: bytes, settings: PageSettings) -> tuple[str, ...]:
    """The article's words, folded, so that two fetches of one page can be compared. Empty where no
    body is found or the page can't be read."""
    try:
        document = read(page, None)
    except PageUnreadable:
        return ()
    found = places.find(document.tree(), settings.teaser, document.nesting)
    if not found.bodies:
        return ()
    text = " ".join(body.text(separator=" ") for body in found.bodies)
    return tuple(word.decode("utf-8", "replace") for word in tokens(text))


@dataclass(frozen=True, slots=True)
class _Structured:
    """``entities`` are the page's own nodes, ``speakers`` those that may say whether it is free,
    ``broken`` the scripts of an article page that can't be read."""

    entities: list[dict[str, Any]]
    speakers: list[dict[str, Any]]
    broken: list[str]


def _structured(tree: LexborHTMLParser, found: places.Places) -> _Structured:
    scripts = list(structured_data.scripts(tree))
    read = [data for _, data in scripts]
    names = structured_data.titles(tree)
    return _Structured(
        structured_data.main_entities(read, names, has_body=found.article),
        structured_data.speakers(read, names, has_body=found.article),
        [node.text() for node, data in scripts if data is None and found.article],
    )


def _said(
    source: LabelSource,
    headers: Headers,
    metas: list[tuple[str, str]],
    data: _Structured,
    tree: LexborHTMLParser,
    found: places.Places,
) -> Iterator[str]:
    if source.kind is LabelKind.HEADER:
        yield from _header(headers, source.name)
    elif source.kind is LabelKind.META:
        name = source.name.lower()
        yield from (content for key, content in metas if key == name and content)
    elif source.kind is LabelKind.JSON_LD:
        yield from json_words.words(source.name, data.speakers, data.broken)
    elif source.kind is LabelKind.CSS and found.root is not None and found.article:
        for node in places.select(found.root, source.name):
            word = _clean(node.text(separator=" "))
            if word and not places.is_others(node, found.root):
                yield word[:_LABEL_CHARACTERS_MAX]


def _header(headers: Headers, name: str) -> Iterator[str]:
    wanted = name.lower().encode("latin-1", "replace")
    for key, value in headers:
        if key.lower() == wanted:
            for part in value.decode("utf-8", "replace").split(","):
                if word := _clean(part):
                    yield word[:_LABEL_CHARACTERS_MAX]


def _metas(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """The page's own: in its head, or thrown out of it by markup that ended the head early."""
    for node in tree.css("head meta, body > meta"):
        attributes = node.attributes
        content = _clean(attributes.get("content") or "")
        for key in {attributes.get("name"), attributes.get("property")}:
            if key:
                yield key.strip().lower(), content


def _title(tree: LexborHTMLParser) -> str:
    node = tree.css_first("head title") or tree.css_first("title")
    return _clean(node.text()) if node is not None else ""


def _named(
    metas: list[tuple[str, str]],
    entities: list[dict[str, Any]],
    keys: tuple[str, ...],
    properties: tuple[str, ...],
) -> frozenset[str]:
    values = [content for key, content in metas if key in keys]
    for entity in entities:
        for name in properties:
            values.extend(structured_data.strings(entity.get(name)))
    return frozenset(filter(None, map(_clean, values)))


def _tags(metas: list[tuple[str, str]], entities: list[dict[str, Any]]) -> frozenset[str]:
    """``keywords`` hold several in one string, parted by commas."""
    values = [content for key, content in metas if key == "article:tag"]
    joined = [content for key, content in metas if key in ("keywords", "news_keywords")]
    for entity in entities:
        joined.extend(structured_data.strings(entity.get("keywords")))
    values.extend(part for each in joined for part in each.split(","))
    return frozenset(filter(None, map(_clean, values)))


def _dates(
    metas: list[tuple[str, str]],
    entities: list[dict[str, Any]],
    tree: LexborHTMLParser,
    found: places.Places,
) -> Iterator[str]:
    yield from (content for key, content in metas if key == "article:published_time")
    for entity in entities:
        yield from structured_data.strings(entity.get("datePublished"))
    for node in tree.css('[itemprop~="datePublished"]')[:_DATES_MAX]:
        if _is_own(node, found):
            attributes = node.attributes
            yield attributes.get("datetime") or attributes.get("content") or ""


def _is_own(node: LexborNode, found: places.Places) -> bool:
    """Whether microdata speaks of this page's article, and not of one that it leads to: it stands in the
    head, or in the article's root or an item around it. The nearest item around it (HTML, section 5.2)
    holds the article's body."""
    root, above = found.root, list(places.ancestors(node))
    if any(each.tag == "head" for each in above):
        return True
    item = next((each for each in above if "itemscope" in each.attributes), None)
    if root is None or (item is not None and not places.within(found.body or root, item)):
        return False
    around = item is not None and item.tag not in ("html", "body")
    return (around or places.within(node, root)) and not places.is_others(node, root)


def instant(values: Iterable[str], timezone: tzinfo) -> float | None:
    """The first value that is a date, in seconds since the epoch; without a zone it is in the site's."""
    for value in values:
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            try:
                found = parsedate_to_datetime(value)
            except (ValueError, TypeError, IndexError, OverflowError):
                continue
        if found.tzinfo is None:
            # A time that says -0000 is in UTC, of which nobody says where (RFC 5322 section 3.3).
            in_utc = value.rstrip().endswith("-0000")
            found = found.replace(tzinfo=UTC if in_utc else timezone)
        try:
            seconds = found.timestamp()
        except (ValueError, OverflowError):
            continue
        if math.isfinite(seconds):
            return seconds
    return None


def _clean(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
