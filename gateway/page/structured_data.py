"""JSON-LD: what it says of the page, and what the page may say through it.

A page's own node is its main entity: an article at the top, in ``@graph`` or as ``mainEntity``,
never one inside a list of other articles. Search engines are told ``isAccessibleForFree`` in that
very node, without ``hasPart``, since the withheld part isn't sent at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

_SELECTOR = 'script[type*="ld+json" i]'
_WRAPPED = re.compile(
    r"^\s*(?://\s*)?(?:<!\[CDATA\[|<!--)(.*?)(?://\s*)?(?:\]\]>|-->)\s*$", re.DOTALL
)
_ARTICLES = frozenset(
    "BlogPosting LiveBlogPosting DiscussionForumPosting SocialMediaPosting Report Review Recipe"
    " PodcastEpisode CriticReview ClaimReview Course HowTo CreativeWork".split()
)
_PAGES = frozenset("WebPage ItemPage MedicalWebPage FAQPage QAPage".split())
_GATED_TEXT = (
    "articleBody",
    "text",
    "reviewBody",
    "transcript",
    "hasPart",
    "backstory",
    "speakable",
    "liveBlogUpdate",
    "recipeIngredient",
    "recipeInstructions",
    "step",
    "supply",
)
_SCHEMA = re.compile(r"^(?:https?://schema\.org/|schema:)", re.IGNORECASE)
_DEPTH_MAX = 100


def scripts(tree: LexborHTMLParser) -> Iterator[tuple[LexborNode, Any]]:
    """Each JSON-LD script and its data; None for one that can't be read."""
    for node in tree.css(_SELECTOR):
        yield node, parse(node.text())


def parse(text: str) -> Any:
    """None for what isn't JSON, or is nested beyond sense."""
    text = text.strip("\ufeff \t\r\n")
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
    return frozenset(bare(each) for each in listed if isinstance(each, str))


def bare(name: str) -> str:
    """A word of schema.org without the vocabulary's own address."""
    return _SCHEMA.sub("", name)


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
    for each in main if isinstance(main, list) else [main]:
        if isinstance(each, dict) and is_article(each):
            yield each


def titles(tree: LexborHTMLParser) -> frozenset[str]:
    """What the page calls itself, folded."""
    nodes = (tree.css_first("h1"), tree.css_first("head title") or tree.css_first("title"))
    told = [node.text() for node in nodes if node is not None]
    told += [node.attributes.get("content") or "" for node in tree.css('meta[property="og:title"]')]
    return frozenset(map(_folded, told)) - {""}


def _folded(text: Any) -> str:
    return " ".join(unescape(text).casefold().split()) if isinstance(text, str) else ""


def main_entities(
    all_data: list[Any], names: frozenset[str], *, has_body: bool
) -> list[dict[str, Any]]:
    """The article nodes that are the page's own; usually one.

    Of several, those that bear one of the page's ``names``; else the one that says of what page it is
    the main entity, as another article's may too; where none does, all of them on an article page and
    none on a listing.
    """
    tops = [node for data in all_data for node in top_nodes(data)]
    found = [node for node in tops if is_article(node)]
    if not found:
        return [node for node in tops if types(node) & _PAGES]
    named = _named(found, names)
    if len(found) == 1 or named:
        return named or found
    naming = [node for node in found if node.get("mainEntityOfPage")]
    if len(naming) == 1:
        return naming
    return found if has_body else []


def speakers(all_data: list[Any], names: frozenset[str], *, has_body: bool) -> list[dict[str, Any]]:
    """The nodes that may say whether the page is free: its own and those of the page as such. Where it
    isn't sure which are an article page's own, all that may be are asked."""
    tops = [node for data in all_data for node in top_nodes(data)]
    found = [node for node in tops if is_article(node)]
    if has_body and not _named(found, names):
        own = found
    else:
        own = main_entities(all_data, names, has_body=has_body)
    kept = {id(node) for node in own}
    return [node for node in tops if id(node) in kept or types(node) & _PAGES]


def _named(nodes: list[dict[str, Any]], names: frozenset[str]) -> list[dict[str, Any]]:
    keys = ("headline", "name")
    return [node for node in nodes if any(_folded(node.get(key)) in names for key in keys)]


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
