"""Feeds, item by item: an open item stays as it came, a gated one keeps its head and a teaser.

RSS and Atom are rewritten by ``xml_feeds``, JSON Feed here. A feed in which nothing is gated stays
byte for byte; any other answer is UTF-8. What can't be read raises PageUnreadable. Whose item may be
read is for the caller to judge; None, *I don't know*, is a teaser.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any

from gateway.errors import PageUnreadable
from gateway.model.decision import Decision, Full, Refuse
from gateway.model.rule import DEFAULT_KEEP, Keep
from gateway.page import leaks, xml_feeds
from gateway.page.document import BYTES_MAX
from gateway.page.feed_item import FeedItem, links_of
from gateway.page.hidden_forms import without_tags
from gateway.page.render import Rendered
from gateway.page.structured_data import parse, strings
from gateway.page.teaser import Excerpt, excerpt
from gateway.page.withheld import Withheld

__all__ = ["FeedItem", "rewrite_feed"]

# What a gated item of a JSON Feed keeps as it is (https://www.jsonfeed.org/version/1.1/).
_HEAD = frozenset(
    "id url external_url title image banner_image date_published date_modified author authors tags"
    " language".split()
)
_CHANNEL = frozenset(
    "version title home_page_url feed_url description next_url icon favicon author authors language"
    " expired hubs".split()
)
_FILE = ("url", "mime_type", "size_in_bytes", "duration_in_seconds")


def rewrite_feed(
    body: bytes,
    content_type: bytes | None,
    *,
    judge_item: Callable[[FeedItem], Decision | None],
    opens: Callable[[str], bool] = lambda _: False,
    keep: Keep = DEFAULT_KEEP,
    gated: bool = False,
) -> Rendered:
    """``gated``: this reader may not have the feed as such, so it keeps its items' teasers and what any feed
    says of itself. ``opens``: whether a gated item may keep a file that it comes with (a podcast's sound), by the
    file's own URL. Raises PageUnreadable."""
    if len(body) > BYTES_MAX:
        raise PageUnreadable("too-many-bytes")
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return _json_feed(body, judge_item, opens, keep, gated=gated)
    changed = xml_feeds.rewrite(
        body, content_type, judge_item=judge_item, opens=opens, keep=keep, gated=gated
    )
    return Rendered(
        changed.text.encode("utf-8", "replace"),
        body_found=True,
        removed=tuple(changed.removed),
    )


def _json_feed(
    body: bytes,
    judge_item: Callable[[FeedItem], Decision | None],
    opens: Callable[[str], bool],
    keep: Keep,
    *,
    gated: bool,
) -> Rendered:
    data = parse(body.decode("utf-8-sig", "replace"))
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise PageUnreadable("unreadable-feed")
    items: list[Any] = []
    withheld: list[str] = []
    shown: list[str] = []
    for item in data["items"]:
        if not isinstance(item, dict):
            continue
        decision = judge_item(_item(item))
        if isinstance(decision, Full):
            items.append(item)
        elif not isinstance(decision, Refuse):
            cut = _gated(item, keep, withheld, shown)
            items.append({**cut, **_files(item, opens)})
        else:
            withheld += [without_tags(source) for source in _bodies(item)]
    if items == data["items"] and not gated:
        return Rendered(body, body_found=True)
    rest = {key: value for key, value in data.items() if key != "items"}
    if gated:
        rest = {key: value for key, value in rest.items() if key in _CHANNEL}
    rest = leaks.blanked(rest, Withheld(withheld, shown))
    made = {**rest, "items": items}
    text = json.dumps(made, ensure_ascii=False)
    return Rendered(text.encode("utf-8", "replace"), body_found=True)


def _item(item: dict[str, Any]) -> FeedItem:
    said = item.get("url") or item.get("id")
    return FeedItem(
        links=links_of(said) if isinstance(said, str) else (),
        categories=tuple(strings(item.get("tags"))),
        dates=tuple(strings(item.get("date_published"))),
    )


def _files(item: dict[str, Any], opens: Callable[[str], bool]) -> dict[str, Any]:
    said = item.get("attachments")
    told = said if isinstance(said, list) else []
    files = [{key: each[key] for key in _FILE if key in each} for each in told if _named(each)]
    kept = [file for file in files if opens(file["url"])]
    return {"attachments": kept} if kept else {}


def _named(file: Any) -> bool:
    return isinstance(file, dict) and isinstance(file.get("url"), str)


def _bodies(item: dict[str, Any]) -> list[str]:
    """The item's texts as HTML, the best first."""
    html, text = item.get("content_html"), item.get("content_text")
    return [
        *([html] if isinstance(html, str) and html else []),
        *([_paragraphs(text)] if isinstance(text, str) and text else []),
    ]


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))


def _gated(
    item: dict[str, Any], keep: Keep, withheld: list[str], shown: list[str]
) -> dict[str, Any]:
    cuts: list[Excerpt] = [excerpt(source, keep) for source in _bodies(item)]
    gone = [text for cut in cuts for text in cut.withheld]
    seen = [cut.shown for cut in cuts]
    withheld += gone
    shown += seen
    search = Withheld(gone, seen)
    made = {key: leaks.blanked(value, search) for key, value in item.items() if key in _HEAD}
    summary = item.get("summary")
    if isinstance(summary, str) and cuts and not search.stands_in(summary):
        made["summary"] = summary
    if isinstance(item.get("content_html"), str) or not cuts:
        made["content_html"] = cuts[0].html if cuts else ""
    else:
        made["content_text"] = cuts[0].shown
    return made
