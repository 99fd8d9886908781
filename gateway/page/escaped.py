"""What slipped out of an article whose markup is mis-nested, or out of the page's body.

Parts of ``teaser``: they change the tree, and know the article's roots and nothing of policies.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.page import pruning
from gateway.page.places import ancestors

_LANDMARKS = frozenset("footer nav script style link meta".split())
_RAW = frozenset(("script", "style"))
_END_TAG = re.compile("</[a-zA-Z]")


def drop_comments_behind(tree: LexborHTMLParser) -> None:
    """Remove comments behind the body. A stray ``</body>`` in the middle of an article sends those that
    follow it there, whatever they hold (WHATWG HTML, "the after body insertion mode")."""
    for here in (tree.root, tree.css_first("body")):
        for node in pruning.followers(here) if here is not None else ():
            if node.is_comment_node:
                node.decompose()


def drop_following(
    tree: LexborHTMLParser, roots: tuple[LexborNode, ...], built: pruning.Built
) -> None:
    """Remove what follows a mis-nested root, but for the page's landmarks and other roots."""
    own = {root.mem_id for root in roots}
    around = {above.mem_id for root in roots for above in ancestors(root)}
    for root in roots:
        for here in [root, *ancestors(root)]:
            if here.tag in ("body", "html", None) or not here.is_element_node:
                break
            for following in pruning.followers(here):
                _drop(following, own, around, built)
    # A comment that nobody closed holds the rest of the page, and may have slipped out of everything.
    for node in [each for each in pruning.nodes(tree) if each.is_comment_node]:
        if not any(above.mem_id in own for above in ancestors(node)):
            node.decompose()
    built.removed.append("what follows the article: its markup is mis-nested")


def _drop(node: LexborNode, own: set[int], around: set[int], built: pruning.Built) -> None:
    if node.mem_id in own or (node.tag in _LANDMARKS and not _swallowed(node)):
        return
    if node.mem_id in around:
        for child in pruning.children(node):
            _drop(child, own, around, built)
    else:
        pruning.remove(node, built)


def _swallowed(node: LexborNode) -> bool:
    """Whether a script or a style that nobody closed may have taken what follows for its own text."""
    return node.tag in _RAW and _END_TAG.search(node.text()) is not None
