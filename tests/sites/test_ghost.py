"""Ghost 5 and 6 behind the gateway, with three lines of policy: the gateway is a paid member there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gateway.bench.processes import free_port
from tests.sites.behind import Site, fetch, gateway, marks
from tests.sites.ghost import PARAGRAPHS, VERSIONS, Ghost, ghost

CONFIG = """\
[site]
url = "{{url}}"
origin = "{{origin}}"
name = "The Courier"
[origin]
headers = {{{{ Cookie = '{cookie}' }}}}
shared_identity = true
[policies]
folder = "policies"
"""
POLICY = """\
version: 1
include: [ghost]
default: public
"""
Both = tuple[Ghost, Site]
KEPT_PARAGRAPHS = 2


@pytest.fixture(scope="module", params=sorted(VERSIONS))
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    port = free_port()
    folder = tmp_path_factory.mktemp(f"ghost-{request.param}")
    with (
        ghost(request.param, folder, reader_url=f"http://127.0.0.1:{port}") as origin,
        gateway(
            tmp_path_factory.mktemp("gateway"),
            port=port,
            origin=origin.url,
            config=CONFIG.format(cookie=origin.paid_cookie),
            policy=POLICY,
        ) as site,
    ):
        yield origin, site


def withheld(origin: Ghost) -> set[str]:
    return {
        mark
        for post in origin.posts
        if post.visibility != "public"
        for mark in marks(post.name, PARAGRAPHS) - marks(post.name, KEPT_PARAGRAPHS)
    }


def surfaces(origin: Ghost) -> list[str]:
    """Every way that Ghost has of showing a post, and some that it once had."""
    found = ["/", "/page/2/", "/rss/", "/tag/enquiries/", "/tag/enquiries/rss/", "/author/owner/"]
    found += [
        "/author/owner/rss/",
        "/sitemap.xml",
        "/sitemap-posts.xml",
        "/robots.txt",
        "/llms.txt",
    ]
    for post in origin.posts:
        bare = post.path.rstrip("/")
        found += [post.path, bare, f"{bare}/amp/", f"{bare}.md", f"{bare}/rss/", f"/p/{post.uuid}/"]
        found += [f"{bare}/?gift=1", f"/email/{post.uuid}/", f"{post.path}?ref=a", f"//{bare}/"]
    return found


def content_key(origin: Ghost) -> str:
    """As it stands on Ghost's own pages."""
    found = re.search(rb'data-key="([0-9a-f]{26})"', fetch(origin.url, "/").body)
    assert found
    return found[1].decode()


def test_bare_the_gateways_own_cookie_shows_everything(both: Both) -> None:
    """Else the next test would prove nothing."""
    origin, _ = both
    seen: set[str] = set()
    for post in origin.posts:
        seen |= fetch(origin.url, post.path, cookie=origin.paid_cookie).markers
    assert withheld(origin) <= seen


def test_an_anonymous_reader_gets_no_withheld_paragraph_from_any_surface(both: Both) -> None:
    origin, site = both
    secret = withheld(origin)
    leaks = {
        path: sorted(found)[:3]
        for path in surfaces(origin)
        for found in [site.get(path).markers & secret]
        if found
    }
    assert not leaks


def test_the_content_api_answers_no_reader(both: Both) -> None:
    origin, site = both
    key = content_key(origin)
    for query in (
        f"key={key}&limit=all",
        f"key={key}&limit=all&formats=plaintext",
        f"key={key}&filter=plaintext:~'council'",
        f"key={key}&%66ilter=html:~'council'",
    ):
        for prefix in ("", "/ghost/..", "/"):
            answer = site.get(f"{prefix}/ghost/api/content/posts/?{query}")
            assert answer.status in (308, 400, 403), query
            assert not answer.markers


def test_a_subscriber_reads_every_post_whole(both: Both) -> None:
    origin, site = both
    for post in origin.posts:
        answer = site.get(post.path, cookie=site.cookie)
        assert marks(post.name, PARAGRAPHS) <= answer.markers, post.path


def test_public_posts_are_whole_for_everyone(both: Both) -> None:
    origin, site = both
    for post in origin.posts:
        if post.visibility == "public":
            assert marks(post.name, PARAGRAPHS) <= site.get(post.path).markers


def test_the_staffs_tools_work_and_members_accounts_there_do_not(both: Both) -> None:
    _, site = both
    assert site.get("/ghost/").status in (200, 302)
    assert b'"version"' in site.get("/ghost/api/admin/site/").body
    assert site.get("/ghost/api/admin/posts/").status in (401, 403)
    for path in ("/members/api/member/", "/members/api/session/"):
        answer = site.get(path)
        assert answer.status == 403
        assert b"gateway@example.test" not in answer.body


def test_the_gateways_cookie_there_never_comes_out(both: Both) -> None:
    origin, site = both
    secret = origin.paid_cookie.partition("=")[2].partition(";")[0].encode()
    for path in ("/", origin.posts[0].path, "/ghost/api/admin/site/", "/nothing-here/"):
        answer = site.get(path)
        assert secret not in answer.body
        assert secret.decode() not in str(answer.headers)
