"""How a site's articles are built, told from a few of its pages. Pure.

Nothing here is certain: what is found is proposed with its grounds, and the publisher decides. A
body selector is proposed only when it matches one place, with most of the text, on every article.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode

if TYPE_CHECKING:
    from gateway.console.visitor import Seen

# Class names that builders of sites use for an article's body, the surest first.
_KNOWN_BODIES = (
    "[itemprop='articleBody']",
    ".gh-content",
    ".wp-block-post-content",
    ".entry-content:not(.wc-tab)",  # a shop's tabs bear the name too, several on a page
    ".article-body",
    ".article__body",
    ".article-content",
    ".article__content",
    ".post-content",
    ".post-body",
    ".e-content",
    ".markdown-body",
)
_ROOTS = ("article", "main", "[role='main']")
_WORDS_MIN = 60
_SHARE_MIN = 0.6  # of the page's paragraphs' words
_PAGES_MIN = 0.5  # of the articles: a site may show anyone only the beginning of the others
_LABEL_WORDS = {
    "public": "public publique gratuit libre free open",
    "members": "members member membre membres inscrits registered metered",
    "paid": "paid premium payant abonné abonnés subscribers subscriber locked réservé supporters",
}
_ACCESS_NAME = re.compile(
    r"access|content[-_]?tier|visibility|paywall|premium|subscri|member", re.I
)
_CLASS_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class LabelSeen:
    """``words`` as written, the commonest first. ``in_pack``: the pack reads it already."""

    kind: str
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Articles:
    """What several article pages share. Empty strings where nothing was found."""

    count: int
    body: str = ""
    root: str = ""
    words: int = 0
    labels: tuple[LabelSeen, ...] = field(default=())
    languages: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


def look_at(pages: Sequence[Seen]) -> Articles:
    """What the articles among the pages share; others are told apart by their little text."""
    read = [(page, LexborHTMLParser(page.text)) for page in pages]
    said = [(page, tree) for page, tree in read if _says_article(tree)]
    articles = said or [(page, tree) for page, tree in read if _looks_like_article(tree)]
    if not articles:
        return Articles(count=0)
    trees = [tree for _, tree in articles]
    body = _body(trees)
    languages = Counter(_language(tree) for tree in trees)
    del languages[""]
    return Articles(
        count=len(articles),
        body=body,
        root=_root(trees, body) if body else "",
        words=sum(_words(tree.css_first(body)) for tree in trees) // len(trees) if body else 0,
        labels=tuple(_labels(articles, body)),
        languages=tuple(name for name, _ in languages.most_common()),
        targets=tuple(page.target for page, _ in articles),
    )


def _language(tree: LexborHTMLParser) -> str:
    root = tree.css_first("html")
    named = (root.attributes.get("lang") or "") if root is not None else ""
    found = re.match(r"[a-z]{2,3}(?![a-z])", named.lower())
    return found[0] if found else ""


def _words(node: LexborNode | None) -> int:
    return len(node.text(separator=" ").split()) if node is not None else 0


def _paragraph_words(node: LexborNode | LexborHTMLParser) -> int:
    return sum(_words(paragraph) for paragraph in node.css("p"))


def _says_article(tree: LexborHTMLParser) -> bool:
    """Open Graph or schema.org calls it an article."""
    if tree.css_first("meta[property='og:type'][content='article']") is not None:
        return True
    return any(
        re.search(r'"@type"\s*:\s*\[?\s*"(News|Blog|Report)?(Article|Posting)"', node.text())
        for node in tree.css("script[type='application/ld+json']")
    )


def _looks_like_article(tree: LexborHTMLParser) -> bool:
    """Running text; a list of teasers has many headlines that are links instead."""
    linked = len(tree.css("h2 a, h3 a"))
    return _paragraph_words(tree) >= _WORDS_MIN and linked <= len(tree.css("p"))


def _body(trees: Sequence[LexborHTMLParser]) -> str:
    """The first selector that names one place on every page, and most of the text on most."""
    found = [_textiest(tree) for tree in trees]
    guessed = Counter(name for node in found if node is not None for name in _selectors(node))
    for selector in (*_KNOWN_BODIES, *(name for name, _ in guessed.most_common())):
        places = [tree.css(selector) for tree in trees]
        if any(len(nodes) > 1 for nodes in places):
            continue
        telling = sum(
            _holds_text(tree, nodes[0]) for tree, nodes in zip(trees, places, strict=True) if nodes
        )
        # A known name is believed where other articles' cards outweigh a body cut by the site.
        enough = 1 if selector in _KNOWN_BODIES else _PAGES_MIN * len(trees)
        if telling >= enough and sum(map(len, places)) >= _PAGES_MIN * len(trees):
            return selector
    return ""


def _holds_text(tree: LexborHTMLParser, body: LexborNode) -> bool:
    whole = _paragraph_words(tree)
    return whole > 0 and _paragraph_words(body) >= _SHARE_MIN * whole


def _textiest(tree: LexborHTMLParser) -> LexborNode | None:
    """The element with most words in paragraphs of its own."""
    best, most = None, 0
    for node in tree.css("article, section, div, main"):
        own = sum(_words(child) for child in node.iter() if child.tag == "p")
        if own > most:
            best, most = node, own
    return best


def _selectors(node: LexborNode) -> Iterable[str]:
    tag = node.tag or "div"
    for name in (node.attributes.get("class") or "").split():
        if _CLASS_NAME.fullmatch(name):
            yield f".{name}"
            yield f"{tag}.{name}"
    identifier = node.attributes.get("id") or ""
    if _CLASS_NAME.fullmatch(identifier):
        yield f"#{identifier}"
    yield tag
    parent = node.parent
    if parent is not None and parent.tag in ("article", "main", "section"):
        yield f"{parent.tag} > {tag}"


def _root(trees: Sequence[LexborHTMLParser], body: str) -> str:
    """What holds headline and body: the nearest landmark around the body wherever there is one."""
    trees = [tree for tree in trees if tree.css_first(body) is not None]
    for root in _ROOTS:
        if root != body and all(
            any(node.css_first(body) is not None for node in tree.css(root)) for tree in trees
        ):
            return root
    return ""


def _labels(articles: Sequence[tuple[Seen, LexborHTMLParser]], body: str) -> Iterable[LabelSeen]:
    seen: dict[tuple[str, str], Counter[str]] = {}

    def note(kind: str, name: str, word: str) -> None:
        seen.setdefault((kind, name), Counter())[word.strip()] += 1

    for page, tree in articles:
        for header, content in page.headers:
            name = header.decode("latin-1")
            if _ACCESS_NAME.search(name) and not name.startswith(("access-control", "sec-")):
                note("header", name, content.decode("latin-1"))
        for node in tree.css("meta[content]"):
            name = node.attributes.get("name") or node.attributes.get("property") or ""
            word = node.attributes.get("content") or ""
            if _ACCESS_NAME.search(name) and len(word) <= 40 and len(word.split()) == 1:
                note("meta", name, word)
        for node in tree.css("script[type='application/ld+json']"):
            for value in _free(node.text()):
                note("json_ld", "isAccessibleForFree", value)
        for selector, word in _badges(tree, body):
            note("css", selector, word)
    for (kind, name), words in seen.items():
        yield LabelSeen(kind, name, tuple(word for word, _ in words.most_common()))


def _free(text: str) -> Iterable[str]:
    try:
        waiting = [json.loads(text)]
    except ValueError:
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "isAccessibleForFree" in value:
                yield str(value["isAccessibleForFree"]).lower()
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _badges(tree: LexborHTMLParser, body: str) -> Iterable[tuple[str, str]]:
    """Short elements with a class, before the body, whose word is a word of access."""
    root = next((node for name in _ROOTS if (node := tree.css_first(name)) is not None), None)
    if root is None:
        return
    inside = tree.css_first(body) if body else None
    for node in root.traverse():
        if inside is not None and node.mem_id == inside.mem_id:
            return
        name = (node.attributes.get("class") or "").split()[:1]
        if not name or not _CLASS_NAME.fullmatch(name[0]):
            continue
        word = node.text(strip=True)
        if len(word) <= 24 and access_of(word):
            yield f".{name[0]}", word


def access_of(word: str) -> str:
    """``public``, ``members`` or ``paid`` for a word of a badge; nothing for any other word."""
    first = word.strip().casefold().split(" ")[0]
    return next((level for level, words in _LABEL_WORDS.items() if first in words.split()), "")
