"""A teaser, built from what may be shown: what isn't known to be allowed inside the article goes.

Inside the root only the head, the kept blocks and declared chrome survive, and of those only plain
text and pictures; everything outside the root stays, for ``leaks`` to search. A page that has no
article root loses its whole main part, but for the headline. Where the markup around the article
is mis-nested, its text may have slipped out of the root: then what follows the root goes too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.errors import PageUnreadable
from gateway.model.rule import Keep, TeaserSettings
from gateway.page import blocks, bounds, heads, hidden_forms, words
from gateway.page.places import Places, ancestors, outermost, select, within

_LANDMARKS = frozenset("footer nav script style link meta".split())
_FRAME = "header, nav, footer, script, style, link, meta"
_UNSHOWN = (
    "script,style,template,noscript,iframe,object,embed,audio,video,canvas,form,textarea,select,"
    "input,button,svg,math,[hidden],details,dialog,map,frameset,xmp,noembed,noframes,plaintext"
)
_ADDRESSES = frozenset(("src", "srcset", "sizes", "class", "style", "id", "alt", "datetime"))
_ATTRIBUTE_WORDS_MAX = 6
_ATTRIBUTE_CHARACTERS_MAX = 160
_MEDIA = ("src", "srcset", "poster", "data-src", "data-srcset", "data-original", "data-lazy-src")
_AFTERWORDS_MAX = 8
_HOLDS_NO_BLOCK = frozenset("p h1 h2 h3 h4 h5 h6 span ul ol dl table tbody tr pre a".split())


@dataclass(slots=True)
class Built:
    """``withheld`` is the text that is gone, in order; ``shown`` what is left of the article's;
    ``media`` the addresses of its pictures and sounds. ``wall`` names the element that stands where
    the wall will."""

    words_kept: int = 0
    words_total: int = 0
    body_found: bool = False
    withheld: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    media: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)


def build(tree: LexborHTMLParser, places: Places, settings: TeaserSettings, *, wall: str) -> Built:
    """Cut the tree down. ``wall`` is the tag of the element to put where the wall will stand."""
    built = Built(body_found=places.body is not None)
    if places.root is None and not places.roots:
        _without_article(tree, built, wall)
        return built
    if places.broken:
        for root in places.roots:
            _drop_escaped(root, built)
    for other in places.roots:
        if places.root is None or other.mem_id != places.root.mem_id:
            _empty(other, built)
    if places.root is None:
        _place_wall(tree, places.roots[0], None, wall)
    elif places.body is None:
        _headline_alone(tree, places.root, built, wall)
    else:
        _article(tree, places.root, places.body, settings, built, wall)
    return built


def _article(
    tree: LexborHTMLParser,
    root: LexborNode,
    body: LexborNode,
    settings: TeaserSettings,
    built: Built,
    wall: str,
) -> None:
    chrome = _chrome(root, body, settings.chrome)
    rows = blocks.rows(body, frozenset(node.mem_id for node in chrome), settings.keep.until)
    before = [(block, block.text) for block in rows]
    whole, shells = heads.before_body(root, body)
    head = frozenset(whole)
    headed = [blocks.text_of(node) for node in _all_before(root, body) if node.mem_id in head]
    outside = _words_around(root, body)
    more = (
        outside - sum(map(words.count, headed)) > _AFTERWORDS_MAX
        or any(map(str.strip, built.withheld))
        or any(
            block.kind is blocks.Kind.OTHER and _all_text(block.nodes[0]).strip() for block in rows
        )
    )
    chosen = blocks.choose(rows, settings.keep, more=more)
    built.words_kept, built.words_total = chosen.words_kept, chosen.words_total
    kept = [node for block in chosen.kept for node in block.nodes]
    whole.update(node.mem_id for node in (*kept, *chrome))
    for node in (*kept, *chrome, body):
        shells.update(_ids_up_to(node, root))
    last = kept[-1] if kept else None
    chosen_ids = {id(block) for block in chosen.kept}
    for block, text in before:
        if id(block) not in chosen_ids:
            built.withheld.append(text or " ".join(map(_all_text, block.nodes)))
        elif len(block.text) < len(text):
            built.withheld.append(text[len(block.text) :])
    # Told from the choice, not from the tree that is left: the search must not trust the cutting.
    built.shown.append(" ".join([*headed, *(block.text for block in chosen.kept)]))
    built.shown += [blocks.text_of(node) for node in chrome]
    built.media.update(media(body))
    _prune(root, whole, shells, built, told=body.mem_id)
    _clean(root, {node.mem_id for node in chrome})
    _place_wall(tree, body, last, wall)


def _all_before(root: LexborNode, body: LexborNode) -> Iterator[LexborNode]:
    for node in root.traverse():
        if node.mem_id == body.mem_id:
            return
        yield node


def _headline_alone(tree: LexborHTMLParser, root: LexborNode, built: Built, wall: str) -> None:
    whole, shells = heads.headline(root)
    built.words_total = words.count(blocks.text_of(root))
    built.shown += [blocks.text_of(node) for node in root.css("h1") if node.mem_id in whole]
    _prune(root, whole, shells, built)
    _clean(root, set())
    _place_wall(tree, root, None, wall)


def _without_article(tree: LexborHTMLParser, built: Built, wall: str) -> None:
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
    ]
    headline = body.css_first("h1")
    allowed = [*framed, *([headline] if headline is not None else [])]
    whole = {node.mem_id for node in outermost(allowed)}
    shells: set[int] = set()
    for node in allowed:
        shells.update(_ids_up_to(node, body))
    built.words_total = words.count(blocks.text_of(body))
    _prune(body, whole, shells, built)
    if headline is not None:
        _clean(headline, set())
        built.shown.append(headline.text(separator=" "))
    footer = next((node for node in framed if node.tag == "footer"), None)
    made = tree.create_node(wall)
    if footer is not None:
        footer.insert_before(made)
    else:
        body.insert_child(made)


def _chrome(root: LexborNode, body: LexborNode, selectors: Iterable[str]) -> list[LexborNode]:
    """Declared chrome, but for what holds the body or stands around it."""
    found = [node for selector in selectors for node in select(root, selector)]
    return outermost(node for node in found if not within(body, node))


def _ids_up_to(node: LexborNode, root: LexborNode) -> Iterator[int]:
    yield node.mem_id
    for above in ancestors(node):
        if above.mem_id == root.mem_id:
            return
        yield above.mem_id


def children(node: LexborNode) -> list[LexborNode]:
    found = []
    child = node.first_child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def _words_around(root: LexborNode, body: LexborNode) -> int:
    """How many words of the root stand outside the body."""
    if root.mem_id == body.mem_id:
        return 0
    above = {each.mem_id for each in ancestors(body)}
    found, level = 0, [root]
    while level:
        for child in children(level.pop()):
            if child.mem_id in above:
                level.append(child)
            elif child.mem_id != body.mem_id:
                found += words.count(blocks.text_of(child))
    return found


def _prune(
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
            _prune(child, whole, shells, built, told)
        elif not (child.is_text_node and not (child.text_content or "").strip()):
            if built is None:
                child.decompose()
            else:
                _remove(child, built)


def _remove(node: LexborNode, built: Built) -> None:
    built.withheld.append(_all_text(node))
    built.media.update(media(node))
    node.decompose()


def _empty(root: LexborNode, built: Built) -> None:
    for child in children(root):
        _remove(child, built)
    _clean_attributes(root)


def _drop_escaped(root: LexborNode, built: Built) -> None:
    """Remove what follows a mis-nested root, but for the page's landmarks."""
    for here in [root, *ancestors(root)]:
        if here.tag in ("body", "html", None) or not here.is_element_node:
            break
        following = here.next
        while following is not None:
            after = following.next
            if following.tag not in _LANDMARKS:
                _remove(following, built)
            following = after
    built.removed.append("what follows the article: its markup is mis-nested")


def _all_text(node: LexborNode) -> str:
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
            for part in (attributes.get(name) or "").split(","):
                if address := part.strip().split(" ", 1)[0]:
                    yield address
        address = attributes.get("href") or ""
        if element.tag == "a" and address.lower().endswith(_FILES):
            yield address


_FILES = tuple(
    ".jpg .jpeg .png .webp .avif .gif .mp3 .mp4 .m4a .ogg .webm .pdf .wav .m3u8 .mov".split()
)


def _clean(root: LexborNode, chrome: set[int]) -> None:
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
    for node in [each for each in root.traverse() if each.is_element_node]:
        if not _inside(node, chrome):
            _clean_attributes(node)


def _inside(node: LexborNode, ids: set[int]) -> bool:
    return bool(ids) and (
        node.mem_id in ids or any(above.mem_id in ids for above in ancestors(node))
    )


def _clean_attributes(node: LexborNode) -> None:
    for name, value in node.attributes.items():
        if not value or len(value) < 30 or name in _ADDRESSES:
            continue
        if (
            len(value) > _ATTRIBUTE_CHARACTERS_MAX
            or len(words.tokens(value)) > _ATTRIBUTE_WORDS_MAX
        ) and not (name == "href" and value.startswith(("http://", "https://", "/"))):
            del node.attrs[name]


def _place_wall(
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


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of HTML cut down: what of it may be shown, as HTML and as text, and what not."""

    html: str
    shown: str
    withheld: tuple[str, ...]
    words_kept: int
    words_total: int


def excerpt(fragment: str, keep: Keep) -> Excerpt:
    """The teaser of a body that comes without a page around it, such as a feed item's."""
    try:
        bounds.scan(fragment)
    except PageUnreadable:
        return Excerpt("", "", (hidden_forms.without_tags(fragment),), 0, 0)
    tree = LexborHTMLParser(f"<!doctype html><body>{fragment}</body>")
    body = tree.css_first("body")
    if body is None:
        return Excerpt("", "", (fragment,), 0, 0)
    rows = blocks.rows(body, frozenset(), keep.until)
    before = [(block, block.text) for block in rows]
    chosen = blocks.choose(rows, keep, more=False)
    chosen_ids = {id(block) for block in chosen.kept}
    withheld = [
        text[len(block.text) :] if id(block) in chosen_ids else text or _all_text(block.nodes[0])
        for block, text in before
    ]
    kept = [node for block in chosen.kept for node in block.nodes]
    whole = {node.mem_id for node in kept}
    shells = {own for node in kept for own in _ids_up_to(node, body)}
    _prune(body, whole, shells, None)
    _clean(body, set())
    return Excerpt(
        (body.inner_html or "").strip(),
        " ".join(block.text for block in chosen.kept),
        tuple(withheld),
        chosen.words_kept,
        chosen.words_total,
    )
