"""The packs: every other face of an article is closed, and the site, its assets and its staff go on."""

from __future__ import annotations

import pytest

from gateway.model.access import Level
from gateway.model.reader import ANONYMOUS
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, settle_by_path
from gateway.policy.ways import WayKind
from tests.policy.writing import NOW, asking, page, policy, settled

PACKS = {
    name: policy(f"include: [{name}]\ndefault: public\n")
    for name in ("ghost", "wordpress", "static", "news")
}
CLOSED = {
    "ghost": """
        /ghost/api/content/posts/?key=x /ghost/api/content/posts/slug/a/?key=x&formats=html
        /ghost/api/content/posts/?key=x&filter[]=plaintext:~'x' /ghost/api/v3/content/posts/?key=x
        /ghost/api/content/posts/?key=x&%66ilter=html:~'x' /ghost/api/content/search-index/posts
        /ghost/api/canary/content/posts/ /GHOST/API/content/posts/ /members/api/member/
        /members/api/session/ /p/uuid/ /email/uuid/ /a-post/amp/ /a-post/?gift=1 /a-post/edit/
        /.ghost/activitypub/users/index /llms.txt /a-post.md""",
    "wordpress": """
        /wp-json/wp/v2/posts /wp-json/oembed/1.0/embed?url=x /?rest_route=/wp/v2/posts
        /index.php?rest_route=/wp/v2/posts /blog/wp-json/wp/v2/posts /xmlrpc.php /a-post/?feed=rss2
        /a-post/feed/?withoutcomments=1 /a-post/?withoutcomments=1 /a-post/?s=phrase /a-post/embed/
        /a-post/amp/ /a-post/?amp=1 /a-post/?print=1 /a-post/print/ /?attachment_id=3
        /a-post/?preview=true /a-post/trackback/ /llms.txt /?feed=atom
        /?s=e&feed=rss2 /index.php?feed=rss2&s=e /?s=e&p=12 /?p=12&s /?s=e&page_id=2 /?s=e&name=a-post
        /?attachment=a-file /search/e/?p=12 /index.php/a-post/?s=e
        /wp-content/cache/supercache/news.example/a-post/index.html""",
    "static": """
        /articles/a.md /articles/a/index.md /llms.txt /llms-full.txt /search.json /search-index.json
        /pagefind/pagefind.js /lunr.json /page-data/a/page-data.json /_next/data/x/a.json
        /articles/a/index.txt /articles/a/amp/ /articles/a/_payload.json /index.json
        /tags/x/index.json /en.search-data.1f.json /search.xml /elasticlunr.min.js
        /docs/search/search_index.json""",
}
OPEN = {
    "ghost": "/ /a-post/ /assets/built/screen.css /content/images/x.jpg /rss/ /tag/x/ /sitemap.xml",
    "wordpress": "/ /?s=phrase /search/phrase/ /a-post/ /feed/ /wp-content/x.css /wp-content/uploads/x.jpg /?p=3",
    "static": "/ /articles/a/ /index.xml /feed.json /style.css /img/x.png /sitemap.xml /robots.txt",
}
STAFF = {
    "ghost": "/ghost/ /ghost/api/admin/posts/ /ghost/#/posts",
    "wordpress": "/wp-admin/ /wp-admin/admin-ajax.php /wp-login.php",
}


def rows(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(pack, target) for pack, targets in table.items() for target in targets.split()]


def way_of(rules: Policy, target: str, method: str = "GET") -> tuple[str, WayKind]:
    path, _, query = target.partition("#")[0].partition("?")
    request = asking(path, query=query.encode(), method=method)
    way = rules.way("news.example", path)
    found = settle_by_path(way, request, rules, now=NOW)
    said = str(judge(found, ANONYMOUS, NOW).reason) if found else "by the page"
    return said, rules.narrowed(way, request).kind


@pytest.mark.parametrize(("pack", "target"), rows(CLOSED))
def test_other_faces_of_an_article_are_closed(pack: str, target: str) -> None:
    assert way_of(PACKS[pack], target)[0] == "refused-by-rule"


@pytest.mark.parametrize(("pack", "target"), rows(OPEN))
def test_the_site_goes_on(pack: str, target: str) -> None:
    said, kind = way_of(PACKS[pack], target)
    assert said != "refused-by-rule"
    assert kind is not WayKind.PATH


@pytest.mark.parametrize(("pack", "target"), rows(STAFF))
def test_the_staffs_own_tools_keep_their_log_in(pack: str, target: str) -> None:
    rules = PACKS[pack]
    path = target.partition("#")[0]
    way = rules.way("news.example", path)
    assert way.personal
    assert way.kind is WayKind.OPEN or way.candidates[-1][0].personal
    for method in ("GET", "POST"):
        assert way_of(rules, path, method)[0] == "public-page"


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "target", ["/", "/index.php", "/index.php?x=1", "/index.php/a-post/", "/another-page/"]
)
def test_wordpress_forms_that_select_another_face_are_closed(target: str, method: str) -> None:
    assert way_of(PACKS["wordpress"], target, method)[0] == "refused-by-rule"


def test_wordpress_lets_comments_and_a_form_that_the_site_names_through() -> None:
    rules = policy(
        "include: [wordpress]\ndefault: public\nrules:\n"
        "  - { name: contact, path: /contact/**, method: POST, access: public }\n"
    )
    for path in ("/wp-comments-post.php", "/contact/", "/cart/", "/wp-login.php"):
        assert way_of(rules, path, "POST")[0] == "public-page"
    assert way_of(rules, "/about/", "POST")[0] == "refused-by-rule"


@pytest.mark.parametrize(
    "target",
    """/?wc-ajax=x /?wc-ajax=x&rest_route=/wp/v2/posts /?wc-ajax=x&_method=GET
    /wp-json/wc/store/v1/cart /wp-json/contact-form-7/v1/contact-forms/4/feedback""".split(),
)
def test_wordpress_lets_no_plugin_s_form_through_unasked(target: str) -> None:
    """Each may name a post in its body, with an empty rest_route beside it, and gets it whole."""
    assert way_of(PACKS["wordpress"], target, "POST")[0] == "refused-by-rule"


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("Membres", Level.MEMBERS),
        ("Publique", Level.PUBLIC),
        ("Abonnés", Level.PAID),
        ("Réservé aux abonnés", Level.PAID),
        ("gratuit", Level.PUBLIC),
    ],
)
def test_french_badges_are_understood(word: str, level: Level) -> None:
    rules = PACKS["news"]
    css = next(n for n, source in enumerate(rules.settings.labels) if source.kind == "css")
    from dataclasses import replace

    from gateway.model.page import LabelWord

    facts = replace(page(), words=(LabelWord(css, word),))
    assert settled(rules, facts).access.level is level
