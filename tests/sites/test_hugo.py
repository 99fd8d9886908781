"""Hugo behind the gateway: nothing withheld on any of its files, everything for who may read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.bench import served
from gateway.bench.processes import free_port
from tests.sites.behind import Site, fetch, gateway, marks
from tests.sites.hugo import PARAGRAPHS, Hugo, hugo

CONFIG = """\
[site]
url = "{url}"
origin = "{origin}"
name = "The Courier"
[policies]
folder = "policies"
"""
POLICY = f"""\
version: 1
include: [static]
default: public
teaser:
  body: [".post-content"]
labels:
  - meta: article:content_tier
    map: {{ free: public, metered: members, locked: {{ access: paid, tiers: [{served.TIER}] }} }}
rules:
  - name: twins of the articles, as data
    path: ["/index.json", "/news/*/index.json"]
    access: refuse
  - name: what the newsroom labelled
    label: any
    access: as-labelled
"""
Both = tuple[Hugo, Site]
KEPT_PARAGRAPHS = 2


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    port = free_port()
    with (
        hugo(tmp_path_factory.mktemp("hugo"), reader_url=f"http://127.0.0.1:{port}") as origin,
        gateway(
            tmp_path_factory.mktemp("gateway"),
            port=port,
            origin=origin.url,
            config=CONFIG,
            policy=POLICY,
        ) as site,
    ):
        yield origin, site


def withheld(origin: Hugo) -> set[str]:
    """What an anonymous reader may see nowhere: all but the paragraphs that a teaser keeps."""
    shown = {
        mark
        for article in origin.articles
        for mark in marks(article.name, PARAGRAPHS if article.tier == "free" else KEPT_PARAGRAPHS)
    }
    return {mark for a in origin.articles for mark in marks(a.name, PARAGRAPHS)} - shown


def test_bare_the_site_shows_everything_to_everyone(both: Both) -> None:
    """Else the next test would prove nothing."""
    origin, _ = both
    seen: set[str] = set()
    for path in origin.every_path():
        seen |= fetch(origin.url, path).markers
    assert withheld(origin) <= seen


def test_an_anonymous_reader_gets_no_withheld_paragraph_from_any_file(both: Both) -> None:
    origin, site = both
    secret = withheld(origin)
    leaks = {}
    for path in origin.every_path():
        answer = site.get(path)
        assert answer.status in (200, 301, 308, 403), path
        if answer.markers & secret:
            leaks[path] = sorted(answer.markers & secret)[:3]
    assert not leaks


def test_free_articles_are_whole_for_everyone(both: Both) -> None:
    origin, site = both
    for article in origin.articles:
        if article.tier == "free":
            assert marks(article.name, PARAGRAPHS) <= site.get(article.path).markers


def test_a_subscriber_reads_every_article_whole(both: Both) -> None:
    origin, site = both
    for article in origin.articles:
        answer = site.get(article.path, cookie=site.cookie)
        assert marks(article.name, PARAGRAPHS) <= answer.markers, article.path
        if article.tier != "free":
            assert answer.headers["cache-control"] == "private, no-store"


def test_the_front_page_with_its_badges_is_whole(both: Both) -> None:
    origin, site = both
    own, bare = site.get("/"), fetch(origin.url, "/")
    assert own.body.count(b'class="badge"') == bare.body.count(b'class="badge"') > 5


def test_audit_finds_the_leaks_of_the_bare_site_and_none_behind_the_gateway(both: Both) -> None:
    origin, site = both
    gated = site.command("audit")
    assert gated.returncode == 0, gated.stdout + gated.stderr
    bare = site.command("audit", "--sitemap", f"{origin.url}/sitemap.xml")
    assert bare.returncode == 1, bare.stdout + bare.stderr
