"""The demo paper's articles: read from ``articles/*.md`` into frozen values, and set as HTML.

A file is a head of ``key: value`` lines, an empty line, then blocks parted by empty lines: a
paragraph, ``## `` a subheading, ``> `` a pull quote, ``- `` a list. ``*words*`` are emphasised and
``[words](/path)`` are a link. After a line ``+++`` come comments, one a block, the first line of
each ``name | hours after publication``. All these files are our own; a faulty one is a fault of
the package, so it raises ValueError and isn't reported to anyone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from pathlib import Path

_FOLDER = Path(__file__).parent / "articles"
_INLINE = re.compile(r"\*(?P<em>[^*]+)\*|\[(?P<words>[^\]]+)\]\((?P<href>[^)\s]+)\)")
_WORDS_A_MINUTE = 220


class Tier(StrEnum):
    """The paper's own word for who may read, as its meta tag ``article:content_tier`` has it."""

    FREE = "free"
    REGISTERED = "registered"
    LOCKED = "locked"


BADGES = {
    "fr": {Tier.FREE: "Publique", Tier.REGISTERED: "Membres", Tier.LOCKED: "Abonnés"},
    "en": {Tier.FREE: "Public", Tier.REGISTERED: "Members", Tier.LOCKED: "Subscribers"},
}


@dataclass(frozen=True, slots=True)
class Comment:
    name: str
    hours_after: int
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """``labelled`` says where the page tells its tier: ``badge``, ``meta`` or ``both``.

    ``path`` is its address; ``published_at`` and ``updated_at`` are seconds since the epoch.
    ``twin`` is the path of the same story in the other language, or empty.
    """

    path: str
    language: str
    section: str
    title: str
    short: str
    standfirst: str
    author: str
    role: str
    published_at: float
    updated_at: float
    tier: Tier
    labelled: str
    tags: tuple[str, ...]
    image: str
    alt: str
    caption: str
    twin: str
    attachment: str
    body: str
    words: int
    comments: tuple[Comment, ...]

    @property
    def badge(self) -> str:
        return BADGES[self.language][self.tier]

    @property
    def minutes(self) -> int:
        return max(1, round(self.words / _WORDS_A_MINUTE))


def read_all(now: float) -> tuple[Article, ...]:
    """Newest first. Ages stand in the files, so that the paper is never an old one."""
    articles = [_read(path.read_text(encoding="utf-8"), now) for path in _FOLDER.glob("*.md")]
    return tuple(sorted(articles, key=lambda article: (-article.published_at, article.path)))


def typography(text: str, language: str) -> str:
    """Curly apostrophes, and French no-break spaces. U+00A0 throughout: every font has it."""
    text = text.replace("'", "’")
    if language == "fr":
        text = re.sub(r" ([?!:;»%€])", "\u00a0\\1", text).replace("« ", "«\u00a0")
        text = re.sub(r"(?<=\d) (?=\d{3})", "\u00a0", text)
        text = re.sub(r"(?<=\d) h (?=\d\d\b)", "\u00a0h\u00a0", text)
    return text


def _read(source: str, now: float) -> Article:
    head, _, rest = source.partition("\n\n")
    values = dict(line.split(": ", 1) for line in head.splitlines())
    written, _, remarks = rest.partition("\n+++\n")
    language = values["language"]

    def said(key: str) -> str:
        return typography(values.get(key, ""), language)

    published_at = now - float(values["hours_old"]) * 3600
    body = "\n".join(_block(block, language) for block in _blocks(written))
    return Article(
        path=values["path"],
        language=language,
        section=values["section"],
        title=said("title"),
        short=said("short") or said("title"),
        standfirst=said("standfirst"),
        author=said("author"),
        role=said("role"),
        published_at=published_at,
        updated_at=published_at + float(values.get("updated_hours_later", "0")) * 3600,
        tier=Tier(values["tier"]),
        labelled=values["labelled"],
        tags=tuple(values["tags"].split(", ")),
        image=values["image"],
        alt=said("alt"),
        caption=said("caption"),
        twin=values.get("twin", ""),
        attachment=values.get("attachment", ""),
        body=body,
        words=len(re.sub(r"<[^>]+>", " ", body).split()),
        comments=tuple(_comment(block, language) for block in _blocks(remarks)),
    )


def _blocks(text: str) -> list[str]:
    return [block.strip() for block in text.split("\n\n") if block.strip()]


def _block(block: str, language: str) -> str:
    if block.startswith("## "):
        return f"<h2>{_inline(block[3:], language)}</h2>"
    if block.startswith("> "):
        quote, _, who = block[2:].partition("\n-- ")
        who = f"<figcaption>{_inline(who, language)}</figcaption>" if who else ""
        inner = f"<blockquote><p>{_inline(quote, language)}</p></blockquote>{who}"
        return f'<figure class="pull">{inner}</figure>'
    if block.startswith("- "):
        items = (_inline(item, language) for item in block[2:].split("\n- "))
        return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
    return f"<p>{_inline(block, language)}</p>"


def _inline(text: str, language: str) -> str:
    html, end = [], 0
    text = typography(text.replace("\n", " "), language)
    for match in _INLINE.finditer(text):
        html.append(escape(text[end : match.start()], quote=False))
        if match["em"]:
            html.append(f"<em>{escape(match['em'], quote=False)}</em>")
        else:
            words = escape(match["words"], quote=False)
            html.append(f'<a href="{escape(match["href"])}">{words}</a>')
        end = match.end()
    html.append(escape(text[end:], quote=False))
    return "".join(html)


def _comment(block: str, language: str) -> Comment:
    head, _, text = block.partition("\n")
    name, _, hours = head.partition(" | ")
    return Comment(typography(name, language), int(hours), _inline(text, language))
