"""The second line: whatever a teaser was built from, its result is searched for withheld text.

The serialised page is looked at once, in every form that ``hidden_forms`` undoes. Only where that
finds a copy, the tree is walked, and what carries the copy is removed: a text, an attribute, a
comment, a script, or what of its JSON belongs to the text. What is still found after that is for the
caller: no body at all. Messages name places, never words: they are logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.page import islands, structured_data
from gateway.page.addresses import Addresses
from gateway.page.places import outermost
from gateway.page.pruning import children, nodes
from gateway.page.withheld import RUN, Withheld
from gateway.page.words import tokens

_CARRIERS = "script,style,template,noscript,iframe,xmp,noembed,noframes,plaintext,textarea,title"
_RAW = frozenset(_CARRIERS.split(","))
_INLINE = frozenset(
    "a abbr b bdi bdo cite code em font i ins mark q s samp small span strong sub sup time u".split()
)
_LINES = frozenset("p li blockquote figcaption h2 h3 h4 h5 h6 q dd dt".split())
_DATA = 'script[type*="json" i]'
_STATE = f'{_DATA}:not([type*="ld+json" i])'
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
    named = Addresses(withheld.media).named_in(text) if withheld.media else []
    if named:
        removed += _clean_media(tree, Addresses(named))
        text = serialise()
    # Linked data is written by those who write of the text, not by what cuts it into pieces.
    apart = (islands.row_of(data) for _, data, _ in _islands(tree, _STATE))
    if not withheld.stands_in(text, apart):
        return text, removed
    removed += _clean_comments(tree, withheld)
    removed += _clean_islands(tree, withheld)
    removed += _clean_carriers(tree, withheld)
    removed += _clean_attributes(tree, withheld)
    removed += _clean_text(tree, withheld)
    text = serialise()
    return ("" if withheld.stands_in(text) else text), removed


def _clean_comments(tree: LexborHTMLParser, withheld: Withheld) -> list[str]:
    found = [
        node
        for node in nodes(tree)
        if node.is_comment_node and withheld.stands_in(node.comment_content or "")
    ]
    for node in found:
        node.decompose()
    return ["comment"] * len(found)


def _islands(
    tree: LexborHTMLParser, selector: str = _DATA
) -> Iterator[tuple[LexborNode, Any, bool]]:
    """Scripts that are data, with it, and whether it is linked data."""
    for node in tree.css(selector):
        data = structured_data.parse(node.text())
        if data is not None:
            yield node, data, "ld+json" in (node.attributes.get("type") or "").lower()


def _clean_islands(tree: LexborHTMLParser, withheld: Withheld) -> list[str]:
    removed = []
    for node, data, linked in _islands(tree):
        if withheld.stands_in(node.text()) or islands.carries(data, withheld):
            removed.append("script")
            islands.cut(data, withheld, linked=linked)
            said = structured_data.dump(data)
            if withheld.stands_in(said) or islands.carries(data, withheld):
                node.decompose()
            else:
                set_script(node, said)
    return removed


def _clean_carriers(tree: LexborHTMLParser, withheld: Withheld) -> list[str]:
    found = [node for node in outermost(tree.css(_CARRIERS)) if withheld.stands_in(node.html or "")]
    removed = [str(node.tag) for node in found]
    for node in found:
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
    for node in [each for each in nodes(tree) if each.is_element_node]:
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
    before, line = "", 0
    for node, here in _lines(tree):
        text = node.text_content or ""
        said = tokens(text)
        if said and row and here == line and before[-1:].isalnum() and text[:1].isalnum():
            row[-1] += said.pop(0)
        row += said
        owners += [len(texts)] * len(said)
        texts.append(node)
        before, line = text, here
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


def _lines(tree: LexborHTMLParser) -> Iterator[tuple[LexborNode, int]]:
    """The texts of the page, and in which line each stands, so that a word may go from one into the
    other: a line ends wherever an element begins or ends that isn't a part of one."""
    blocks: dict[int, int] = {}  # the nearest element around an inline one that isn't inline
    parts = 0
    for node in nodes(tree):
        parent = node.parent
        if node.is_element_node:
            if node.tag not in _INLINE:
                parts += 1
            elif parent is not None:
                blocks[node.mem_id] = blocks.get(parent.mem_id, parent.mem_id)
        elif node.is_text_node and not (parent is not None and parent.tag in _RAW):
            block = blocks.get(parent.mem_id, parent.mem_id) if parent is not None else 0
            yield node, hash((parts, block))


def _clean_media(tree: LexborHTMLParser, media: Addresses) -> list[str]:
    """Take the addresses of withheld pictures and sounds out of links, attributes and scripts."""
    removed = []
    for node in [each for each in nodes(tree) if each.is_element_node]:
        tag = node.tag
        if tag in ("script", "style"):
            text = node.text()
            if media.named_in(text):
                set_script(node, media.taken_out_of(text))
                removed.append(f"media in {tag}")
            continue
        attributes = node.attributes
        if tag == "meta" and (attributes.get("property") or attributes.get("name")) in _PICTURES:
            continue
        for name, value in attributes.items():
            if value and media.named_in(value):
                removed.append(f"media in {tag}[{name}]")
                if tag == "link":
                    node.decompose()
                    break
                del node.attrs[name]
    return removed
