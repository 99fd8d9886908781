"""Badges on lists that say something else than the gate: "Public" on a card that leads to a wall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.console.explain import Explanation
from gateway.console.visitor import Seen, Visitor
from gateway.model.access import Level
from gateway.model.page import LabelWord, PageKind
from gateway.model.rule import LabelKind, LabelSource
from gateway.policy.labels import settle_label

_LEVELS_UP = 6
_WORD_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class Badge:
    """``word`` stands on ``page`` beside a link to ``article``, which asks for ``access``."""

    page: str
    article: str
    word: str
    access: str


def contradictions(
    seen: Seen,
    explained: Mapping[str, Explanation],
    sources: Sequence[LabelSource],
    visitor: Visitor,
) -> list[Badge]:
    found = []
    tree = LexborHTMLParser(seen.text)
    for number, source in enumerate(sources):
        if source.kind is not LabelKind.CSS:
            continue
        for node in _select(tree, source.name):
            word = node.text(strip=True)
            if not word or len(word) > _WORD_CHARACTERS_MAX:
                continue
            target = _leads_to(node, seen, visitor)
            article = explained.get(target) if target and target != seen.target else None
            if article is None or article.kind != PageKind.ARTICLE:
                continue
            label = settle_label((LabelWord(number, word),), tuple(sources))
            if label is not None and label.readable:
                says, asks = label.access.level, Level(article.access.partition("(")[0])
                if says is not asks:
                    found.append(Badge(seen.target, article.target, word, article.access))
    return found


def _select(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    try:
        return tree.css(selector)
    except ValueError:
        return []


def _leads_to(node: LexborNode, seen: Seen, visitor: Visitor) -> str | None:
    """The one page that the card around a badge links to."""
    here: LexborNode | None = node
    for _ in range(_LEVELS_UP):
        if here is None or here.tag in ("body", "main", "html"):
            return None
        links = [here] if here.tag == "a" else here.css("a[href]")
        targets = {
            target
            for link in links
            if (target := visitor.within(link.attributes.get("href") or "", seen.target))
        }
        if len(targets) == 1:
            return targets.pop()
        if len(targets) > 1:
            return None
        here = here.parent
    return None
