"""WordPress behind the gateway, with a classic theme and with one of blocks: nothing withheld on any of
the many ways in which it answers with a post, everything for who may read.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from gateway.bench import served
from gateway.bench.processes import free_port
from tests.sites.behind import MARKER, Site, fetch, gateway, marks
from tests.sites.wordpress import PARAGRAPHS, THEMES, Article, WordPress, wordpress

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
include: [wordpress]
default: public
labels:
  - meta: article:content_tier
    map: {{ free: public, metered: members, locked: {{ access: paid, tiers: [{served.TIER}] }} }}
"""
Both = tuple[WordPress, Site]
KEPT_PARAGRAPHS = 2
OF_A_POST = """\
/{name}/ /{name} /{name}/feed/ /{name}/feed/atom/ /{name}/embed/ /{name}/trackback/ /{name}/1/ /{name}/2/
/{name}/amp/ /{name}/print/ /{name}.md /{name}.json /{name}/?amp=1 /{name}/?print=1 /{name}/?embed=true
/{name}/?feed=rss2 /{name}/?withoutcomments=1 /{name}/feed/?withoutcomments=1 /?p={id} /index.php?p={id}
/?p={id}&feed=rss2 /?p={id}&embed=true /?p={id}&preview=true /?name={name} /?attachment_id={id}
/index.php/{name}/ /index.php/{name}/feed/ /{NAME}/ //{name}/ /%66eed/?p={id} /?page_id={id}
/wp-json/wp/v2/posts/{id} /wp-json/wp/v2/posts?slug={name} /index.php/wp-json/wp/v2/posts/{id}
/?rest_route=/wp/v2/posts/{id} /index.php?rest_route=/wp/v2/posts/{id} /?rest%5Froute=/wp/v2/posts/{id}
/wp-json/oembed/1.0/embed?url={url} /?rest_route=/oembed/1.0/embed&url={url} /{name}/?s={phrase}
/?s={phrase} /?s={phrase}&feed=rss2 /search/{phrase}/ /search/{phrase}/feed/rss2/ /?s={phrase}&p={id}
/wp-json/wp/v2/search?search={phrase} /wp-json/wp/v2/comments?post={id} /?name={name}&feed=rss2
/wp-content/uploads/{name}.txt /{name}/?share=email /{name}/?replytocom=1 /{name}/comment-page-1/""".split()
OF_THE_SITE = """\
/ /page/2/ /feed/ /feed/atom/ /feed/rdf/ /feed/rss/ /comments/feed/ /?feed=rss2 /?feed=atom /?feed=rdf
/index.php?feed=rss2 /author/editor/ /author/editor/feed/ /category/uncategorized/
/category/uncategorized/feed/ /tag/topic0/ /tag/topic0/feed/ /tag/topic1/feed/atom/ /2026/ /2026/01/
/2026/01/feed/ /?m=202601 /?cat=1 /?cat=1&feed=rss2 /?tag=topic0 /?author=1 /?post_type=post
/wp-json/ /wp-json/wp/v2/posts /wp-json/wp/v2/posts?per_page=100 /wp-json/wp/v2/posts?_embed=1
/?rest_route=/ /?rest_route=/wp/v2/posts /wp-json/wp/v2/search?search=harbour /wp-json/wp/v2/pages
/wp-sitemap.xml /wp-sitemap-posts-post-1.xml /robots.txt /wp-links-opml.php /xmlrpc.php /llms.txt
/wp-cron.php /?s=harbour /?s=harbour&feed=rss2 /search/harbour/feed/ /wp-login.php /wp-admin/
/?withcomments=1 /feed/?withoutcomments=1 /?static=1 /?page=1&feed=rss2 /wp-trackback.php""".split()
FORMS = (
    ("/index.php", "feed=rss2"),
    ("/", "feed=rss2"),
    ("/", "p={id}"),
    ("/index.php", "rest_route=/wp/v2/posts/{id}"),
    ("/?_method=GET", "rest_route=/wp/v2/posts/{id}"),
    ("/free-000/", "name={name}"),
    ("/free-000/", "p={id}&feed=rss2&withoutcomments=1"),
    ("/xmlrpc.php", "<methodCall><methodName>pingback.ping</methodName></methodCall>"),
)


@pytest.fixture(scope="module", params=THEMES)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    port = free_port()
    folder, url = tmp_path_factory.mktemp("wp"), f"http://127.0.0.1:{port}"
    with (
        wordpress(folder, reader_url=url, theme=request.param) as origin,
        gateway(
            tmp_path_factory.mktemp("gateway"),
            port=port,
            origin=origin.url,
            config=CONFIG,
            policy=POLICY,
        ) as site,
    ):
        yield origin, site


def whole(articles: tuple[Article, ...]) -> set[str]:
    return {mark for each in articles for mark in marks(each.name, PARAGRAPHS)}


def withheld(origin: WordPress) -> set[str]:
    """What an anonymous reader may see nowhere: all but the paragraphs that a teaser keeps."""
    shown = {
        mark
        for each in origin.articles
        for mark in marks(each.name, PARAGRAPHS if each.tier == "free" else KEPT_PARAGRAPHS)
    }
    return whole(origin.articles) - shown


def surfaces(origin: WordPress, reader_url: str) -> list[str]:
    found = list(OF_THE_SITE)
    for each in origin.articles[:6]:
        body = fetch(origin.url, f"/?rest_route=/wp/v2/posts/{each.id}").body.decode()
        last = body[: body.rindex(f"withheld-{each.name}-p{PARAGRAPHS:02}")].split(". ")[-1].strip()
        told = {
            "name": each.name,
            "NAME": each.name.upper(),
            "id": each.id,
            "url": quote(f"{reader_url}{each.path}", safe=""),
            "phrase": quote(" ".join(last.split()[:4]), safe=""),
        }
        found += [target.format(**told) for target in OF_A_POST]
    return found


def test_bare_the_site_shows_everything_to_everyone(both: Both) -> None:
    """Else the next test would prove nothing."""
    origin, site = both
    seen: set[str] = set()
    for target in surfaces(origin, site.url):
        seen |= fetch(origin.url, target).markers
    assert withheld(origin) <= seen


def test_an_anonymous_reader_gets_no_withheld_paragraph_from_any_surface(both: Both) -> None:
    origin, site = both
    secret = withheld(origin)
    leaks = {}
    for target in surfaces(origin, site.url):
        answer = site.get(target)
        assert answer.status < 500, target
        if answer.markers & secret:
            leaks[target] = sorted(answer.markers & secret)[:3]
    assert not leaks


def test_no_form_fetches_another_face(both: Both) -> None:
    origin, site = both
    secret = withheld(origin)
    locked = next(each for each in origin.articles if each.tier == "locked")
    for target, written in FORMS:
        form = written.format(id=locked.id, name=locked.name)
        shown = {found.decode() for found in MARKER.findall(posted(site.url, target, form))}
        assert not shown & secret, (target, form)


def posted(url: str, target: str, form: str) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", target, form, kind)
        return connection.getresponse().read()
    finally:
        connection.close()


def test_free_articles_are_whole_for_everyone(both: Both) -> None:
    origin, site = both
    for each in origin.articles:
        if each.tier == "free":
            assert marks(each.name, PARAGRAPHS) <= site.get(each.path).markers


def test_a_teaser_keeps_its_beginning_and_bears_the_wall(both: Both) -> None:
    origin, site = both
    for each in origin.articles:
        if each.tier != "free":
            answer = site.get(each.path)
            assert marks(each.name, 1) <= answer.markers, each.path
            assert b"lg-wall" in answer.body


def test_a_subscriber_reads_every_article_whole(both: Both) -> None:
    origin, site = both
    for each in origin.articles:
        answer = site.get(each.path, cookie=site.cookie)
        assert marks(each.name, PARAGRAPHS) <= answer.markers, each.path
        if each.tier != "free":
            assert answer.headers["cache-control"] == "private, no-store"


def test_the_staffs_own_tools_still_answer(both: Both) -> None:
    _, site = both
    assert b"loginform" in site.get("/wp-login.php").body
    assert site.get("/wp-admin/").status == 302


def test_audit_finds_the_leaks_of_the_bare_site_and_none_behind_the_gateway(both: Both) -> None:
    origin, site = both
    gated = site.command("audit")
    assert gated.returncode == 0, gated.stdout + gated.stderr
    bare = site.command("audit", "--sitemap", f"{origin.url}/wp-sitemap.xml")
    assert bare.returncode == 1, bare.stdout + bare.stderr


def test_init_knows_it_for_what_it_is_and_what_it_writes_stands_check(
    both: Both, tmp_path: Path
) -> None:
    origin, _ = both
    for words in (["init", "--origin", origin.url], ["check"]):
        command = [sys.executable, "-m", "gateway", *words]
        environment = {**os.environ, "LYCHGATE_KEY": "k" * 40, "LYCHGATE_PURGE_KEY": "p" * 40}
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    written = "".join(path.read_text() for path in (tmp_path / "policies").glob("*.yaml"))
    assert "wordpress" in written
