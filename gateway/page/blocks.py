"""A body as a row of blocks.

Containers are looked through; a paragraph, list or quotation is a block of text, a heading or
picture stands apart, and so does anything else, which is never shown in part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from selectolax.lexbor import LexborNode

from gateway.page import words
from gateway.page.places import outermost

_CONTAINERS = frozenset("div section article main center header hgroup span td th tr tbody".split())
_TEXTS = frozenset("p blockquote ul ol dl pre address".split())
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_MORE = re.compile(r"more-\d+")
_QUIET = frozenset("figure img picture hr".split())
_INLINE = frozenset(
    (
        "a abbr b bdi bdo br cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp"
        " small strong strike sub sup time tt u var wbr span"
    ).split()
)
_TEXTS_INSIDE = "p,blockquote,ul,ol,dl,pre,table,h1,h2,h3,h4,h5,h6"
_CAPTION_WORDS_MAX = 60
_BLOCKS_INSIDE = "p,div,section,article,ul,ol,dl,blockquote,table,figure,pre,h1,h2,h3,h4,h5,h6,hr"


class Kind(Enum):
    TEXT = auto()
    HEADING = auto()
    QUIET = auto()
    OTHER = auto()
    END = auto()  # the comment that a publisher put where the open part ends


# An enum's members cost a look-up each time they are named.
_TEXT, _HEADING = Kind.TEXT, Kind.HEADING


@dataclass(slots=True)
class Block:
    """One element, or a run of bare text and inline elements between two blocks. ``lines`` are those
    of a list, a table or a verse, which may be copied one by one; ``caption_words`` those under a
    picture."""

    kind: Kind
    nodes: list[LexborNode]
    text: str = ""
    caption_words: int = 0
    lines: Sequence[str] = ()

    @property
    def words(self) -> int:
        """Counted when it is asked for: of a long article nobody asks for the words behind the cut."""
        return self.caption_words or words.count(self.text)


def rows(body: LexborNode, chrome: frozenset[int], end: str | None) -> list[Block]:
    """The blocks of a body in order. Those in ``chrome`` (node ids) and hidden ones are no text."""
    apart = chrome | {node.mem_id for node in body.css(_MAY_HIDE) if is_hidden(node)}
    found: list[Block] = []
    inside = body.css(_APART_INSIDE)
    broken = _around(node for node in inside if node.tag not in _LINED)
    lined = len(inside) > 0
    _walk(body, apart, end, found, told=not broken)
    for block in found:
        if not block.text and (block.kind is _TEXT or block.kind is _HEADING):
            block.text = "".join(
                [text_of(node, plain=node.mem_id not in broken) for node in block.nodes]
            )
    if lined:
        for block in found:
            nodes = block.nodes
            if nodes[0].tag in _LINED or any(node.mem_id in broken for node in nodes):
                block.lines = _lines(nodes)
    return found


def _around(inner: Iterable[LexborNode]) -> set[int]:
    """The ids of these and of all that stands around them."""
    found: set[int] = set()
    for node in inner:
        here: LexborNode | None = node
        while here is not None and here.mem_id not in found:
            found.add(here.mem_id)
            here = here.parent
    return found


def _lines(nodes: list[LexborNode]) -> list[str]:
    lines = [""]
    for node in nodes:
        for each in node.traverse(include_text=True) if node.is_element_node else (node,):
            if each.is_text_node:
                lines[-1] += each.text_content or ""
            elif each.tag not in _INLINE or each.tag == "br":
                lines.append("")
    return lines


def _walk(
    parent: LexborNode, apart: frozenset[int], end: str | None, found: list[Block], *, told: bool
) -> None:
    """``told``: a paragraph's text can be told at once."""
    run: list[LexborNode] = []

    def close_run() -> None:
        for node in run:
            if not _is_blank(node):
                found.append(Block(_TEXT, list(run)))
                break
        run.clear()

    for child in parent.iter(include_text=True):
        tag = child.tag or ""
        if apart and child.mem_id in apart:
            found.append(Block(Kind.OTHER, [child]))
        elif told and tag == "p":  # most blocks
            if run:
                close_run()
            found.append(Block(_TEXT, [child], child.text_lexbor()))  # half the time of ``text()``
        elif tag in _TEXTS:
            if run:
                close_run()
            found.append(Block(_TEXT, [child]))
        elif tag == "-text" and not run and child.is_empty_text_node:
            pass
        elif tag == "-text" or (tag in _INLINE and child.css_first(_BLOCKS_INSIDE) is None):
            run.append(child)
            if tag == "br" and len(run) > 1 and _breaks_before(run):
                close_run()
        else:
            if run:
                close_run()
            if tag == "-comment":
                if end is not None and names_end(child, end):
                    found.append(Block(Kind.END, [child]))
            elif tag in _CONTAINERS or tag in _INLINE:
                _walk(child, apart, end, found, told=told)
            else:
                found.append(_figure(child) if tag == "figure" else Block(_kind(tag), [child]))
    close_run()


def _is_blank(node: LexborNode) -> bool:
    return node.is_empty_text_node or node.tag == "br"


def _breaks_before(run: list[LexborNode]) -> bool:
    """Two line breaks in a row part paragraphs in bodies that have none."""
    for node in reversed(run[:-1]):
        if node.is_text_node and not (node.text_content or "").strip():
            continue
        return node.tag == "br"
    return False


def _kind(tag: str) -> Kind:
    if tag in _HEADINGS:
        return Kind.HEADING
    return Kind.QUIET if tag in _QUIET else Kind.OTHER


def _figure(node: LexborNode) -> Block:
    """A picture with its caption, whose words count; none where it holds a text of its own."""
    captions = sum(words.count(text_of(each)) for each in outermost(node.css("figcaption")))
    said = words.count(text_of(node))
    if said > _CAPTION_WORDS_MAX or (said > captions and node.css_first(_TEXTS_INSIDE) is not None):
        return Block(Kind.OTHER, [node])
    return Block(Kind.QUIET, [node], caption_words=said)


def is_hidden(node: LexborNode) -> bool:
    if not node.is_element_node:
        return False
    attributes = node.attributes
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style or "visibility:hidden" in style


def names_end(node: LexborNode, end: str) -> bool:
    """Whether a node is the comment named ``end``, or what WordPress leaves in the place of "more" where
    it shows a post alone: an empty ``<span id="more-12">``."""
    wanted = end.strip().lower().removeprefix("<!--").removesuffix("-->").strip()
    if node.is_comment_node:
        said = (node.comment_content or "").strip().lower()
        return said == wanted or (wanted == "more" and said.startswith("more "))
    if node.tag != "span" or wanted != "more":
        return False
    return _MORE.fullmatch(node.attributes.get("id") or "") is not None and not node.text().strip()


SILENT = frozenset("script style template noscript iframe object textarea".split())
_MAY_HIDE = "[hidden],[style]"
PARTED = frozenset(("ul", "ol", "dl", "blockquote"))
_LINED = PARTED | {"table", "figure"}
_SILENT_INSIDE = ",".join(("br", *sorted(SILENT)))
_APART_INSIDE = ",".join(("br", *sorted(SILENT | _LINED)))


def text_of(node: LexborNode, *, plain: bool = False) -> str:
    """The text that readers see of a block, without that of scripts inside it, and with a space for
    each ``<br>``. ``plain``: the caller knows that there are none."""
    tag = node.tag
    if tag == "-text":
        return node.text_content or ""
    if tag == "br":
        return " "
    if tag in SILENT or not node.is_element_node:
        return ""
    if plain or node.css_first(_SILENT_INSIDE) is None:
        return node.text(separator=" " if tag in PARTED else "")
    return "".join([gap + (each.text_content or "") for each, gap in texts_of(node)])


def texts_of(node: LexborNode) -> Iterator[tuple[LexborNode, str]]:
    """The text nodes of a block, each with what parts it from the one before."""
    usual = " " if node.tag in PARTED else ""
    gap = ""
    for each in node.traverse(include_text=True):
        if each.is_text_node:
            if each.parent is not None and each.parent.tag not in SILENT:
                yield each, gap
                gap = usual
        elif each.tag == "br":
            gap = " "
