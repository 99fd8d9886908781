"""A teaser, built from what may be shown: what isn't known to be allowed inside the article goes.

Inside the root only the head, the kept blocks and declared chrome survive, and of those only plain
text and pictures; everything outside the root stays, for ``leaks`` to search. A page that has no
article root loses its whole main part, but for the headline. Where the markup around the article
is mis-nested, its text may have slipped out of the root: then what follows the root goes too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.errors import PageUnreadable
from gateway.model.rule import Keep, TeaserSettings
from gateway.page import blocks, bounds, choosing, escaped, heads, hidden_forms, pruning, words
from gateway.page.places import Places, ancestors, outermost, select, within

_FRAME = "header, nav, footer, script, style, link, meta"
_AFTERWORDS_MAX = 8
_CHROME_WORDS_MAX = 60


def build(
    tree: LexborHTMLParser, places: Places, settings: TeaserSettings, *, wall: str
) -> pruning.Built:
    """Cut the tree down. ``wall`` is the tag of the element to put where the wall will stand."""
    built = pruning.Built(body_found=places.body is not None)
    escaped.drop_comments_behind(tree)
    if places.root is None and not places.roots:
        _without_article(tree, built, wall)
        return built
    if places.broken:
        escaped.drop_following(tree, places.roots, built)
    for other in places.roots:
        if places.root is None or other.mem_id != places.root.mem_id:
            _empty(other, built)
    if places.root is None:
        pruning.place_wall(tree, places.roots[0], None, wall)
    elif places.body is None:
        _headline_alone(tree, places.root, built, wall)
    else:
        _article(tree, places, settings, built, wall)
    return built


def _article(
    tree: LexborHTMLParser,
    places: Places,
    settings: TeaserSettings,
    built: pruning.Built,
    wall: str,
) -> None:
    root, body = places.root, places.body
    assert root is not None
    assert body is not None
    # Where the nesting is broken, what seems to stand in chrome may be the article.
    chrome = [] if places.broken else chrome_of(root, body, settings.chrome)
    rows = blocks.rows(body, frozenset(node.mem_id for node in chrome), settings.keep.until)
    before = [(block, block.text) for block in rows]
    whole, shells = heads.before_body(root, body)
    head = frozenset(whole)
    headed = [blocks.text_of(node) for node in _all_before(root, body) if node.mem_id in head]
    outside = _words_around(root, body)
    kind = blocks.Kind.OTHER  # looked up once for all of them
    others = [block.nodes[0] for block in rows if block.kind is kind]
    more = (
        outside - sum(map(words.count, headed)) > _AFTERWORDS_MAX
        or any(map(str.strip, built.around))
        or any(pruning.all_text(node).strip() for node in others)
    )
    # Choosing may cut a block's end off, and chrome that stood in it is no node any more.
    chrome_ids = {node.mem_id for node in chrome}
    whole |= chrome_ids
    for node in (*chrome, body):
        shells.update(_ids_up_to(node, root))
    chrome_texts = [blocks.text_of(node) for node in chrome]
    chosen = choosing.choose(rows, settings.keep, more=more)
    kept = [node for block in chosen for node in block.nodes]
    whole.update(node.mem_id for node in kept)
    for node in kept:
        shells.update(_ids_up_to(node, root))
    last = kept[-1] if kept else None
    built.share_shown = _share([block.text for block in chosen], [text for _, text in before])
    if chosen:
        built.cut_at = next(n for n, block in enumerate(rows, 1) if block is chosen[-1])
    _tell_withheld(before, chosen, built)
    # Told from the choice, not from the tree that is left: the search must not trust the cutting.
    built.shown.append(" ".join([*headed, *map(_said, chosen)]))
    built.shown += chrome_texts
    built.media.update(pruning.media(body))
    pruning.prune(root, whole, shells, built, told=body.mem_id)
    pruning.clean(root, chrome_ids)
    pruning.place_wall(tree, body, last, wall)


def _tell_withheld(
    before: list[tuple[blocks.Block, str]], chosen: list[blocks.Block], built: pruning.Built
) -> None:
    """``before``: each block with its text before any was cut."""
    chosen_ids = set(map(id, chosen))
    for block, text in before[: built.cut_at]:
        if id(block) not in chosen_ids:
            built.withheld.append(text or _all_text(block))
            built.lines += block.lines
        elif len(block.text) < len(text):
            built.withheld.append(text[len(block.text) :])
            built.lines += block.lines
    behind = before[built.cut_at :]
    built.withheld += [text or _all_text(block) for block, text in behind]
    built.lines += [line for block, _ in behind for line in block.lines]


def _all_text(block: blocks.Block) -> str:
    return " ".join(map(pruning.all_text, block.nodes))


def _share(part: list[str], whole: list[str]) -> float:
    """By characters: to count the words of a long article takes as long as to parse it."""
    return sum(map(len, part)) / max(1, sum(map(len, whole)))


def _said(block: blocks.Block) -> str:
    """What is read of a block: of a picture its caption."""
    return block.text or blocks.text_of(block.nodes[0])


def _all_before(root: LexborNode, body: LexborNode) -> Iterator[LexborNode]:
    for node in root.traverse():
        if node.mem_id == body.mem_id:
            return
        yield node


def _headline_alone(
    tree: LexborHTMLParser, root: LexborNode, built: pruning.Built, wall: str
) -> None:
    whole, shells = heads.headline(root)
    built.shown += [blocks.text_of(node) for node in root.css("h1") if node.mem_id in whole]
    pruning.prune(root, whole, shells, built)
    pruning.clean(root, set())
    pruning.place_wall(tree, root, None, wall)


def _without_article(tree: LexborHTMLParser, built: pruning.Built, wall: str) -> None:
    """A gated page that isn't an article: its main part is withheld, its headline stays."""
    mains = outermost(tree.css("main, [role=main]"))
    if mains:
        for other in mains[1:]:
            _empty(other, built)
        _headline_alone(tree, mains[0], built, wall)
        return
    body = tree.css_first("body")
    if body is None:
        return
    framed = [
        node
        for node in outermost(body.css(_FRAME))
        if not any(above.tag in ("article", "section") for above in ancestors(node))
        and not (node.tag == "header" and _holds_text(node))
    ]
    headline = body.css_first("h1")
    allowed = [*framed, *([headline] if headline is not None else [])]
    whole = {node.mem_id for node in outermost(allowed)}
    shells: set[int] = set()
    for node in allowed:
        shells.update(_ids_up_to(node, body))
    pruning.prune(body, whole, shells, built)
    if headline is not None:
        pruning.clean(headline, set())
        built.shown.append(headline.text(separator=" "))
    footer = next((node for node in framed if node.tag == "footer"), None)
    made = tree.create_node(wall)
    if footer is not None:
        footer.insert_before(made)
    else:
        body.insert_child(made)


def _holds_text(header: LexborNode) -> bool:
    """Whether it is no frame but the article's own header, text and all."""
    paragraphs = outermost(header.css("p, blockquote, pre"))
    return sum(words.count(blocks.text_of(each)) for each in paragraphs) > _CHROME_WORDS_MAX


def chrome_of(root: LexborNode, body: LexborNode, selectors: Iterable[str]) -> list[LexborNode]:
    """Declared chrome, but for what holds the body, and in the body for what is too long for it."""
    found = [node for selector in selectors for node in select(root, selector)]
    return [
        node
        for node in outermost(node for node in found if not within(body, node))
        if not within(node, body) or words.count(blocks.text_of(node)) <= _CHROME_WORDS_MAX
    ]


def _ids_up_to(node: LexborNode, root: LexborNode) -> Iterator[int]:
    yield node.mem_id
    for above in ancestors(node):
        if above.mem_id == root.mem_id:
            return
        yield above.mem_id


def _words_around(root: LexborNode, body: LexborNode) -> int:
    """How many words of the root stand outside the body."""
    if root.mem_id == body.mem_id:
        return 0
    above = {each.mem_id for each in ancestors(body)}
    found, level = 0, [root]
    while level:
        for child in pruning.children(level.pop()):
            if child.mem_id in above:
                level.append(child)
            elif child.mem_id != body.mem_id:
                found += words.count(blocks.text_of(child))
    return found


def _empty(root: LexborNode, built: pruning.Built) -> None:
    for child in pruning.children(root):
        pruning.remove(child, built)
    pruning.clean_attributes(root)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of HTML cut down: what of it may be shown, as HTML and as text, and what not."""

    html: str
    shown: str
    withheld: tuple[str, ...]


def excerpt(fragment: str, keep: Keep) -> Excerpt:
    """The teaser of a body that comes without a page around it, such as a feed item's."""
    try:
        bounds.scan(fragment)
    except PageUnreadable:
        return Excerpt("", "", (hidden_forms.without_tags(fragment),))
    tree = LexborHTMLParser(f"<!doctype html><body>{fragment}</body>")
    body = tree.css_first("body")
    if body is None:
        return Excerpt("", "", (fragment,))
    rows = blocks.rows(body, frozenset(), keep.until)
    before = [(block, block.text) for block in rows]
    chosen = choosing.choose(rows, keep, more=False)
    chosen_ids = {id(block) for block in chosen}
    withheld = [
        text[len(block.text) :]
        if id(block) in chosen_ids
        else text or pruning.all_text(block.nodes[0])
        for block, text in before
    ]
    withheld += [line for block in rows for line in block.lines]
    shown = " ".join(map(_said, chosen))
    kept = [node for block in chosen for node in block.nodes]
    whole = {node.mem_id for node in kept}
    shells = {own for node in kept for own in _ids_up_to(node, body)}
    pruning.prune(body, whole, shells, None)
    pruning.clean(body, set())
    return Excerpt((body.inner_html or "").strip(), shown, tuple(withheld))
