"""Where the wall stood: in the whole page, a mark that readers come back to after logging in.

The first withheld block bears our name as its ``id``, or, where it has one of its own, an empty
element at its beginning does: no text, and no style that a publisher's sheet would notice. A page
whose cut isn't certain gets none, and is read from the top.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.errors import PageUnreadable
from gateway.model.rule import TeaserSettings
from gateway.page import blocks, places, teaser
from gateway.page.document import Document

NAME = "lg-wall"


def place(tree: LexborHTMLParser, document: Document, settings: TeaserSettings) -> bool:
    """``tree`` is the page as it will be sent. The cut is tried on another, for cutting destroys.
    Whether there is a mark now that wasn't there."""
    if tree.css_first(f"#{NAME}") is not None:
        return False
    try:
        first = _first_withheld(tree, document, settings)
    except PageUnreadable:
        return False
    if first is None:
        return False
    tag = first.tag or ""
    if tag.startswith("-") or "id" in first.attributes:
        mark = tree.create_node("span")
        mark.attrs["id"] = NAME
        inside = None if tag.startswith("-") else first.first_child
        (inside or first).insert_before(mark)
    else:
        first.attrs["id"] = NAME
    return True


def _first_withheld(
    tree: LexborHTMLParser, document: Document, settings: TeaserSettings
) -> LexborNode | None:
    trial = document.tree()
    found = places.find(trial, settings, document.nesting)
    if found.body is None or found.root is None or found.broken:
        return None
    cut_at = teaser.build(trial, found, settings, wall=NAME).cut_at
    here = places.find(tree, settings, document.nesting)
    if here.body is None or here.root is None:
        return None
    chrome = teaser.chrome_of(here.root, here.body, settings.chrome)
    rows = blocks.rows(here.body, frozenset(node.mem_id for node in chrome), settings.keep.until)
    return rows[cut_at].nodes[0] if 0 < cut_at < len(rows) else None
