"""The door of the room: a page's bytes in, the bytes of one reader's variant out.

Every rendering reads and parses anew and owns its tree. What was changed is UTF-8 and says so. A page that
can't be read within its bounds has no teaser but the wall alone; whole, it is sent as it came.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser

from gateway.errors import PageUnreadable
from gateway.model.access import Access
from gateway.model.decision import Wall
from gateway.model.reader import ReaderKind
from gateway.model.rule import Badges, PageSettings
from gateway.page import (
    anchor,
    badges,
    charsets,
    leaks,
    marks,
    places,
    pruning,
    structured_data,
    teaser,
    unsearched,
)
from gateway.page.document import Document, read
from gateway.page.wall import WallContext
from gateway.page.withheld import Withheld

__all__ = ["Rendered", "WallContext", "render_full", "render_teaser"]

_HEAD = re.compile(r"<head(?:\s[^>]*)?>")
# A longer title is no headline, and is searched like the rest.
_HEADLINE_CHARACTERS_MAX = 250
_CHARSET = '<meta charset="utf-8">'


@dataclass(frozen=True, slots=True)
class Rendered:
    """``body`` is UTF-8, or what came. ``removed`` names the places that carried withheld text, never its words."""

    body: bytes = field(repr=False)
    body_found: bool = False
    removed: tuple[str, ...] = ()


def render_full(
    body: bytes,
    content_type: bytes | None,
    *,
    access: Access,
    reader: ReaderKind | None,
    settings: PageSettings,
    rule_opens: bool,
    badge_of: badges.Lookup | None = None,
) -> Rendered:
    """The whole page; byte for byte where nothing in it is ours to change. ``rule_opens``: a rule or an
    operator, not the page's own word, opens it to everyone.

    ``badge_of`` tells the access of a page by its link, None where it isn't known (``badges``)."""
    try:
        document = read(body, content_type)
    except PageUnreadable:
        # Whoever gets here may read all of it: as it came, but in the charset that the answer says.
        return Rendered(charsets.decode(body, content_type).encode("utf-8", "replace"))
    tree = document.tree()
    changed = False
    if access.gated and not rule_opens and document.whole:
        changed = anchor.place(tree, document, settings.teaser)
    marked = reader is not None and marks.settle(tree, reader)
    changed |= marks.apply(tree, settings) or marked
    if badge_of is not None and settings.badges is Badges.CORRECT:
        changed |= badges.correct(tree, settings, badge_of) > 0
    if rule_opens:
        changed |= _say_free(tree, free=True, has_body=True)
    if document.whole and (document.html or changed):
        marks.sign(tree, access, reader if marked or access.gated else None, None)
    elif not changed:
        # A fragment or data for a script of the site's, or XML: it has no place for our word.
        return Rendered(body, body_found=True)
    text = _serialised(tree) if document.whole else _fragment(tree)
    return Rendered(text.encode("utf-8", "replace"), body_found=True)


def render_teaser(
    body: bytes,
    content_type: bytes | None,
    *,
    access: Access,
    reader: ReaderKind,
    wall: Wall,
    settings: PageSettings,
    draw_wall: Callable[[WallContext], str],
    return_to: str,
) -> Rendered:
    """The page cut down to what this reader may have, with the wall in its place."""

    def drawn(tree: LexborHTMLParser | None, remaining_percent: int) -> str:
        return draw_wall(
            WallContext(
                wall=wall,
                language=_language(tree),
                signed_in=reader is not ReaderKind.ANONYMOUS,
                remaining_percent=remaining_percent,
                return_to=return_to,
                tiers=tuple(sorted(access.tiers)),
            )
        )

    try:
        document = read(body, content_type)
    except PageUnreadable:
        return Rendered(_bare(drawn(None, 0), None).encode())
    return _teaser(document, access, reader, wall, settings, drawn)


def _teaser(
    document: Document,
    access: Access,
    reader: ReaderKind,
    wall: Wall,
    settings: PageSettings,
    drawn: Callable[[LexborHTMLParser | None, int], str],
) -> Rendered:
    tree = document.tree()
    # A tag that no page can know of, so that no script of the page can hold it.
    place = f"lg-{secrets.token_hex(12)}"
    unmet = pruning.Built()
    marks.settle(tree, reader, lambda node: pruning.tell(node, unmet))
    marks.apply(tree, settings)
    found = places.find(tree, settings.teaser, document.nesting)
    built = teaser.build(tree, found, settings.teaser, wall=place)
    if not built.body_found:
        built.removed += unsearched.drop(tree)
    built.around += unmet.around
    built.media |= unmet.media
    _say_free(tree, free=False, has_body=True)
    marks.sign(tree, access, reader, wall)
    headline = tree.css_first("head title")
    if headline is not None and len(headline.text()) <= _HEADLINE_CHARACTERS_MAX:
        built.shown.append(headline.text())
    root = tree.root
    shown_media = set(pruning.media(root)) if built.media and root is not None else set()
    withheld = Withheld(
        built.withheld, built.shown, built.media - shown_media, built.around, built.lines
    )
    text, carriers = leaks.clean(tree, withheld, lambda: _serialised(tree))
    removed = [*built.removed, *carriers]
    fragment = drawn(tree, _remaining_percent(built.share_shown))
    element = f"<{place}></{place}>"
    if element not in text:
        text = _bare(element, tree, withheld)
        removed.append("the whole page: what was withheld still stood in it")
    return Rendered(
        text.replace(element, fragment).encode("utf-8", "replace"),
        body_found=built.body_found,
        removed=tuple(removed),
    )


def _remaining_percent(shown: float) -> int:
    """In tens; 0 where nothing is shown, so that no wall says that all of it remains."""
    return min(90, max(10, round((1 - shown) * 10) * 10)) if 0 < shown < 1 else 0


def _language(tree: LexborHTMLParser | None) -> str:
    html = tree.css_first("html") if tree is not None else None
    if html is None:
        return ""
    attributes = html.attributes
    return attributes.get("lang") or attributes.get("xml:lang") or ""


def _say_free(tree: LexborHTMLParser, *, free: bool, has_body: bool) -> bool:
    """``isAccessibleForFree`` in the page's own node and nowhere else. Whether there is one."""
    scripts = list(structured_data.scripts(tree))
    if not scripts:
        return False
    entities = structured_data.main_entities(
        [data for _, data in scripts], structured_data.titles(tree), has_body=has_body
    )
    own = {id(entity) for entity in entities}
    for node, data in scripts:
        mine = [each for each in structured_data.top_nodes(data) if id(each) in own]
        for each in mine:
            structured_data.say(each, free=free)
        if mine:
            leaks.set_script(node, structured_data.dump(data))
    return bool(own)


def _serialised(tree: LexborHTMLParser) -> str:
    for node in tree.css('meta[charset], meta[http-equiv="content-type" i]'):
        node.decompose()
    text = tree.html or ""
    return _HEAD.sub(lambda match: match[0] + _CHARSET, text, count=1)


def _fragment(tree: LexborHTMLParser) -> str:
    """What the parser put into a document's head and body, without the document."""
    parts = (tree.head, tree.body)
    return "".join(part.inner_html or "" for part in parts if part is not None)


def _bare(wall: str, tree: LexborHTMLParser | None, withheld: Withheld | None = None) -> str:
    """A page of nothing but its title and the wall: nothing else of it could be trusted."""
    title = ""
    if tree is not None and withheld is not None:
        node = tree.css_first("title")
        if node is not None and not withheld.stands_in(node.text()):
            title = node.html or ""
    language = _language(tree)
    said = f' lang="{language}"' if re.fullmatch(r"[A-Za-z0-9-]{2,35}", language) else ""
    return (
        f"<!DOCTYPE html><html{said}><head>{_CHARSET}{title}"
        '<meta name="viewport" content="width=device-width"></head>'
        f"<body><main>{wall}</main></body></html>"
    )
