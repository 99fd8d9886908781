"""What a publisher marks in a page: ``data-lg-when``, ``replace`` and ``remove``; and our own marks.

``<html>`` says what is shown, so that a site's own style sheet can answer to it. What the origin
wrote under our names is no word of ours and goes.
"""

from __future__ import annotations

from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.model.access import Access
from gateway.model.decision import Wall
from gateway.model.reader import ReaderKind
from gateway.model.rule import PageSettings
from gateway.page.places import outermost, select

_OURS = ("data-lg-access", "data-lg-reader", "data-lg-wall")
# What would lead elsewhere than the new address.
_LEADING = ("onclick", "target", "data-portal", "data-href", "data-url", "formaction", "ping")


def settle(
    tree: LexborHTMLParser,
    reader: ReaderKind,
    told: Callable[[LexborNode], None] = lambda node: None,
) -> bool:
    """Keep of the marked elements those meant for this reader. False where none is marked.

    ``told`` sees each that goes and isn't for everybody: not what only says who isn't signed in."""
    marked = tree.css("[data-lg-when]")
    meant = {
        node.mem_id: (node.attributes.get("data-lg-when") or "").lower().split() for node in marked
    }
    for node in outermost(node for node in marked if str(reader) not in meant[node.mem_id]):
        if ReaderKind.ANONYMOUS not in meant[node.mem_id]:
            told(node)
        node.decompose()
    return bool(marked)


def sign(
    tree: LexborHTMLParser, access: Access, reader: ReaderKind | None, wall: Wall | None
) -> None:
    html = tree.css_first("html")
    if html is None:
        return
    attributes = html.attrs
    for name in _OURS:
        if name in attributes:
            del attributes[name]
    attributes["data-lg-access"] = str(access.level)
    if reader is not None:
        attributes["data-lg-reader"] = str(reader)
    if wall is not None:
        attributes["data-lg-wall"] = str(wall)


def apply(tree: LexborHTMLParser, settings: PageSettings) -> bool:
    """``remove`` and ``replace``, on every page. Whether any of them found something."""
    changed = False
    for selector in settings.remove:
        for node in outermost(select(tree, selector)):
            if node.tag not in ("html", "head", "body"):
                node.decompose()
                changed = True
    for replacement in settings.replace:
        for node in outermost(select(tree, replacement.css)):
            changed = True
            attributes = node.attrs
            for name in _LEADING:
                if name in attributes:
                    del attributes[name]
            if node.tag == "form":
                attributes["action"] = replacement.href
                attributes["method"] = "get"
            elif node.tag in ("a", "area"):
                attributes["href"] = replacement.href
                _unfollowed(node, replacement.href)
            else:
                _linked(tree, node, replacement.href)
    return changed


def _unfollowed(node: LexborNode, href: str) -> None:
    """Our own rooms are none of a search engine's business."""
    said = (node.attributes.get("rel") or "").split()
    if href.startswith("/-/") and "nofollow" not in said:
        node.attrs["rel"] = " ".join((*said, "nofollow"))


def _linked(tree: LexborHTMLParser, node: LexborNode, href: str) -> None:
    """A button or other element becomes a link that looks as it did."""
    link = tree.create_node("a")
    for name, value in node.attributes.items():
        if name not in ("type", "name", "value", "disabled"):
            link.attrs[name] = value or ""
    link.attrs["href"] = href
    link.insert_child(node.text())
    node.replace_with(link)
