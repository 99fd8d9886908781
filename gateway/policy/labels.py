"""From the words that a page says of its own access to one label.

Pure. A word that is an access level means itself unless the source's map says otherwise; a word
that nothing knows is the strictest: a newsroom's typing error closes a page, never opens it.
"""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import normalize

from gateway.model.access import MEMBERS, PAID, PUBLIC, Access, Level, strictest
from gateway.model.page import Label, LabelWord
from gateway.model.rule import LabelKind, LabelSource

_LEVELS = {"public": PUBLIC, "members": MEMBERS, "paid": PAID}
_TIERS = "tiers:"


def fold(word: str) -> str:
    """The form in which words are compared: NFKC, one space, no case."""
    return " ".join(normalize("NFKC", word).casefold().split())


def settle_label(words: Iterable[LabelWord], sources: tuple[LabelSource, ...]) -> Label | None:
    """The first source that says anything decides; several words of it, the strictest of them.

    ``isAccessibleForFree: false`` says only *gated*, so a later source may choose; alone it is paid,
    and so it is where the same source also says ``true``.
    """
    gated: Label | None = None
    decided: list[Label] = []
    for word in words:
        if decided and word.source != decided[0].source:
            break
        label = _read(word, sources[word.source])
        if label is None:
            gated = gated or Label(PAID, word.word, word.source)
        else:
            decided.append(label)
    if not decided:
        return gated
    if gated is not None and gated.source == decided[0].source:
        decided.append(gated)
    return max(
        decided, key=lambda label: label.access == strictest(each.access for each in decided)
    )


def _read(word: LabelWord, source: LabelSource) -> Label | None:
    """None for the one word that says *gated* and leaves the how to others."""
    folded = fold(word.word)
    for known, access in source.map:
        if known == folded:
            return Label(access, word.word, word.source)
    if source.kind is LabelKind.JSON_LD and folded in ("false", "true", "0", "1", "no", "yes"):
        opens = folded in ("true", "1", "yes")
        return Label(PUBLIC, word.word, word.source) if opens else None
    if source.kind is LabelKind.GHOST and folded.startswith(_TIERS):
        tiers = frozenset(tier for tier in folded.removeprefix(_TIERS).split(",") if tier)
        return Label(Access(Level.PAID, tiers), word.word, word.source)
    if source.kind is LabelKind.ORIGIN_GATE and folded == "gated":
        return Label(PAID, word.word, word.source)
    if folded in _LEVELS:
        return Label(_LEVELS[folded], word.word, word.source)
    return Label(strictest_of(source), word.word, word.source, readable=False)


def strictest_of(source: LabelSource) -> Access:
    """The strictest that a source can say: at least paid."""
    return strictest((PAID, *(access for _, access in source.map)))
