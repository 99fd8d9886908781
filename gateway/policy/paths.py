"""Path patterns: ``*`` is one segment or a part of one, ``**`` any number of whole segments.

Patterns and paths are compared by the same key: percent-decoded, NFKC, without regard to case
unless asked, without a trailing slash, a trailing dot or space, or a directory's index file, which
many origins serve as the same page. All patterns of a policy share one trie, so finding the rules
of a path costs its number of segments, not the number of rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

DEEP = "**"
_PAGES = (".html", ".htm")
_UNREACHED = re.compile(r"\\|%2f|%5c|[\x00-\x1f\x7f]", re.IGNORECASE)
_INDEXES = frozenset(("index.html", "index.htm", "index.php", "index.xhtml"))


class BadPattern(ValueError):
    """The message says how to mend it."""


def path_key(path: str, *, case_sensitive: bool) -> tuple[str, ...]:
    """The segments by which a canonical path is matched; the root is ``()``."""
    return _key(path.split("/")[1:], case_sensitive=case_sensitive)


def pattern_key(pattern: str, *, case_sensitive: bool) -> tuple[str, ...]:
    """The same for a pattern, whose wildcards stay. Raises BadPattern."""
    if not pattern.startswith("/"):
        raise BadPattern(f"a path pattern begins with a slash: /{pattern.lstrip('/')}")
    if any(character in pattern for character in "?#"):
        raise BadPattern("a path pattern holds no query: use the condition `query`")
    segments = pattern.split("/")[1:]
    if any(DEEP in segment and segment != DEEP for segment in segments):
        raise BadPattern("`**` stands alone between slashes; within a segment write `*`")
    if any(_UNREACHED.search(segment) or segment in (".", "..") for segment in segments):
        raise BadPattern(
            "no path holds `.`, `..`, a backslash or an encoded slash: none would match"
        )
    if "" in segments[:-1]:
        raise BadPattern("no path holds two slashes together: none would match")
    return _key(segments, case_sensitive=case_sensitive)


def twins(key: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The names under which many origins serve one page: ``/a``, ``/a.html`` and ``/a.htm``.

    Only for a key that ends in a name of its own; a wildcard says itself what it takes.
    """
    if not key or "*" in key[-1]:
        return ()
    bare = next((key[-1].removesuffix(e) for e in _PAGES if key[-1].endswith(e)), key[-1])
    return tuple(
        (*key[:-1], name) for name in (bare, *(bare + e for e in _PAGES)) if name != key[-1]
    )


def _key(segments: list[str], *, case_sensitive: bool) -> tuple[str, ...]:
    folded = [_fold(segment, case_sensitive) for segment in segments]
    while folded and not folded[-1]:
        folded.pop()
    if folded and folded[-1].lower() in _INDEXES:
        folded.pop()
    return tuple(folded)


def _fold(segment: str, case_sensitive: bool) -> str:
    if "%" in segment:
        segment = unquote_to_bytes(segment).decode("utf-8", "replace")
    if not segment.isascii():
        segment = normalize("NFKC", segment)
    # A path parameter (RFC 3986 section 3.3) names no other page, where a policy lets it in at all.
    segment = segment.partition(";")[0]
    stripped = segment.rstrip(". ") or segment
    return stripped if case_sensitive else stripped.casefold()


@dataclass(slots=True)
class Node:
    """``loop`` is a ``**``: it stays where it is for any segment."""

    loop: bool = False
    literal: dict[str, Node] = field(default_factory=dict)
    globs: dict[str, tuple[tuple[str, ...], Node]] = field(default_factory=dict)
    star: Node | None = None
    deep: Node | None = None
    rules: list[int] = field(default_factory=list)


class PathIndex:
    """Which rules' patterns match a path. Filled once, then only read."""

    def __init__(self) -> None:
        self._root = Node()

    def add(self, pattern: tuple[str, ...], rule: int) -> None:
        node = self._root
        for segment in pattern:
            node = _child(node, segment)
        node.rules.append(rule)

    def rules(self, path: tuple[str, ...]) -> list[int]:
        """The numbers of all rules that match, in their order, each once."""
        nodes = _closure([self._root])
        for segment in path:
            nodes = _closure(_advance(nodes, segment))
            if not nodes:
                return []
        found: set[int] = set()
        for node in nodes:
            found.update(node.rules)
        return sorted(found)

    def covering(self, pattern: tuple[str, ...], *, most: int) -> list[int]:
        """The first ``most`` rules that match whatever ``pattern`` matches, where one pattern alone
        does; in order."""
        nodes = _closure([self._root])
        for segment in pattern:
            nodes = _closure(_advance_symbol(nodes, segment))
        return sorted({rule for node in nodes for rule in node.rules[:most]})[:most]


def _child(node: Node, segment: str) -> Node:
    if segment == DEEP:
        node.deep = node.deep or Node(loop=True)
        return node.deep
    if segment == "*":
        node.star = node.star or Node()
        return node.star
    if "*" in segment:
        if segment not in node.globs:
            node.globs[segment] = (tuple(segment.split("*")), Node())
        return node.globs[segment][1]
    return node.literal.setdefault(segment, Node())


def _advance(nodes: list[Node], segment: str) -> list[Node]:
    after: list[Node] = []
    for node in nodes:
        if node.loop:
            after.append(node)
        if node.literal and (child := node.literal.get(segment)) is not None:
            after.append(child)
        if node.star is not None:
            after.append(node.star)
        for parts, child in node.globs.values():
            if _glob(parts, segment):
                after.append(child)
    return after


def _glob(parts: tuple[str, ...], segment: str) -> bool:
    """Whether the parts stand in the segment in their order, the first and last at its ends. Each is
    taken where it comes first, so that no pattern makes a path cost more than its length."""
    first, *middle, last = parts
    if len(segment) < len(first) + len(last):
        return False
    if not segment.startswith(first) or not segment.endswith(last):
        return False
    place, end = len(first), len(segment) - len(last)
    for part in middle:
        place = segment.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


def _advance_symbol(nodes: list[Node], segment: str) -> list[Node]:
    """As ``_advance``, for a pattern's segment that stands for many."""
    if segment == DEEP:
        return [node for node in nodes if node.loop]
    if "*" not in segment:
        return _advance(nodes, segment)
    after = [node for node in nodes if node.loop]
    for node in nodes:
        if node.star is not None:
            after.append(node.star)
        if segment in node.globs:
            after.append(node.globs[segment][1])
    return after


def _closure(nodes: list[Node]) -> list[Node]:
    """A ``**`` also matches nothing at all."""
    reached = list(nodes)
    for node in reached:
        if node.deep is not None and node.deep not in reached:
            reached.append(node.deep)
    return reached
