"""Which blocks of a body a teaser keeps.

A heading or picture waits for a text to follow it. Choosing changes the tree in one way only: the
last block kept may lose its end. It never stands inside a quotation, unless nothing stands before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice

from selectolax.lexbor import LexborNode

from gateway.model.rule import DEFAULT_KEEP, Keep
from gateway.page import pruning, quotations, sentences
from gateway.page.blocks import Block, Kind, names_end, text_of, texts_of


def choose(blocks: list[Block], keep: Keep, *, more: bool) -> list[Block]:
    """What a teaser keeps. Never the whole article: with no ``more`` of it elsewhere, at most half
    of a body that would fit whole."""
    if keep.until is not None:
        marked = _until(blocks, keep.until)
        if marked is not None:
            kept = [block for block in marked if block.kind is not Kind.OTHER]
            while kept and kept[-1].kind in (Kind.HEADING, Kind.QUIET):
                kept.pop()
            return kept
        keep = DEFAULT_KEEP
    words_max = sys.maxsize if keep.words_max is None else keep.words_max
    if keep.percent is not None:
        words_max = min(words_max, _total(blocks) * keep.percent // 100)
    paragraphs = len(blocks) if keep.paragraphs is None else keep.paragraphs
    fits = next(islice(_texts(blocks), paragraphs, None), None) is None
    if fits and not more and words_max >= (total := _total(blocks)):
        words_max = total // 2
    return _within(blocks, paragraphs, words_max)


def _texts(blocks: list[Block]) -> Iterator[Block]:
    return (block for block in blocks if block.kind is Kind.TEXT and block.text.strip())


def _total(blocks: list[Block]) -> int:
    return sum(block.words for block in blocks)


def _within(blocks: list[Block], paragraphs: int, words_max: int) -> list[Block]:
    kept: list[Block] = []
    waiting: list[Block] = []
    used = counted = 0
    texts = [block.text for block in blocks]
    for number, block in enumerate(blocks):
        if block.kind is Kind.HEADING or (
            # A caption leaves half of the room to the text.
            block.kind is Kind.QUIET
            and block.words * 2 <= words_max - used - sum(each.words for each in waiting)
        ):
            waiting.append(block)
        if block.kind is not Kind.TEXT or not block.words:
            continue
        if counted >= paragraphs:
            break
        before = sum(each.words for each in waiting)
        left = words_max - used - before
        if block.words > left:
            apart = quotations.quoted(texts, number)
            if left > 0 and _shorten(block, left, force=not counted, apart=apart):
                return [*kept, *waiting, block]
            break
        kept += [*waiting, block]
        waiting = []
        used += before + block.words
        counted += 1
    return _outside_quotations(kept, blocks, texts)


def _outside_quotations(kept: list[Block], blocks: list[Block], texts: list[str]) -> list[Block]:
    """Without what stands in a quotation that goes on behind it; all of it, where nothing else is."""
    rest = list(kept)
    while rest:
        last = rest[-1]
        if last.kind is Kind.TEXT and last.words:
            apart = quotations.quoted(texts, _number(last, blocks))
            if not quotations.is_inside(len(last.text), apart):
                return rest
            if _shorten(last, last.words, force=False, apart=apart):
                return rest
        rest.pop()
    return kept


def _number(wanted: Block, blocks: list[Block]) -> int:
    return next(number for number, block in enumerate(blocks) if block is wanted)


def _until(blocks: list[Block], end: str) -> list[Block] | None:
    """The blocks before the mark, wherever in a block it stands; None where there is none."""
    for number, block in enumerate(blocks):
        if block.kind is Kind.END:
            return blocks[:number]
        for position, node in enumerate(block.nodes):
            if not node.is_element_node:
                continue
            for inner in node.traverse(include_text=True):
                if names_end(inner, end):
                    _drop_after(inner, node)
                    block.nodes = block.nodes[: position + 1]
                    block.text = "".join(text_of(each) for each in block.nodes)
                    return blocks[: number + 1]
    return None


def _shorten(
    block: Block, words_max: int, *, force: bool, apart: Sequence[tuple[int, int]]
) -> bool:
    """Cut a block's end off. False where not even a sentence fits outside the quotations ``apart``."""
    length, mark = sentences.cut(block.text, words_max, force=force, quotations=apart)
    if not length:
        return False
    at = 0
    for position, top in enumerate(block.nodes):
        if top.tag == "br":
            at += len(text_of(top))
            continue
        for node, gap in [(top, "")] if top.is_text_node else list(texts_of(top)):
            text = node.text_content or ""
            at += len(gap)
            if at + len(text) >= length:
                block.nodes = block.nodes[: position + 1]
                shown = text[: max(0, length - at)].rstrip() + mark
                _drop_after(node, top)
                if node.mem_id == top.mem_id:
                    block.nodes[-1] = _replaced(node, shown)
                else:
                    node.replace_with(shown)
                block.text = block.text[:length]
                return True
            at += len(text)
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
        for following in pruning.followers(here):
            following.decompose()
        parent = here.parent
        if parent is None:
            return
        here = parent
