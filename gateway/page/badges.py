"""``badges: correct``: what a listing says of other pages, set right from what is known of them.

A badge is an element that a ``css`` label source names, in a card that leads to a page. Its word is
exchanged for another of the source's own words; a page of which nothing is known keeps its badge,
and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from unicodedata import normalize

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.model.access import Access
from gateway.model.rule import LabelKind, LabelSource, PageSettings
from gateway.page.places import ancestors, select

_CARD_STEPS_MAX = 6

Lookup = Callable[[str], Access | None]


def correct(tree: LexborHTMLParser, settings: PageSettings, lookup: Lookup) -> int:
    """How many badges were changed. ``lookup`` gets a link as the page has it."""
    changed = 0
    for source in settings.labels:
        if source.kind is LabelKind.CSS:
            changed += _of_source(tree, source, lookup)
    return changed


def _of_source(tree: LexborHTMLParser, source: LabelSource, lookup: Lookup) -> int:
    nodes = select(tree, source.name)
    words = _spoken(nodes, source)
    changed = 0
    for node in nodes:
        said = dict(source.map).get(_fold(node.text()))
        link = _link_of(node)
        if said is None or not link:
            continue
        known = lookup(link)
        word = words.get(known) if known is not None and known != said else None
        if word is not None:
            node.inner_html = ""
            node.insert_child(word)
            changed += 1
    return changed


def _spoken(nodes: list[LexborNode], source: LabelSource) -> dict[Access, str]:
    """The word of each access: as this page spells it, so in its language; else the first mapped."""
    words: dict[Access, str] = {}
    for node in nodes:
        text = " ".join(node.text().split())
        access = dict(source.map).get(_fold(text))
        if access is not None:
            words.setdefault(access, text)
    for word, access in source.map:
        words.setdefault(access, word[:1].upper() + word[1:])
    return words


def _link_of(badge: LexborNode) -> str:
    """Where the badge's card leads: the link around it, or the only address in the nearest element
    that holds one."""
    for step, above in enumerate(ancestors(badge)):
        if step >= _CARD_STEPS_MAX or above.tag in ("body", "main", "html"):
            break
        if above.tag == "a":
            return above.attributes.get("href") or ""
        addresses = {each.attributes.get("href") or "" for each in above.css("a[href]")}
        headed = [
            each.attributes.get("href") or ""
            for each in above.css("h1 a, h2 a, h3 a, h4 a, h5 a, a:has(h2), a:has(h3), a:has(h4)")
        ]
        if len(set(headed)) == 1:
            return headed[0]
        if len(addresses) == 1:
            return addresses.pop()
        if addresses:
            break
    return ""


def _fold(word: str) -> str:
    """As ``policy.labels.fold``, by which a source's map is folded."""
    return " ".join(normalize("NFKC", word).casefold().split())
