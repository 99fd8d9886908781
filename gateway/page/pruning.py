"""Taking out of a tree what isn't to be shown, and keeping account of it.

Nothing here decides what may be shown: ``teaser`` says it by node ids. An id is good for as long as
its node stands, so ids are gathered after the last node is made and before the first goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.page import addresses, blocks, words
from gateway.page.places import ancestors, outermost

_UNSHOWN = (
    "script,style,template,noscript,iframe,object,embed,audio,video,canvas,form,textarea,select,"
    "input,button,svg,math,[hidden],details,dialog,map,frameset,xmp,noembed,noframes,plaintext"
)
_ADDRESSES = frozenset(("src", "srcset", "sizes", "class", "style", "id", "alt", "datetime"))
_ATTRIBUTE_WORDS_MAX = 6
_ATTRIBUTE_CHARACTERS_MAX = 160
_MEDIA = ("src", "srcset", "poster", "data-src", "data-srcset", "data-original", "data-lazy-src")
_HOLDS_NO_BLOCK = frozenset("p h1 h2 h3 h4 h5 h6 span ul ol dl table tbody tr pre a".split())
_FILES = tuple(
    ".jpg .jpeg .png .webp .avif .gif .mp3 .mp4 .m4a .ogg .webm .pdf .wav .m3u8 .mov".split()
)


@dataclass(slots=True)
class Built:
    """``withheld`` is the text of the body that is gone, in order; ``around`` what went from elsewhere
    in the article; ``lines`` what of its lists and verses may be copied line by line; ``shown`` what is
    left of it; ``media`` the addresses of its pictures and sounds.
    ``share_shown`` is how much of the body's text is left, from 0 to 1.
    ``cut_at`` is the first withheld of the body's blocks; 0 where none is kept.
    """

    share_shown: float = 0.0
    body_found: bool = False
    cut_at: int = 0
    withheld: list[str] = field(default_factory=list)
    around: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    media: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)


def children(node: LexborNode) -> list[LexborNode]:
    return list(node.iter(include_text=True))


def followers(node: LexborNode) -> list[LexborNode]:
    """Its siblings behind it, so that they can be removed one by one."""
    found = []
    here = node.next
    while here is not None:
        found.append(here)
        here = here.next
    return found


def nodes(tree: LexborHTMLParser) -> Iterator[LexborNode]:
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


def prune(
    parent: LexborNode, whole: set[int], shells: set[int], built: Built | None, told: int = 0
) -> None:
    """Remove every child that is in neither set. ``told`` is an element whose text was told
    already, and so is everything's where ``built`` is None."""
    if parent.mem_id == told:
        built = None
    for child in children(parent):
        own = child.mem_id
        if own in whole:
            continue
        if own in shells:
            prune(child, whole, shells, built, told)
        elif not child.is_empty_text_node:
            if built is None:
                child.decompose()
            else:
                remove(child, built)


def remove(node: LexborNode, built: Built) -> None:
    tell(node, built)
    node.decompose()


def tell(node: LexborNode, built: Built) -> None:
    built.around.append(all_text(node))
    built.media.update(media(node))


def all_text(node: LexborNode) -> str:
    """Everything of a node that could be read somewhere else: its text and its pictures' words."""
    if node.is_text_node:
        return node.text_content or ""
    if not node.is_element_node:
        return ""
    said = [blocks.text_of(node) if node.tag in ("p", "h2", "h3") else node.text(separator=" ")]
    if node.tag == "template" or node.css_first("template") is not None:
        said += [each.text(separator=" ") for each in node.template_fragments()]
    for image in node.css("[alt],[title]"):
        attributes = image.attributes
        said += [attributes.get("alt") or "", attributes.get("title") or ""]
    return " ".join(said)


def media(node: LexborNode) -> Iterator[str]:
    """The addresses of what is shown or played inside a node."""
    if not node.is_element_node:
        return
    for element in node.css("img,source,video,audio,iframe,embed,track,a[href]"):
        attributes = element.attributes
        for name in _MEDIA:
            if value := attributes.get(name):
                yield from addresses.held(name, value)
        address = attributes.get("href") or ""
        if element.tag == "a" and address.lower().endswith(_FILES):
            yield address


def clean(root: LexborNode, chrome: set[int]) -> None:
    """Take out of what is kept whatever isn't text or a picture, and long attributes."""
    for node in [each for each in root.traverse(include_text=True) if each.is_comment_node]:
        if not _inside(node, chrome):
            node.decompose()
    for node in outermost(root.css(_UNSHOWN)):
        if node.mem_id != root.mem_id and not _inside(node, chrome):
            node.decompose()
    for node in outermost(root.css('sup:has(a[href^="#"]), a[href^="#"]')):
        if node.mem_id != root.mem_id and not _inside(node, chrome):
            node.decompose()
    # In chrome too: an unclosed quote makes an attribute of whatever follows it.
    for node in [each for each in root.traverse() if each.is_element_node]:
        clean_attributes(node)


def _inside(node: LexborNode, ids: set[int]) -> bool:
    return bool(ids) and (
        node.mem_id in ids or any(above.mem_id in ids for above in ancestors(node))
    )


def clean_attributes(node: LexborNode) -> None:
    for name, value in node.attributes.items():
        if not value or len(value) < 30 or name in _ADDRESSES:
            continue
        if (
            len(value) > _ATTRIBUTE_CHARACTERS_MAX
            or len(words.tokens(value)) > _ATTRIBUTE_WORDS_MAX
        ) and not (name == "href" and value.startswith(("http://", "https://", "/"))):
            del node.attrs[name]


def place_wall(
    tree: LexborHTMLParser, place: LexborNode, last: LexborNode | None, wall: str
) -> None:
    """After the block of ``place`` that holds the last kept one; where none is kept, at its end."""
    made = tree.create_node(wall)
    if place.tag in _HOLDS_NO_BLOCK:
        place.insert_after(made)
        return
    if last is None:
        place.insert_child(made)
        return
    at = last
    while at.parent is not None and at.parent.mem_id != place.mem_id:
        at = at.parent
    at.insert_after(made)
