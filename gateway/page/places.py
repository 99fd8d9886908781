"""Where a page's article stands, where its body stands, and what there is neither of.

Found by the publisher's selectors, the first that matches anything. A body counts only when it
stands in exactly one place: two separate ones, or one outside every root, are all withheld. Nothing
here changes the tree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from gateway.model.rule import TeaserSettings
from gateway.page.bounds import Nesting

# Extents, not evidence: a front page has a <main> too.
_FRAMES = frozenset(("main", "body", "html"))
_OTHERS_TAGS = frozenset(("aside", "nav", "article"))
_CARD_WORDS_MAX = 120
_POSTS_MAX = 200  # in one list
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_LINKED_HEADING = "h2 a[href], h3 a[href], h4 a[href], a[href] h2, a[href] h3, a[href] h4"


@dataclass(frozen=True, slots=True)
class Places:
    """``roots`` and ``bodies`` are every element whose text isn't anybody's to read, outermost
    only. ``root`` and ``body`` are the article's own; ``body`` None: not in exactly one place.
    ``article`` tells that there is an article here, whether or not a label says so. ``broken``:
    the markup around the article is mis-nested, so its text may stand outside its root."""

    root: LexborNode | None
    body: LexborNode | None
    roots: tuple[LexborNode, ...]
    bodies: tuple[LexborNode, ...]
    article: bool
    broken: bool


def select(tree: LexborHTMLParser | LexborNode, selector: str) -> list[LexborNode]:
    """A selector that can't be read matches nothing; ``check`` tells its author."""
    try:
        return tree.css(selector)
    except SelectolaxError:
        return []


def readable(selector: str) -> bool:
    """Whether a selector can be read at all."""
    try:
        LexborHTMLParser("<p>x").css(selector)
    except SelectolaxError:
        return False
    return True


def first_matching(
    tree: LexborHTMLParser | LexborNode, selectors: Iterable[str]
) -> list[LexborNode]:
    for selector in selectors:
        found = select(tree, selector)
        if found:
            return found
    return []


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """From the parent up."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def outermost(nodes: Iterable[LexborNode]) -> list[LexborNode]:
    listed = list(nodes)
    if len(listed) < 2:
        return listed
    ids = {node.mem_id for node in listed}
    return [node for node in listed if not any(above.mem_id in ids for above in ancestors(node))]


def within(node: LexborNode, outer: LexborNode) -> bool:
    """Whether ``node`` is ``outer`` or stands inside it."""
    own = outer.mem_id
    return node.mem_id == own or any(above.mem_id == own for above in ancestors(node))


def find(tree: LexborHTMLParser, teaser: TeaserSettings, nesting: Nesting) -> Places:
    roots = outermost(first_matching(tree, teaser.root))
    bodies = outermost(first_matching(tree, teaser.body))
    if _are_excerpts(roots, bodies):
        return Places(None, None, (), (), False, False)
    if not bodies:
        root = _lone_root(tree, roots)
        broken = root is not None and _is_broken(tree, root, None, nesting)
        evidence = root is not None and root.tag not in _FRAMES
        return Places(root, None, (root,) if root else (), (), evidence, broken)
    if len(bodies) > 1:
        holding = [root for root in roots if any(within(body, root) for body in bodies)]
        broken = any(_is_broken(tree, place, None, nesting) for place in (*holding, *bodies))
        root = holding[0] if holding else None
        withheld = tuple(outermost([*holding, *bodies]))
        return Places(root, None, withheld, tuple(bodies), True, broken)
    body = bodies[0]
    root = next((each for each in roots if within(body, each)), None)
    if root is None:
        if roots and not any(within(each, body) for each in roots):
            lone = _lone_root(tree, roots)
            withheld = tuple(outermost([*([lone] if lone else []), body]))
            return Places(lone, None, withheld, (body,), True, _any_broken(nesting))
        root = body
    return Places(root, body, (root,), (body,), True, _is_broken(tree, root, body, nesting))


def _are_excerpts(roots: list[LexborNode], bodies: list[LexborNode]) -> bool:
    """Whether this is a list of posts, each with a few words of its own: no more than a teaser.

    Each stands in a root of its own, or, in themes that draw posts as items of a list, in whatever
    holds no other post's body.
    """
    if not bodies or max(len(roots), len(bodies)) < 2:
        return False
    if len(roots) > 1 and any(root.css_first("h1") is not None for root in roots):
        return False
    if any(len(body.text(separator=" ").split()) > _CARD_WORDS_MAX for body in bodies):
        return False
    if len(roots) < 2:
        few = len(bodies) <= _POSTS_MAX
        return few and all(map(_holds_a_post, _holders(bodies), bodies))
    return all(any(within(body, root) for root in roots if is_card(root)) for body in bodies)


def _holders(bodies: list[LexborNode]) -> list[LexborNode]:
    """The outermost element around each body that holds none of the others."""
    chains = [[body, *ancestors(body)] for body in bodies]
    held = Counter(node.mem_id for chain in chains for node in chain)
    return [[node for node in chain if held[node.mem_id] == 1][-1] for chain in chains]


def _holds_a_post(holder: LexborNode, body: LexborNode) -> bool:
    """A card whose heading stands beside the body: one inside it may be a link of the article's."""
    beside = (node for node in holder.css(_LINKED_HEADING) if not within(node, body))
    return is_card(holder) and next(beside, None) is not None


def _lone_root(tree: LexborHTMLParser, roots: list[LexborNode]) -> LexborNode | None:
    """The article among roots without a body: the only one, or the one with the page's headline.

    Themes draw the cards of a listing as ``<article>`` too, so a card is no root.
    """
    own = [root for root in roots if not is_card(root)]
    if len(own) <= 1:
        return own[0] if own else None
    headlined = [root for root in own if root.css_first("h1") is not None]
    return headlined[0] if len(headlined) == 1 else None


def is_card(root: LexborNode) -> bool:
    """A short element without a headline of the page, which leads elsewhere by its heading."""
    if root.tag in _FRAMES or root.css_first("h1") is not None:
        return False
    leads = root.css_first(_LINKED_HEADING) is not None or any(
        above.tag == "a" for above in ancestors(root)
    )
    return leads and len(root.text(separator=" ").split()) <= _CARD_WORDS_MAX


def is_others(node: LexborNode, root: LexborNode) -> bool:
    """Whether an element inside the article's root belongs to a card of another article.

    The page's own badge may stand in a link of its own, beside links to tags and sections; a card
    wraps a heading or title in its link, or stands in an aside, a list of links or a nested article.
    """
    words = len(node.text(separator=" ").split())
    for above in ancestors(node):
        if above.mem_id == root.mem_id:
            return False
        if above.css_first("h1") is not None:
            continue
        if above.tag in _OTHERS_TAGS:
            return True
        if above.tag == "a" and len(above.text(separator=" ").split()) > words + 1:
            return True
        if above.tag in ("li", "div", "section", "figure", "ul", "td") and (
            above.css_first(_LINKED_HEADING) is not None
        ):
            return True
    return False


def _is_broken(
    tree: LexborHTMLParser, root: LexborNode, body: LexborNode | None, nesting: Nesting
) -> bool:
    """Whether the body or anything around it was closed by another element's end tag, or never, so
    that text of the article may stand outside its root."""
    if nesting.stray:
        return True
    if not nesting.broken:
        return False
    inner = body if body is not None else root
    chain = [inner, *ancestors(inner)]
    tags = {tag for tag, _ in nesting.broken}
    for node in chain:
        tag = node.tag or ""
        if tag not in tags:
            continue
        alike = tree.css(tag)
        if len(alike) != nesting.starts.get(tag, 0):
            return True
        number = next((n for n, each in enumerate(alike) if each.mem_id == node.mem_id), None)
        if number is None or (tag, number) in nesting.broken:
            return True
    return False


def _any_broken(nesting: Nesting) -> bool:
    return nesting.stray or bool(nesting.broken)
