"""One edition of the demo paper: its articles, its sections, and every page drawn from them.

Pages are drawn when first asked for and kept; an edition doesn't change while it lives. The demo
is an origin like any other: it knows nothing of the gateway but the public marks that any site
may use (``data-lg-when``, links below ``/-/``), and is a door of its own to Jinja2 and Babel.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gateway.demo.articles import BADGES, Article, Tier, read_all

NAME = "Le Fanal"
_FOLDER = Path(__file__).parent / "pages"
_ZONE = ZoneInfo("Europe/Paris")
# Section's key → its path and its name. The order is that of the navigation.
SECTIONS = {
    "fr": {
        "pays": ("/pays", "Le pays"),
        "culture": ("/culture", "Culture"),
        "sciences": ("/sciences", "Sciences"),
        "dossiers": ("/dossiers", "Dossiers"),
    },
    "en": {
        "local": ("/en/local", "The estuary"),
        "culture": ("/en/culture", "Culture"),
        "science": ("/en/science", "Science"),
        "longreads": ("/en/longreads", "Long reads"),
    },
}
HOME = {"fr": "/", "en": "/en"}


class Edition:
    """``url`` is what readers type, without a slash at its end; ``now`` seconds since the epoch."""

    def __init__(self, *, url: str, now: float) -> None:
        self.url = url
        # To the hour, so that two workers started together print the same paper.
        self.printed_at = now - now % 3600
        self.articles = read_all(self.printed_at)
        self.by_path = {article.path: article for article in self.articles}

    def in_language(self, language: str) -> list[Article]:
        return [article for article in self.articles if article.language == language]

    def front(self, language: str) -> str:
        articles = self.in_language(language)
        # The longest stories aren't the newest, and still deserve a place above the fold.
        dossiers = [article for article in articles if article.section in {"dossiers", "longreads"}]
        daily = [article for article in articles if article not in dossiers]
        other = self.in_language("en" if language == "fr" else "fr")[:3]
        return self._draw(
            "front.html",
            language,
            path=HOME[language],
            lead=daily[0],
            second=daily[1:3],
            rest=daily[3:],
            dossiers=dossiers,
            other=other,
            twin=HOME["en" if language == "fr" else "fr"],
        )

    def section(self, language: str, key: str) -> str:
        path, name = SECTIONS[language][key]
        mine = [article for article in self.in_language(language) if article.section == key]
        return self._draw("section.html", language, path=path, name=name, articles=mine, key=key)

    def tag(self, language: str, tag: str) -> str:
        mine = [article for article in self.in_language(language) if tag in article.tags]
        path = self.tag_path(language, tag)
        name = tag[:1].upper() + tag[1:]
        return self._draw("section.html", language, path=path, name=name, articles=mine, key="")

    def article(self, article: Article) -> str:
        return self._draw(
            "article.html",
            article.language,
            path=article.path,
            article=article,
            twin=article.twin,
            related=self.related(article),
            body=Markup(article.body),  # noqa: S704 — articles.py escaped every word of it
            structured=self._structured(article),
            section=SECTIONS[article.language][article.section],
        )

    def note(self, name: str, language: str, path: str) -> str:
        """A page of plain text: legal notice, privacy, not found."""
        return self._draw(f"{name}.html", language, path=path)

    def related(self, article: Article) -> list[Article]:
        """Three others in its language, of labels other than its own first."""
        others = [other for other in self.in_language(article.language) if other != article]

        def nearness(other: Article) -> tuple[bool, int]:
            return other.tier is article.tier, -len(set(other.tags) & set(article.tags))

        return sorted(others, key=nearness)[:3]

    def tag_path(self, language: str, tag: str) -> str:
        plain = unicodedata.normalize("NFKD", tag.lower()).encode("ascii", "ignore").decode()
        return f"{'/en' if language == 'en' else ''}/tag/{re.sub(r'[^a-z0-9]+', '-', plain)}"

    @cached_property
    def tags(self) -> dict[str, tuple[str, str]]:
        """The path of every tag's page → its language and the tag."""
        return {
            self.tag_path(article.language, tag): (article.language, tag)
            for article in self.articles
            for tag in article.tags
        }

    def _structured(self, article: Article) -> Markup:
        """schema.org, as search engines ask for it of a news article behind a wall."""
        url = self.url + article.path
        facts: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "mainEntityOfPage": {"@type": "WebPage", "@id": url},
            "headline": article.title,
            "description": article.standfirst,
            "inLanguage": article.language,
            "articleSection": SECTIONS[article.language][article.section][1],
            "keywords": list(article.tags),
            "datePublished": moment(article.published_at).isoformat(),
            "dateModified": moment(article.updated_at).isoformat(),
            "wordCount": article.words,
            "image": [f"{self.url}/images/{article.image}.svg"],
            "author": [{"@type": "Person", "name": article.author}],
            "publisher": {"@type": "NewsMediaOrganization", "name": NAME, "url": self.url},
        }
        if article.labelled != "badge":
            facts["isAccessibleForFree"] = article.tier is Tier.FREE
        # A `<` inside JSON could end the script element early.
        text = json.dumps(facts, ensure_ascii=False, indent=1).replace("<", "\\u003c")
        return Markup(text)  # noqa: S704 — JSON without a `<`

    def _draw(self, template: str, language: str, /, **context: object) -> str:
        return self._environment.get_template(template).render(
            language=language,
            edition=self,
            paper=NAME,
            home=HOME[language],
            sections=SECTIONS[language],
            **{"twin": "", **context},
        )

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.filters["day"] = day
        environment.filters["clock"] = clock_time
        environment.filters["iso"] = lambda seconds: moment(seconds).isoformat()
        environment.globals["badges"] = BADGES
        return environment


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(_ZONE)


def day(seconds: float, language: str) -> str:
    """ "lundi 23 novembre 2026", "mardi 1er décembre 2026", "Monday, 23 November 2026". A day and its month
    stay on one line."""
    at = moment(seconds)
    said = format_date(at, "full", locale="fr" if language == "fr" else "en_GB")
    first = "1er" if at.day == 1 and language == "fr" else str(at.day)
    return said.replace(f" {at.day} ", f" {first}\u00a0", 1)


def clock_time(seconds: float, language: str) -> str:
    """ "23 novembre à 7 h 05", "1er décembre à 9 h 00", "23 November, 7.05 am"."""
    at = moment(seconds)
    if language == "fr":
        day = "'1er'" if at.day == 1 else "d"
        return format_datetime(at, f"{day}\u00a0MMMM 'à' H'\u00a0h\u00a0'mm", locale="fr")
    return format_datetime(at, "d\u00a0MMMM, h.mm\u00a0a", locale="en_GB")
