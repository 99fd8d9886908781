"""A body as a row of blocks, and which of them a teaser keeps.

Containers are looked through; a paragraph, list or quotation is a block of text, a heading or
picture waits for a text to follow it, and anything else is never kept. Choosing changes the tree in
one way only: the last block kept may lose its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from selectolax.lexbor import LexborNode

from gateway.model.rule import DEFAULT_KEEP, Keep
from gateway.page import sentences, words

_CONTAINERS = frozenset("div section article main center header hgroup span td th tr tbody".split())
_TEXTS = frozenset("p blockquote ul ol dl pre address".split())
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_QUIET = frozenset("figure img picture hr".split())
_INLINE = frozenset(
    (
        "a abbr b bdi bdo br cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp"
        " small strong strike sub sup time tt u var wbr span"
    ).split()
)
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
    """One element, or a run of bare text and inline elements between two blocks."""

    kind: Kind
    nodes: list[LexborNode]
    text: str = ""
    words: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    kept: list[Block]
    words_kept: int
    words_total: int


def rows(body: LexborNode, chrome: frozenset[int], end: str | None) -> list[Block]:
    """The blocks of a body in order. Those in ``chrome`` (node ids) and hidden ones are no text."""
    apart = chrome | {node.mem_id for node in body.css(_MAY_HIDE) if is_hidden(node)}
    found: list[Block] = []
    _walk(body, apart, end, found)
    plain = body.css_first(_SILENT_INSIDE) is None
    for block in found:
        kind, nodes = block.kind, block.nodes
        if kind is _TEXT or kind is _HEADING:
            if len(nodes) == 1:
                block.text = text_of(nodes[0], plain=plain)
            else:
                block.text = "".join([text_of(node, plain=plain) for node in nodes])
            block.words = words.count(block.text)
    return found


def _walk(parent: LexborNode, apart: frozenset[int], end: str | None, found: list[Block]) -> None:
    run: list[LexborNode] = []

    def close_run() -> None:
        for node in run:
            if not _is_blank(node):
                found.append(Block(_TEXT, list(run)))
                break
        run.clear()

    child = parent.first_child
    while child is not None:
        tag = child.tag or ""
        if apart and child.mem_id in apart:
            found.append(Block(Kind.OTHER, [child]))
        elif tag in _TEXTS:
            if run:
                close_run()
            found.append(Block(_TEXT, [child]))
        elif tag == "-text" or (tag in _INLINE and child.css_first(_BLOCKS_INSIDE) is None):
            run.append(child)
            if tag == "br" and len(run) > 1 and _breaks_before(run):
                close_run()
        else:
            if run:
                close_run()
            if tag == "-comment":
                if end is not None and _names_end(child, end):
                    found.append(Block(Kind.END, [child]))
            elif tag in _CONTAINERS or tag in _INLINE:
                _walk(child, apart, end, found)
            else:
                found.append(Block(_kind(tag), [child]))
        child = child.next
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


def is_hidden(node: LexborNode) -> bool:
    if not node.is_element_node:
        return False
    attributes = node.attributes
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style or "visibility:hidden" in style


def _names_end(comment: LexborNode, end: str) -> bool:
    said = (comment.comment_content or "").strip().lower()
    wanted = end.strip().lower().removeprefix("<!--").removesuffix("-->").strip()
    return said == wanted or (wanted == "more" and said.startswith("more "))


_SILENT = frozenset("script style template noscript iframe object textarea".split())
_SILENT_INSIDE = ",".join(sorted(_SILENT))
_MAY_HIDE = "[hidden],[style]"
_PARTED = frozenset(("ul", "ol", "dl", "blockquote"))


def text_of(node: LexborNode, *, plain: bool = False) -> str:
    """The text that readers see of a block, without that of scripts inside it. ``plain``: the
    caller knows that there are none."""
    tag = node.tag
    if tag == "-text":
        return node.text_content or ""
    if tag in _SILENT or not node.is_element_node:
        return ""
    if plain or node.css_first(_SILENT_INSIDE) is None:
        return node.text(separator=" " if tag in _PARTED else "")
    return "".join(
        each.text_content or ""
        for each in node.traverse(include_text=True)
        if each.is_text_node and each.parent is not None and each.parent.tag not in _SILENT
    )


def choose(blocks: list[Block], keep: Keep, *, more: bool) -> Chosen:
    """What a teaser keeps. Never the whole article: with no ``more`` of it elsewhere, at most half
    of a body that would fit whole."""
    total = sum(block.words for block in blocks)
    if keep.until is not None:
        marked = _until(blocks, keep.until)
        if marked is not None:
            kept = [block for block in marked if block.kind is not Kind.OTHER]
            while kept and kept[-1].kind in (Kind.HEADING, Kind.QUIET):
                kept.pop()
            return Chosen(kept, sum(block.words for block in kept), total)
        keep = DEFAULT_KEEP
    words_max = keep.words_max
    if keep.percent is not None:
        share = total * keep.percent // 100
        words_max = share if words_max is None else min(share, words_max)
    texts = sum(1 for block in blocks if block.kind is Kind.TEXT and block.words)
    paragraphs = texts if keep.paragraphs is None else keep.paragraphs
    whole = total if words_max is None else words_max
    if paragraphs >= texts and whole >= total and not more:
        whole = total // 2
    kept = _within(blocks, paragraphs, whole)
    return Chosen(kept, sum(block.words for block in kept), total)


def _within(blocks: list[Block], paragraphs: int, words_max: int) -> list[Block]:
    kept: list[Block] = []
    waiting: list[Block] = []
    used = counted = 0
    for block in blocks:
        if block.kind in (Kind.HEADING, Kind.QUIET):
            waiting.append(block)
        if block.kind is not Kind.TEXT or not block.words:
            continue
        if counted >= paragraphs:
            break
        before = sum(each.words for each in waiting)
        left = words_max - used - before
        if block.words > left:
            if left > 0 and _shorten(block, left, force=not counted):
                kept += [*waiting, block]
            break
        kept += [*waiting, block]
        waiting = []
        used += before + block.words
        counted += 1
    return kept


def _until(blocks: list[Block], end: str) -> list[Block] | None:
    """The blocks before the comment, wherever in a block it stands; None where there is none."""
    for number, block in enumerate(blocks):
        if block.kind is Kind.END:
            return blocks[:number]
        for position, node in enumerate(block.nodes):
            if not node.is_element_node:
                continue
            for inner in node.traverse(include_text=True):
                if inner.is_comment_node and _names_end(inner, end):
                    _drop_after(inner, node)
                    block.nodes = block.nodes[: position + 1]
                    block.text = "".join(text_of(each) for each in block.nodes)
                    block.words = words.count(block.text)
                    return blocks[: number + 1]
    return None


def _shorten(block: Block, words_max: int, *, force: bool) -> bool:
    """Cut a block's end off. False where not even a sentence fits."""
    length, mark = sentences.cut(block.text, words_max, force=force)
    if not length:
        return False
    spaced = block.nodes[0].tag in _PARTED
    at = 0
    for position, top in enumerate(block.nodes):
        texts = (
            [top]
            if top.is_text_node
            else [
                node
                for node in top.traverse(include_text=True)
                if node.is_text_node and node.parent is not None and node.parent.tag not in _SILENT
            ]
        )
        for node in texts:
            text = node.text_content or ""
            if at + len(text) >= length:
                block.nodes = block.nodes[: position + 1]
                shown = text[: length - at].rstrip() + mark
                _drop_after(node, top)
                if node.mem_id == top.mem_id:
                    block.nodes[-1] = _replaced(node, shown)
                else:
                    node.replace_with(shown)
                block.text = block.text[:length]
                block.words = words.count(block.text)
                return True
            at += len(text) + (1 if spaced else 0)
    return True


def _replaced(node: LexborNode, text: str) -> LexborNode:
    """The text node that takes a node's place (lexbor makes a new one)."""
    before, parent = node.prev, node.parent
    node.replace_with(text)
    made = before.next if before is not None else (parent.first_child if parent else None)
    assert made is not None
    return made


def _drop_after(node: LexborNode, top: LexborNode) -> None:
    """Remove everything of ``top`` that follows ``node``."""
    here = node
    while here.mem_id != top.mem_id:
        following = here.next
        while following is not None:
            after = following.next
            following.decompose()
            following = after
        parent = here.parent
        if parent is None:
            return
        here = parent
