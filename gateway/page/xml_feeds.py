"""RSS and Atom: gated items built anew from the parts that may be shown, all else as it came."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from gateway.errors import PageUnreadable
from gateway.model.decision import Decision, Full, Refuse
from gateway.model.rule import Keep
from gateway.page import charsets, feed_outline, words
from gateway.page.feed_item import FeedItem, links_of
from gateway.page.feed_outline import ATOM, Part
from gateway.page.hidden_forms import without_tags
from gateway.page.teaser import Excerpt, excerpt
from gateway.page.withheld import Withheld

_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_RSS1 = "http://purl.org/rss/1.0/"
_SPACES = frozenset(("", ATOM, _DC, _RSS1))
# What a gated item keeps, in the namespaces above.
_HEAD = frozenset(
    "title link guid id pubDate published updated modified issued date category subject author"
    " creator contributor source comments rights language".split()
)
# What a gated feed keeps of what it says of itself, and how many words of any one.
_CHANNEL = frozenset(
    (
        "title link description subtitle tagline summary language copyright rights managingEditor"
        " webMaster pubDate lastBuildDate updated modified date category generator docs cloud ttl"
        " image url width height rating id icon logo author contributor creator name email uri owner"
        " publisher explicit updatePeriod updateFrequency updateBase items Seq li"
    ).split()
)
_CHANNEL_WORDS_MAX = 120
_BODIES = frozenset(
    ((_CONTENT, "encoded"), (ATOM, "content"), ("", "content"), ("", "encoded"), ("", "body"))
)
_SUMMARIES = frozenset(
    (("", "description"), (_RSS1, "description"), (ATOM, "summary"), ("", "summary"))
)
_DECLARATION = re.compile(r"^<\?xml[^>]*\?>")
_ENCODING = re.compile(r"""(encoding\s*=\s*)(["'])([^"']*)\2""")
_NAME = re.compile(r"<([^\s/>]+)")
_NAMESPACE = re.compile(r"""\sxmlns(?::[^\s=]+)?\s*=\s*(?:"[^"]*"|'[^']*')""")
_TAGS = re.compile(r"<\?xml\s[^>]*+>|<!DOCTYPE[^>]*+>|</?[^\s<>!?][^<>]*+>|\s++")
_ASIDE = re.compile(r"<!--.*?-->|<\?(?!xml\s).*?\?>", re.DOTALL)


@dataclass(slots=True)
class Changed:
    text: str = ""
    withheld: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def rewrite(
    body: bytes,
    content_type: bytes | None,
    *,
    judge_item: Callable[[FeedItem], Decision | None],
    opens: Callable[[str], bool],
    keep: Keep,
    gated: bool,
) -> Changed:
    """As ``feeds.rewrite_feed``."""
    feed = _as_utf_8(body, content_type)
    outline = feed_outline.read(feed)
    changed = Changed()
    pieces: list[tuple[int, int, str]] = []
    for item in outline.items:
        decision = judge_item(_read(item))
        if isinstance(decision, Full):
            continue
        if isinstance(decision, Refuse):
            changed.withheld.append(without_tags(item.text))
            pieces.append((item.start, item.end, ""))
        else:
            pieces.append((item.start, item.end, _gated(feed, item, keep, changed, opens)))
    if gated:
        pieces += [(part.start, part.end, _headed(feed, part)) for part in outline.others]
    elif not pieces:
        changed.text = feed.decode("utf-8")
        return changed
    search = Withheld(changed.withheld, changed.shown)
    for part in outline.others:
        if search.stands_in(feed[part.start : part.end].decode("utf-8")):
            pieces.append((part.start, part.end, ""))
            changed.removed.append(part.name)
    changed.text = _assembled(feed, sorted(pieces), search, changed, gated=gated)
    return changed


def _headed(feed: bytes, part: Part) -> str:
    """A part of a gated feed: as it came, where it says what any feed says and takes no more words."""
    if part.name in _CHANNEL and words.count(part.text) <= _CHANNEL_WORDS_MAX:
        return feed[part.start : part.end].decode("utf-8")
    return ""


def _as_utf_8(body: bytes, content_type: bytes | None) -> bytes:
    text = charsets.decode(body, content_type).lstrip(" \t\r\n\ufeff")
    declaration = _DECLARATION.match(text)
    if declaration is not None and (said := _ENCODING.search(declaration[0])):
        if charsets.known(said[3].encode("ascii", "replace")) is None:
            raise PageUnreadable("unknown-charset")
        if said[3].lower() != "utf-8":
            text = _ENCODING.sub(r"\1\2utf-8\2", declaration[0]) + text[declaration.end() :]
    return text.encode("utf-8", "replace")


def _assembled(
    feed: bytes,
    pieces: list[tuple[int, int, str]],
    search: Withheld,
    changed: Changed,
    *,
    gated: bool,
) -> str:
    """The feed with pieces of it replaced. Comments between them hide nothing, and between those of a
    gated one only tags stand."""
    made, at = [], 0
    for start, end, text in [*pieces, (len(feed), len(feed), "")]:
        if start < at:
            continue
        between = feed[at:start].decode("utf-8")
        if gated:
            between = "".join(_TAGS.findall(between))
        elif search.stands_in(between):
            without = _ASIDE.sub("", between)
            if without != between:
                changed.removed.append("comment")
            between = without
        made += [between, text]
        at = end
    return "".join(made)


def _read(item: Part) -> FeedItem:
    link, permanent, dates, categories = "", "", [], []
    for part in item.parts:
        if part.name == "link" and not link:
            link = part.link(part.text) if part.text.strip() else _page_link(part)
        elif part.name in ("category", "subject"):
            categories.append((part.attributes.get("term") or part.text).strip())
        elif part.name in ("pubDate", "published", "issued", "date"):
            dates.append(part.text.strip())
        elif part.name == "guid" and part.attributes.get("isPermaLink", "").lower() != "false":
            permanent = part.link(part.text)
    return FeedItem(links_of(link, permanent), tuple(filter(None, categories)), tuple(dates))


def _page_link(part: Part) -> str:
    """Where Atom's ``link`` leads, if to a page (RFC 4287 section 4.2.7.2)."""
    if part.attributes.get("rel", "alternate") != "alternate":
        return ""
    return part.link(part.attributes.get("href", ""))


def _file_link(part: Part) -> str | None:
    """The file that an item comes with; None for any other part."""
    if part.name == "enclosure" and part.space == "":
        return part.link(part.attributes.get("url", ""))
    if part.name == "link" and part.attributes.get("rel") == "enclosure":
        return part.link(part.attributes.get("href", ""))
    return None


def _gated(
    feed: bytes, item: Part, keep: Keep, changed: Changed, opens: Callable[[str], bool]
) -> str:
    """An item of its head's parts and a teaser, in the order they came."""
    bodies = [part for part in item.parts if (part.space, part.name) in _BODIES]
    summaries = [part for part in item.parts if (part.space, part.name) in _SUMMARIES]
    sources = [part for part in (*bodies, *summaries) if part.text.strip()]
    source = max(bodies, key=lambda part: len(part.text)) if bodies else None
    if source is None or not source.text.strip():
        source = max(summaries, key=lambda part: len(part.text), default=None)
    cut = excerpt(_html(feed, source), keep) if source is not None else _NOTHING
    search = Withheld(cut.withheld, [cut.shown])
    changed.withheld += cut.withheld
    changed.withheld += [without_tags(_html(feed, part)) for part in sources if part in bodies[1:]]
    changed.shown.append(cut.shown)
    start_tag = feed[item.start : item.open_end].decode("utf-8")
    made = [start_tag if not search.stands_in(start_tag) else f"<{_name(start_tag)}>"]
    written = False
    for part in item.parts:
        raw = feed[part.start : part.end].decode("utf-8")
        if part is source:
            made.append(_written(raw, part, cut.html))
            written = True
        elif part in summaries:
            made.append(_written(raw, part, cut.html) if search.stands_in(raw) else raw)
        elif (file := _file_link(part)) is not None:
            if opens(file) and not search.stands_in(raw):
                made.append(raw)
        elif part.name in _HEAD and part.space in _SPACES:
            other = part.attributes.get("rel", "alternate") not in (
                "alternate",
                "self",
                "canonical",
            )
            if not (part.name == "link" and other) and not search.stands_in(raw):
                made.append(raw)
    assert written or source is None
    made.append(feed[item.close_start : item.end].decode("utf-8"))
    return "".join(made)


_NOTHING = Excerpt("", "", ())


def _html(feed: bytes, part: Part) -> str:
    """A part's text as HTML, in whichever way it carries it (RFC 4287 section 4.1.3.3)."""
    kind = part.attributes.get("type", "html").lower()
    if part.attributes.get("mode", "").lower() == "base64":
        return ""  # as Atom 0.3 allowed: nobody could read a part of it
    if part.space == ATOM and "xhtml" in kind:
        return feed[part.open_end : part.close_start].decode("utf-8")
    return part.text if "html" in kind or part.space != ATOM else escape(part.text)


def _name(start_tag: str) -> str:
    match = _NAME.match(start_tag)
    return match[1] if match else "item"


def _written(raw: str, part: Part, html: str) -> str:
    """The same element with another text; of its attributes only namespaces stay."""
    name = _name(raw)
    start = raw[: part.open_end - part.start] if raw.isascii() else raw[: raw.find(">") + 1]
    spaces = "".join(_NAMESPACE.findall(start))
    kind = ' type="html"' if part.space == ATOM else ""
    if "mode" in part.attributes:
        kind = ' type="text/html" mode="escaped"'  # Atom 0.3
    return f"<{name}{spaces}{kind}>{escape(html, quote=False)}</{name}>"
