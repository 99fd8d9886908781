"""The demo's own rules: what each article of the paper comes to, told from its path and label."""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway.demo
from gateway.demo.articles import BADGES, Article, Tier
from gateway.demo.edition import SECTIONS, Edition
from gateway.model.access import MEMBERS, PAID, PUBLIC, Access, Level
from gateway.model.page import LabelWord, PageFacts, PageKind
from gateway.model.rule import LabelKind
from gateway.policy.compile import compile_policy
from gateway.policy.load import load
from gateway.policy.ways import WayKind

NOW = 1_790_000_000.0
HOUR = 3600.0
EDITION = Edition(url="http://fanal.example", now=NOW)
POLICY = compile_policy(load(Path(gateway.demo.__file__).parent / "policies"))
SUPPORTERS = Access(Level.PAID, frozenset({"soutien"}))


def access(article: Article, *, now: float) -> Access:
    words = []
    for number, source in enumerate(POLICY.settings.labels):
        if source.kind is LabelKind.META and article.labelled != "badge":
            words.append(LabelWord(number, article.tier))
        if source.kind is LabelKind.CSS and article.labelled != "meta":
            words.append(LabelWord(number, BADGES[article.language][article.tier]))
    facts = PageFacts(
        kind=PageKind.ARTICLE,
        words=tuple(words),
        language=article.language,
        published_at=article.published_at,
        body_found=True,
    )
    return settled(article.path, facts, now=now)


def settled(path: str, facts: PageFacts, *, now: float = NOW) -> Access:
    sole = POLICY.specialise(POLICY.way("fanal.example", path), facts, now=now).sole
    assert sole is not None
    return sole.access


@pytest.mark.parametrize("article", EDITION.articles, ids=lambda article: article.path)
def test_each_article_is_as_the_paper_says(article: Article) -> None:
    expected = {Tier.FREE: PUBLIC, Tier.REGISTERED: MEMBERS, Tier.LOCKED: PAID}[article.tier]
    if article.section in {"dossiers", "longreads"}:
        expected = SUPPORTERS
    assert access(article, now=article.published_at + 13 * HOUR) == expected


def test_breaking_news_for_members_is_free_for_half_a_day() -> None:
    article = EDITION.by_path["/pays/la-halle-aux-toiles-ne-sera-pas-vendue"]
    assert access(article, now=NOW) == PUBLIC
    assert access(article, now=article.published_at + 12 * HOUR + 1) == MEMBERS


def test_every_list_is_open() -> None:
    lists = ["/", "/en", *(path for each in SECTIONS.values() for path, _ in each.values())]
    for path in lists:
        assert settled(path, PageFacts(PageKind.LISTING)) == PUBLIC, path


@pytest.mark.parametrize(
    "path", ["/dossiers/digue-du-ponant-comptes.pdf", "/en/longreads/foghorn.wav"]
)
def test_documents_of_a_dossier_are_gated_by_their_path(path: str) -> None:
    assert POLICY.way("fanal.example", path).kind is WayKind.PATH
    assert settled(path, PageFacts(PageKind.OTHER)) == SUPPORTERS
