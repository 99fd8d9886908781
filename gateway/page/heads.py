"""The part of an article that stands before its body: headline, standfirst, byline, lead picture.

Built from what is known to be a head. Where too many words stand there, the selector for the body
has missed some of it, and only the headline is left.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from gateway.page import words
from gateway.page.blocks import is_hidden, text_of

_HEADLINES = frozenset(("h1", "hgroup"))
_WHOLE = frozenset("h1 h2 h3 h4 h5 h6 hgroup p figure picture img time address".split())
_INLINE = frozenset("a abbr b br cite em i mark small span strong sub sup u hr q".split())
_CONTAINERS = frozenset("header div section".split())
_WORDS_MAX = 120
_INLINE_WORDS_MAX = 30


def before_body(root: LexborNode, body: LexborNode) -> tuple[set[int], set[int]]:
    """Ids of the elements before the body that may be shown whole, and of those that may be shown
    as far as what is in them may."""
    if root.mem_id == body.mem_id:
        return set(), set()
    chain: set[int] = set()
    above = body.parent
    while above is not None and above.mem_id != root.mem_id:
        chain.add(above.mem_id)
        above = above.parent
    whole: set[int] = set()
    shells: set[int] = set()
    shown = _walk(root, body.mem_id, chain, whole, shells)
    if shown > _WORDS_MAX:
        return headline(root)
    return whole, shells


def headline(root: LexborNode) -> tuple[set[int], set[int]]:
    """The headline alone."""
    found = root.css_first("h1")
    if found is None or found.mem_id == root.mem_id:
        return set(), set()
    shells: set[int] = set()
    above = found.parent
    while above is not None and above.mem_id != root.mem_id:
        shells.add(above.mem_id)
        above = above.parent
    return {found.mem_id}, shells


def _walk(parent: LexborNode, end: int, chain: set[int], whole: set[int], shells: set[int]) -> int:
    """The words that would be shown, the headline's apart. ``end`` is the body, where it stops."""
    shown = 0
    child = parent.first_child
    while child is not None:
        if child.mem_id == end:
            return shown
        if child.mem_id in chain:
            return shown + _walk(child, end, chain, whole, shells)
        tag = child.tag or ""
        if child.is_text_node:
            if not (child.text_content or "").strip():
                whole.add(child.mem_id)
        elif not child.is_element_node or is_hidden(child):
            pass
        elif tag in _WHOLE:
            whole.add(child.mem_id)
            if tag not in _HEADLINES:
                shown += words.count(text_of(child))
        elif tag in _CONTAINERS:
            shells.add(child.mem_id)
            shown += _walk_inside(child, whole, shells)
        elif tag in _INLINE and words.count(text_of(child)) <= _INLINE_WORDS_MAX:
            whole.add(child.mem_id)
            shown += words.count(text_of(child))
        child = child.next
    return shown


def _walk_inside(container: LexborNode, whole: set[int], shells: set[int]) -> int:
    """A container of the head. Bare text in it is a line of the head, such as a byline's."""
    shown = _walk(container, 0, set(), whole, shells)
    child = container.first_child
    while child is not None:
        text = (child.text_content or "") if child.is_text_node else ""
        if text.strip() and words.count(text) <= _INLINE_WORDS_MAX:
            whole.add(child.mem_id)
            shown += words.count(text)
        child = child.next
    return shown
