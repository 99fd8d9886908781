"""JSON-LD: what it says of the page, and what the page may say through it.

A page's own node is its main entity: an article at the top, in ``@graph`` or as ``mainEntity``,
never one inside a list of other articles. Search engines are told ``isAccessibleForFree`` in that
very node, without ``hasPart``, since the withheld part isn't sent at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

_SELECTOR = 'script[type*="ld+json" i]'
_WRAPPED = re.compile(
    r"^\s*(?://\s*)?(?:<!\[CDATA\[|<!--)(.*?)(?://\s*)?(?:\]\]>|-->)\s*$", re.DOTALL
)
_ARTICLES = frozenset(
    "BlogPosting LiveBlogPosting DiscussionForumPosting SocialMediaPosting Report Review Recipe"
    " PodcastEpisode CriticReview ClaimReview".split()
)
_GATED_TEXT = (
    "articleBody",
    "text",
    "reviewBody",
    "transcript",
    "hasPart",
    "backstory",
    "speakable",
)
_SCHEMA = re.compile(r"^(?:https?://schema\.org/|schema:)", re.IGNORECASE)
_DEPTH_MAX = 100


def scripts(tree: LexborHTMLParser) -> Iterator[tuple[LexborNode, Any]]:
    """Each JSON-LD script and its data; those that can't be read are left out."""
    for node in tree.css(_SELECTOR):
        data = parse(node.text())
        if data is not None:
            yield node, data


def parse(text: str) -> Any:
    """None for what isn't JSON, or is nested beyond sense."""
    if match := _WRAPPED.match(text):
        text = match[1]
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return data if _shallow(data) else None


def _shallow(data: Any) -> bool:
    level = [data]
    for _ in range(_DEPTH_MAX):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return True
    return False


def dump(data: Any) -> str:
    """JSON that can't end its script (no ``<``, and no line separator of old JavaScript)."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def types(node: Any) -> frozenset[str]:
    said = node.get("@type") if isinstance(node, dict) else None
    listed = said if isinstance(said, list) else [said]
    return frozenset(_SCHEMA.sub("", each) for each in listed if isinstance(each, str))


def is_article(node: Any) -> bool:
    return any(name.endswith("Article") or name in _ARTICLES for name in types(node))


def top_nodes(data: Any) -> Iterator[dict[str, Any]]:
    """The nodes that speak of the page as a whole."""
    for node in data if isinstance(data, list) else [data]:
        if not isinstance(node, dict):
            continue
        yield node
        graph = node.get("@graph")
        for member in graph if isinstance(graph, list) else [graph]:
            if isinstance(member, dict):
                yield member
                yield from _main(member)
        yield from _main(node)


def _main(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    main = node.get("mainEntity")
    if isinstance(main, dict) and is_article(main):
        yield main


def main_entities(
    all_data: list[Any], titles: frozenset[str], *, has_body: bool
) -> list[dict[str, Any]]:
    """The article nodes that are the page's own; usually one.

    Of several, the one that names itself by ``mainEntityOfPage`` or by the page's headline; where
    none does, all of them on an article page and none on a listing.
    """
    tops = [node for data in all_data for node in top_nodes(data)]
    found = [node for node in tops if is_article(node)]
    if not found:
        return [node for node in tops if "WebPage" in types(node)]
    if len(found) == 1:
        return found
    naming = [node for node in found if node.get("mainEntityOfPage")]
    if len(naming) == 1:
        return naming
    titled = [node for node in found if str(node.get("headline")).strip() in titles]
    if titled:
        return titled
    return found if has_body else []


def strings(value: Any) -> Iterator[str]:
    """The words of a value that may be a text, a list, or named things."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict) and isinstance(each.get("name"), str):
            yield each["name"]


def say(node: dict[str, Any], *, free: bool) -> None:
    """Set what search engines are told. A page that is cut loses the fields that hold its text."""
    node["isAccessibleForFree"] = free
    node.pop("hasPart", None)
    if not free:
        for key in _GATED_TEXT:
            node.pop(key, None)
