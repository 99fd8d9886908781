"""The second line: whatever a teaser was built from, its result is searched for withheld text.

The serialised page is looked at once, in every form that ``hidden_forms`` undoes. Only where that
finds a copy, the tree is walked, and what carries the copy is removed: a text, an attribute, a
comment, a script or a string of its JSON. What is still found after that is for the caller: no body
at all. Messages name places, never words: they are logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.page import structured_data
from gateway.page.places import outermost
from gateway.page.pruning import children
from gateway.page.withheld import RUN, Withheld
from gateway.page.words import tokens

_CARRIERS = "script,style,template,noscript,iframe,xmp,noembed,noframes,plaintext,textarea,title"
_RAW = frozenset(_CARRIERS.split(","))
_INLINE = frozenset(
    "a abbr b bdi bdo cite code em font i ins mark q s samp small span strong sub sup time u".split()
)
_LINES = frozenset("p li blockquote figcaption h2 h3 h4 h5 h6 q dd dt".split())
_ATTRIBUTE_CHARACTERS_MIN = 20
# Addresses that a page shows to every reader: its picture in a list or a share.
_PICTURES = ("og:image", "twitter:image", "og:image:url", "og:image:secure_url", "thumbnail")
_OWN_PICTURES = frozenset(("image", "thumbnailUrl", "thumbnail", "logo", "primaryImageOfPage"))


def clean(
    tree: LexborHTMLParser, withheld: Withheld, serialise: Callable[[], str]
) -> tuple[str, list[str]]:
    """The page without any carrier of withheld text, and what was removed, by its place. An empty
    page says that it couldn't be cleaned."""
    removed: list[str] = []
    text = serialise()
    media = [address for address in withheld.media if mentions(text, address)]
    if media:
        removed += _clean_media(tree, media)
        text = serialise()
    if not withheld.stands_in(text):
        return text, removed
    removed += _clean_comments(tree, withheld)
    removed += _clean_carriers(tree, withheld)
    removed += _clean_attributes(tree, withheld)
    removed += _clean_text(tree, withheld)
    text = serialise()
    return ("" if withheld.stands_in(text) else text), removed


def mentions(text: str, address: str) -> bool:
    return address in text or address.replace("/", "\\/") in text


def _nodes(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    """Every node of the document, those before and after its root as well."""
    root = tree.root
    if root is None:
        return
    top = root.parent
    for each in children(top) if top is not None else [root]:
        if each.is_element_node:
            yield from each.traverse(include_text=True)
        else:
            yield each


def _clean_comments(tree: LexborHTMLParser, withheld: Withheld) -> list[str]:
    found = [
        node
        for node in _nodes(tree)
        if node.is_comment_node and withheld.stands_in(node.comment_content or "")
    ]
    for node in found:
        node.decompose()
    return ["comment"] * len(found)


def _clean_carriers(tree: LexborHTMLParser, withheld: Withheld) -> list[str]:
    removed = []
    for node in outermost(tree.css(_CARRIERS)):
        if not withheld.stands_in(node.html or ""):
            continue
        removed.append(str(node.tag))
        kind = (node.attributes.get("type") or "").lower()
        data = structured_data.parse(node.text()) if "json" in kind else None
        if data is not None:
            said = structured_data.dump(blanked(data, withheld))
            if not withheld.stands_in(said):
                set_script(node, said)
                continue
        node.decompose()
    return removed


def blanked(value: Any, withheld: Withheld) -> Any:
    """The same data, its strings that carry a copy empty, so that a site's script still runs."""
    if isinstance(value, str):
        return "" if withheld.stands_in(value) else value
    if isinstance(value, list):
        return [blanked(each, withheld) for each in value]
    if isinstance(value, dict):
        return {
            key: blanked(each, withheld)
            for key, each in value.items()
            if not withheld.stands_in(key)
        }
    return value


def set_script(node: LexborNode, text: str) -> None:
    """A script's text, which HTML doesn't escape: ``text`` holds no ``<``."""
    for child in children(node):
        child.decompose()
    node.insert_child(text)


def _clean_attributes(tree: LexborHTMLParser, withheld: Withheld) -> list[str]:
    removed = []
    for node in [each for each in _nodes(tree) if each.is_element_node]:
        for name, value in node.attributes.items():
            long = value is not None and len(value) >= _ATTRIBUTE_CHARACTERS_MIN
            if not (value and long and withheld.stands_in(value)):
                continue
            removed.append(f"{node.tag}[{name}]")
            if node.tag in ("meta", "link"):
                node.decompose()
                break
            del node.attrs[name]
    return removed


def _clean_text(tree: LexborHTMLParser, withheld: Withheld) -> list[str]:
    """Texts that together carry a copy, however many elements share it."""
    row: list[bytes] = []
    owners: list[int] = []
    texts: list[LexborNode] = []
    before = ""
    for node in _nodes(tree):
        if not node.is_text_node or (node.parent is not None and node.parent.tag in _RAW):
            continue
        text = node.text_content or ""
        said = tokens(text)
        goes_on = before[-1:].isalnum() and text[:1].isalnum()
        if said and row and goes_on and _one_line(texts[-1], node):
            row[-1] += said.pop(0)
        row += said
        owners += [len(texts)] * len(said)
        texts.append(node)
        before = text
    # A text goes when it is part of a copy, not when a copy's last word happens to begin it.
    copied = Counter(owners[at] for at in withheld.covered(row))
    lengths = Counter(owners)
    gone = [
        texts[owner]
        for owner, count in copied.items()
        if count >= RUN or count * 2 >= lengths[owner]
    ]
    for node in gone:
        parent = node.parent
        node.decompose()
        # A paragraph left empty would still take its line.
        if parent is not None and parent.tag in _LINES and parent.first_child is None:
            parent.decompose()
    return ["text"] * len(gone)


def _one_line(before: LexborNode, after: LexborNode) -> bool:
    """Whether two texts stand in one line, so that a word may go from one into the other."""
    first, second = before.parent, after.parent
    if first is None or second is None:
        return False
    return first.mem_id == second.mem_id or first.tag in _INLINE or second.tag in _INLINE


def _clean_media(tree: LexborHTMLParser, media: list[str]) -> list[str]:
    """Take the addresses of withheld pictures and sounds out of links, attributes and scripts."""
    removed = []
    for node in [each for each in _nodes(tree) if each.is_element_node]:
        tag = node.tag
        if tag in ("script", "style"):
            text = node.text()
            if any(mentions(text, address) for address in media):
                _blank_addresses(node, text, media)
                removed.append(f"media in {tag}")
            continue
        attributes = node.attributes
        if tag == "meta" and (attributes.get("property") or attributes.get("name")) in _PICTURES:
            continue
        for name, value in attributes.items():
            if value and any(address in value for address in media):
                removed.append(f"media in {tag}[{name}]")
                if tag == "link":
                    node.decompose()
                    break
                del node.attrs[name]
    return removed


def _blank_addresses(node: LexborNode, text: str, media: list[str]) -> None:
    for address in media:
        text = text.replace(address.replace("/", "\\/"), "").replace(address, "")
    for child in children(node):
        child.decompose()
    node.insert_child(text)
