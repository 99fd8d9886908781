"""Finding withheld text in whatever a site answers with: by runs of words, in any markup. Pure.

A run of words is withheld when it stands in the body of an article that the policy cuts, and
nowhere in what the policy lets everyone read. So a sentence that two articles share, one of them
open, is no leak. Words are compared as the gateway's own leak search compares them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gateway.page.words import tokens

RUN_WORDS = 8
TEXT_CHARACTERS_MAX = 8 << 20
_TAG = re.compile(r"<!--|-->|<!\[CDATA\[|\]\]>|<[/!?a-zA-Z][^<>]{0,4000}>")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|[nrtbf\"\\/])")
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}
# What may stand between two words: entities, escapes, tags, anything but letters and digits.
_BETWEEN = r"(?:&#?\w{1,8};|\\u[0-9a-fA-F]{4}|\\[nrt\"]|<[^<>]{0,200}>|[\W_]){1,20}"
_BARRIER = "0paragraph0"
_INLINE = re.compile(
    r"</?(a|abbr|b|bdi|br|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|time"
    r"|u|var|wbr)\b",
    re.I,
)
_DATA = "application/ld+json"


@dataclass(frozen=True, slots=True)
class Passage:
    """``words`` in a row of the withheld text of ``article``. ``place`` says where it stands."""

    article: str
    words: int
    excerpt: str
    place: str


@dataclass(slots=True)
class Withheld:
    """``articles`` in the order in which they were added; a run names its article by number."""

    articles: list[str] = field(default_factory=list)
    _runs: dict[int, int] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    def add(self, article: str, body: Sequence[str]) -> None:
        """The words of a body that isn't everyone's."""
        self.articles.append(article)
        for run in runs(body):
            self._runs.setdefault(run, len(self.articles) - 1)

    def allow(self, words: Sequence[str]) -> None:
        """Words that the policy shows to everyone: a teaser, an open article."""
        self._open.update(runs(words))

    def settle(self) -> None:
        """Once all is added: what is open anywhere isn't withheld."""
        for run in self._open:
            self._runs.pop(run, None)
        self._open.clear()

    def __len__(self) -> int:
        return len(self._runs)

    def withheld_articles(self) -> frozenset[str]:
        """Those of which anything at all can be told from open text."""
        return frozenset(self.articles[number] for number in set(self._runs.values()))

    def within(self, text: str) -> list[Passage]:
        """Every withheld passage that a text shows, as it stands or behind one layer of escapes.

        Of each article, what the view that shows most of it shows.
        """
        found: dict[str, list[Passage]] = {}
        for view in views(text[:TEXT_CHARACTERS_MAX]):
            shown: dict[str, list[Passage]] = {}
            for passage in self._within(view, text):
                shown.setdefault(passage.article, []).append(passage)
            for article, passages in shown.items():
                if _words(passages) > _words(found.get(article, [])):
                    found[article] = passages
        return [passage for passages in found.values() for passage in passages]

    def _within(self, view: str, text: str) -> Iterator[Passage]:
        words = words_of(view)
        begun, article = -1, -1
        for at, run in enumerate(runs(words)):
            number = self._runs.get(run, -1)
            if begun >= 0 and number != article:
                yield self._passage(words, begun, at - 1, article, text)
                begun = -1
            if number >= 0 and begun < 0:
                begun, article = at, number
        if begun >= 0:
            yield self._passage(words, begun, len(words) - RUN_WORDS, article, text)

    def _passage(self, words: list[str], first: int, last: int, article: int, text: str) -> Passage:
        passage = words[first : last + RUN_WORDS]
        excerpt = " ".join(passage[:12])
        return Passage(self.articles[article], len(passage), excerpt, place(text, passage[:3]))


def words_of(text: str) -> list[str]:
    """The words of a text, as ``page.facts.body_words`` gives those of an article."""
    return [word.decode("utf-8", "replace") for word in tokens(text)]


def _words(passages: list[Passage]) -> int:
    return sum(passage.words for passage in passages)


def runs(words: Sequence[str]) -> Iterator[int]:
    """Every run of ``RUN_WORDS`` words as a number; none for fewer words."""
    for at in range(len(words) - RUN_WORDS + 1):
        yield hash(tuple(words[at : at + RUN_WORDS]))


def views(text: str) -> Iterable[str]:
    """The text as read by people, and as read once escapes of JSON and HTML are undone."""
    seen = {_without_tags(text)}
    unescaped = _ESCAPE.sub(_unescape, text) if "\\" in text else text
    unescaped = html.unescape(unescaped)
    seen.add(_without_tags(unescaped))
    if "&" in unescaped:  # HTML within XML is escaped twice
        seen.add(_without_tags(html.unescape(unescaped)))
    return seen


def _without_tags(text: str) -> str:
    return html.unescape(_TAG.sub(_kept_of_tag, text))


def _kept_of_tag(tag: re.Match[str]) -> str:
    """Of a tag, the values of its attributes stay: text may hide in them. What isn't inline ends a
    run, so that the end of one paragraph and the next item's title are never one passage."""
    found = re.findall(r"=\s*(?:\"([^\"]{20,})\"|'([^']{20,})')", tag[0])
    parted = " " if _INLINE.match(tag[0]) else f" {_BARRIER} "
    held = [double or single for double, single in found]
    return parted.join(("", *held, "")) if held else parted


def _unescape(escape: re.Match[str]) -> str:
    letter = escape[1]
    if letter[0] == "u":
        return str(json.loads(f'"\\{letter}"')) if letter[1].lower() != "d" else " "
    return _PLAIN_ESCAPES.get(letter, letter)


def place(text: str, words: Sequence[str]) -> str:
    """The line and the kind of place where a few words first stand in a row."""
    spaced = _BETWEEN.join(re.escape(word) for word in words)
    found = re.search(spaced, text, re.I)
    if found is None:
        return "encoded"
    before = text[: found.start()]
    line = before.count("\n") + 1
    return f"line {line}, {_kind(before)}"


def _kind(before: str) -> str:
    opened, closed = before.rfind("<"), before.rfind(">")
    comment = before.rfind("<!--")
    if comment >= 0 and before.find("-->", comment) < 0:
        return "in a comment"
    for element in ("script", "template", "noscript"):
        begun = before.rfind(f"<{element}")
        if begun >= 0 and before.find(f"</{element}", begun) < 0:
            data = _DATA in before[begun : begun + 200]
            return "in JSON-LD" if data else f"in <{element}>"
    if opened > closed and re.match(r"<[a-zA-Z][^<]*=\s*[\"'][^\"']*$", before[opened:]):
        name = re.findall(r"([\w:-]+)\s*=\s*[\"'][^\"']*$", before[opened:])
        return f"in the attribute {name[-1]}" if name else "in an attribute"
    return "in the text"
