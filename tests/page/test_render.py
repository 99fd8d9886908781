"""What a rendered page says of itself, and that it stays a good page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.model.access import MEMBERS, PAID, PUBLIC, Access
from gateway.model.decision import Wall
from gateway.model.reader import ReaderKind
from gateway.model.rule import PageSettings, Replacement, TeaserSettings
from gateway.page.wall import WallContext
from tests.page.showing import TEASER, article, full, teased

LONG = "".join(f"<p>Une phrase parmi d'autres, la {n}e du texte entier.</p>" for n in range(10))
LD = (
    '<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle",'
    '"headline":"Titre","image":"https://news.example/une.jpg","author":{"@type":"Person","name":'
    '"A. B."},%s"datePublished":"2026-11-01T07:00:00Z"}</script>'
)


def parsed(body: bytes) -> LexborHTMLParser:
    return LexborHTMLParser(body.decode("utf-8"))


def json_ld(body: bytes) -> list[Any]:
    return [
        json.loads(node.text()) for node in parsed(body).css('script[type="application/ld+json"]')
    ]


def test_html_says_what_it_shows() -> None:
    attributes = parsed(teased(article(LONG), access=MEMBERS, wall=Wall.REGISTER).body).css_first(
        "html"
    )
    assert attributes is not None
    said = attributes.attributes
    assert said["lang"] == "fr"
    assert said["data-lg-access"] == "members"
    assert said["data-lg-reader"] == "anonymous"
    assert said["data-lg-wall"] == "register"


def test_a_public_page_says_no_reader_unless_it_asks() -> None:
    node = parsed(full(article(LONG)).body).css_first("html")
    assert node is not None
    assert node.attributes == {"lang": "fr", "data-lg-access": "public"}


def test_an_origin_can_t_forge_our_attributes() -> None:
    page = article(LONG).replace(
        '<html lang="fr">', '<html lang="fr" data-lg-wall="x" data-lg-reader="y">'
    )
    node = parsed(full(page).body).css_first("html")
    assert node is not None
    assert "data-lg-wall" not in node.attributes


@pytest.mark.parametrize("reader", ReaderKind)
@pytest.mark.parametrize("gated", [True, False])
def test_marked_elements_are_settled(reader: ReaderKind, gated: bool) -> None:
    marks = "".join(f'<b data-lg-when="{kind}" id="{kind}">x</b>' for kind in ReaderKind)
    page = article(LONG, before=f"{marks}<i data-lg-when='member subscriber' id=both>y</i>")
    if gated:
        tree = parsed(teased(page, reader=reader).body)
    else:
        tree = parsed(full(page, reader=reader).body)
    left = {str(node.attributes.get("id")) for node in tree.css("main > b")}
    assert left == {str(reader)}
    assert (tree.css_first("#both") is not None) is (reader is not ReaderKind.ANONYMOUS)
    node = tree.css_first("html")
    assert node is not None
    assert node.attributes["data-lg-reader"] == str(reader)


def test_replace_and_remove() -> None:
    with_settings = PageSettings(
        teaser=TEASER,
        replace=(Replacement(".subscribe", "/-/plans"), Replacement("[[bad", "/x")),
        remove=("#portal", "]]bad"),
    )
    extra = (
        '<a class="subscribe" href="https://old.example/" target=_blank onclick="x()">S</a>'
        '<form class="subscribe" action="/old"><button>S</button></form>'
        '<button class="subscribe" data-portal="signup">B</button><div id="portal">P</div>'
    )
    for rendered in (
        full(article(LONG, after=extra), with_settings=with_settings),
        teased(article(LONG, after=extra), with_settings=with_settings),
    ):
        tree = parsed(rendered.body)
        assert tree.css_first("#portal") is None
        link = tree.css_first("a.subscribe")
        assert link is not None
        assert link.attributes["href"] == "/-/plans"
        text = rendered.body.decode()
        assert "old.example" not in text


def test_the_frame_of_the_page_stays() -> None:
    head = (
        '<link rel="canonical" href="https://news.example/a"><link rel="alternate" hreflang="en"'
        ' href="/en/a"><meta name="robots" content="max-image-preview:large"><link rel="stylesheet"'
        ' href="/s.css"><script src="/app.js" defer></script><meta property="og:image" content="/i.jpg">'
        '<script>window.theme="dark"</script><style>p{margin:0}</style>'
    )
    text = teased(article(LONG, head=head, after="<script>go()</script>")).body.decode("utf-8")
    assert text.lower().startswith("<!doctype html>")
    for piece in (
        '<link rel="canonical" href="https://news.example/a">',
        'hreflang="en"',
        "max-image-preview:large",
        '<link rel="stylesheet" href="/s.css">',
        '<script src="/app.js" defer',
        '<meta property="og:image" content="/i.jpg">',
        '<script>window.theme="dark"</script>',
        "<style>p{margin:0}</style>",
        "<script>go()</script>",
        "<title>Titre</title>",
    ):
        assert piece in text, piece


def test_no_doctype_stays_none() -> None:
    """A page in quirks mode is laid out by other rules; a doctype of ours would change it."""
    text = teased("<html><body><article><h1>T</h1><div class=body>" + LONG).body.decode()
    assert "<!doctype" not in text.lower()


def test_is_accessible_for_free_goes_into_the_very_node() -> None:
    said = '"isAccessibleForFree":true,"hasPart":{"@type":"WebPageElement","cssSelector":".body"},'
    (node,) = json_ld(teased(article(LONG, head=LD % said)).body)
    assert node["isAccessibleForFree"] is False
    assert "hasPart" not in node
    assert node["headline"] == "Titre"
    assert node["author"]["name"] == "A. B."


def test_a_page_without_structured_data_gets_none_made_up() -> None:
    text = teased(article(LONG)).body.decode()
    assert "application/ld+json" not in text


def test_a_page_that_a_rule_opens_says_true() -> None:
    said = '"isAccessibleForFree":false,"hasPart":{"@type":"WebPageElement","isAccessibleForFree":false},'
    (node,) = json_ld(full(article(LONG, head=LD % said), rule_opens=True).body)
    assert node["isAccessibleForFree"] is True
    (node,) = json_ld(full(article(LONG, head=LD % said)).body)
    assert node["isAccessibleForFree"] is False, "nobody opened it: its own word stays"


def test_other_nodes_are_left_alone() -> None:
    head = (
        '<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"T"},'
        '{"@type":"BreadcrumbList","itemListElement":[{"@type":"ListItem","position":1}]},'
        '{"@type":"NewsMediaOrganization","name":"La Gazette"}]}</script>'
    )
    (whole,) = json_ld(teased(article(LONG, head=head)).body)
    article_node, crumbs, owner = whole["@graph"]
    assert article_node["isAccessibleForFree"] is False
    assert "isAccessibleForFree" not in crumbs
    assert owner == {"@type": "NewsMediaOrganization", "name": "La Gazette"}


def test_json_ld_can_t_close_its_script() -> None:
    head = LD.replace("Titre", "a<\\/script><script>alert(1)<\\/script>") % ""
    tree = parsed(teased(article(LONG, head=head)).body)
    assert all(
        "alert(1)" not in node.text() or "NewsArticle" in node.text() for node in tree.css("script")
    )
    assert len(tree.css("script")) == 1


def test_the_wall_s_markup_arrives_as_drawn() -> None:
    tree = parsed(teased(article(LONG)).body)
    wall = tree.css_first("#the-wall")
    assert wall is not None
    assert wall.parent is not None
    before = wall.prev
    while before is not None and before.is_text_node:
        before = before.prev
    assert before is not None
    assert before.tag == "p"
    assert "1e du texte" in before.text()


@pytest.mark.parametrize("access", [MEMBERS, PAID, Access(PAID.level, frozenset({"b", "a"}))])
def test_the_wall_is_told_who_may(access: Access) -> None:
    seen: list[WallContext] = []
    teased(article(LONG, lang="en-GB"), access=access, reader=ReaderKind.MEMBER, seen=seen)
    assert seen[0].signed_in
    assert seen[0].language.startswith("en")
    assert seen[0].tiers == tuple(sorted(access.tiers))


def test_a_full_page_is_changed_as_little_as_can_be() -> None:
    page = article(LONG + "<!-- a comment --><template><p>x</p></template>")
    text = full(page).body.decode()
    assert LONG in text
    assert "<!-- a comment -->" in text
    assert "<template><p>x</p></template>" in text


def test_settings_without_any_selector_fail_closed() -> None:
    with_settings = PageSettings(teaser=TeaserSettings())
    text = teased(article(LONG), with_settings=with_settings).body.decode()
    assert "phrase parmi" not in text
    assert 'id="the-wall"' in text
    assert "<h1>Titre</h1>" in text


def test_public_is_public() -> None:
    assert PUBLIC.level in full(article(LONG)).body.decode()
