"""What a page says of itself, and above all what it doesn't: other articles' cards say nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.model.page import PageKind
from gateway.model.rule import LabelKind, LabelSource
from gateway.page.facts import instant
from gateway.page.json_words import UNREADABLE
from tests.page.showing import article, known, settings

CARD = '<article class="card"><a href="/b"><h3>Ailleurs</h3></a><p class="post-access">{}</p></article>'
FRONT = (
    '<!doctype html><html lang="fr"><head><title>Une</title></head><body><main><h1>La Une</h1>'
    + "".join(
        f'<div class="card"><h2><a href="/{n}">Titre</a></h2><span class="post-access">'
        f"{'Membres' if n % 2 else 'Publique'}</span></div>"
        for n in range(20)
    )
    + "</main></body></html>"
)


def words(page: str, **given: object) -> list[tuple[int, str]]:
    facts = known(page, **given)  # type: ignore[arg-type]  # fields by name
    return [(word.source, word.word) for word in facts.words]


def test_a_front_page_of_cards_with_both_words_is_a_listing() -> None:
    facts = known(FRONT)
    assert facts.kind is PageKind.LISTING
    assert facts.words == ()


def test_a_front_page_of_article_cards_is_a_listing() -> None:
    """Themes draw cards as <article>: many roots and no body of their own."""
    page = "<!doctype html><html><body><main><h1>Une</h1>" + "".join(
        CARD.format(word) for word in ("Membres", "Publique") * 10
    )
    facts = known(page + "</main></body></html>")
    assert facts.kind is PageKind.LISTING
    assert facts.words == ()


def test_a_front_page_with_one_article_card_is_no_gated_article() -> None:
    page = f"<!doctype html><html><body><main><h1>Une</h1>{CARD.format('Membres')}</main></body></html>"
    assert known(page).words == ()


def test_an_article_s_badge_is_read_inside_its_root() -> None:
    page = article("<p>Un.</p>").replace("<h1>", '<p class="post-access"> Membres </p><h1>')
    facts = known(page)
    assert facts.kind is PageKind.ARTICLE
    assert facts.body_found
    assert words(page) == [(3, "Membres")]


@pytest.mark.parametrize(
    "related",
    [
        f"<aside><h2>À lire aussi</h2>{CARD.format('Membres')}</aside>",
        '<section class="related"><a href="/b">Un autre titre <span class="post-access">Membres</span></a></section>',
        f"<ul><li>{CARD.format('Membres')}</li></ul>",
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_related_cards_say_nothing_of_a_public_article(related: str, inside: bool) -> None:
    page = article("<p>Un.</p>", after="" if inside else related)
    page = page.replace("<h1>", '<p class="post-access">Publique</p><h1>')
    if inside:
        page = page.replace("</article></main>", f"{related}</article></main>")
    assert [word for _, word in words(page)] == ["Publique"]


@pytest.mark.parametrize("inside", [True, False])
def test_a_public_article_without_a_badge_stays_so(inside: bool) -> None:
    related = f"<aside>{CARD.format('Membres')}</aside>"
    page = article("<p>Un.</p>", after="" if inside else related)
    if inside:
        page = page.replace("</article></main>", f"{related}</article></main>")
    assert words(page) == []


def test_headers_meta_and_json_ld_come_in_the_policy_s_order() -> None:
    head = (
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle",'
        '"headline":"Titre","isAccessibleForFree":false}</script>'
        '<meta property="article:content_tier" content="Locked">'
    )
    found = words(article("<p>Un.</p>", head=head), headers=((b"x-content-access", b"paid"),))
    assert [source for source, _ in found] == [0, 1, 2]
    assert [word.lower() for _, word in found] == ["paid", "locked", "false"]


def test_a_header_s_name_is_compared_without_case_and_twice_gives_both() -> None:
    headers = ((b"x-content-access", b"public"), (b"X-Content-Access", b"paid"))
    found = {word for _, word in words(article("<p>Un.</p>"), headers=headers)}
    assert "paid" in found, "two answers must not open what one of them gates"


@pytest.mark.parametrize(
    "said",
    ["false", '"false"', '"False"', '"http://schema.org/False"', '"https://schema.org/False"'],
)
def test_json_ld_says_false_in_many_spellings(said: str) -> None:
    head = (
        '<script type="application/ld+json">[{"@type":"WebSite"},{"@graph":[{"@type":["Thing",'
        f'"ReportageNewsArticle"],"headline":"T","isAccessibleForFree":{said}}}]}}]</script>'
    )
    found = words(article("<p>Un.</p>", head=head))
    assert [(source, word.lower()) for source, word in found] == [(2, "false")]


def test_json_ld_of_other_nodes_says_nothing() -> None:
    head = (
        '<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"T",'
        '"isAccessibleForFree":true},{"@type":"ItemList","itemListElement":[{"@type":"NewsArticle",'
        '"headline":"U","isAccessibleForFree":false}]}]}</script>'
    )
    assert [word.lower() for _, word in words(article("<p>Un.</p>", head=head))] == ["true"]


def test_a_listing_s_item_list_is_no_label() -> None:
    head = (
        '<script type="application/ld+json">{"@type":"CollectionPage","mainEntity":{"@type":"ItemList",'
        '"itemListElement":[{"@type":"ListItem","item":{"@type":"NewsArticle","headline":"U",'
        '"isAccessibleForFree":false}}]}}</script>'
    )
    facts = known(FRONT.replace("</head>", head + "</head>"))
    assert facts.kind is PageKind.LISTING
    assert facts.words == ()


def test_two_metas_that_disagree_are_both_told() -> None:
    head = (
        '<meta name="article:content_tier" content="free"><meta name="article:content_tier"'
        ' content="locked">'
    )
    assert "locked" in [word for _, word in words(article("<p>Un.</p>", head=head))]


def test_a_meta_in_the_body_or_in_a_template_is_not_the_page_s_own() -> None:
    planted = '<meta name="article:content_tier" content="free">'
    page = article(f"<p>Un.</p><div class=comments>{planted}</div><template>{planted}</template>")
    assert words(page) == []


def test_a_page_with_a_label_and_no_root_is_an_article_without_a_body() -> None:
    page = (
        '<!doctype html><html><head><meta name="article:content_tier" content="locked"></head>'
        "<body><div><p>Texte.</p></div></body></html>"
    )
    facts = known(page)
    assert facts.kind is PageKind.ARTICLE
    assert not facts.body_found


def test_facts_for_rules() -> None:
    head = (
        '<meta property="article:published_time" content="2026-11-01T08:00:00+01:00">'
        '<meta property="article:section" content="Politique">'
        '<meta property="article:tag" content="eau"><meta property="article:tag" content="mer">'
        '<meta name="author" content="Claire Dufresne"><meta property="og:title" content="Autre">'
    )
    facts = known(article("<p data-lg-when=member>Un.</p>", head=head))
    assert facts.published_at == datetime(2026, 11, 1, 7, tzinfo=UTC).timestamp()
    assert facts.sections == {"Politique"}
    assert {tag.casefold() for tag in facts.tags} == {"eau", "mer"}
    assert {author.casefold() for author in facts.authors} == {"claire dufresne"}
    assert facts.language == "fr"
    assert facts.title == "Titre"
    assert facts.reader_marks


def test_facts_from_json_ld_alone() -> None:
    head = (
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"T","datePublished":'
        '"2026-11-01T07:00:00Z","articleSection":["Eau","Mer"],"keywords":"sel, digue","author":'
        '[{"@type":"Person","name":"A. B."},{"@id":"#x"}]}</script>'
    )
    facts = known(article("<p>Un.</p>", head=head))
    assert facts.published_at == datetime(2026, 11, 1, 7, tzinfo=UTC).timestamp()
    assert {section.casefold() for section in facts.sections} == {"eau", "mer"}
    assert {tag.casefold() for tag in facts.tags} == {"sel", "digue"}
    assert {author.casefold() for author in facts.authors} == {"a. b."}


OWN, OTHER = "2020-01-02T00:00:00Z", "2026-11-01T00:00:00Z"


def time(date: str) -> str:
    return f'<time itemprop="datePublished" datetime="{date}"></time>'


def dated(*, head: str = "", header: str = "", inside: str = "", end: str = "") -> str:
    """An article's page with dates in its head, the site's header, beside its headline and at its end."""
    page = article("<p>Un.</p>", head=head).replace("<h1>", f"{inside}<h1>")
    page = page.replace("<header><p>Gazette", f"<header>{header}<p>Gazette")
    return page.replace("</article>", f"{end}</article>")


NEWS = 'itemscope itemtype="https://schema.org/NewsArticle"'
CARD_DATED = f'<div><h3><a href="/b">Ailleurs</a></h3>{time(OTHER)}</div>'
COMMENT = f'<div itemscope itemtype="https://schema.org/Comment">{time(OTHER)}</div>'


@pytest.mark.parametrize(
    ("page", "date"),
    [
        (dated(header=f"<p {NEWS}>{time(OTHER)}</p>", inside=time(OWN)), OWN),
        (dated(header=f"<p {NEWS}>{time(OTHER)}</p>"), None),
        (dated(header=f"<p>{time(OTHER)}</p>"), None),
        (dated(end=CARD_DATED + COMMENT), None),
        (dated(end=f"<aside {NEWS}>{time(OTHER)}</aside>"), None),
        (dated(end=CARD_DATED + COMMENT + time(OWN)), OWN),
        (dated(inside=time(OWN)).replace("<article>", f"<article {NEWS}>"), OWN),
        (
            dated(inside=time(OWN)).replace("<article>", f"<article><div {NEWS}>"),
            OWN,
        ),
        (
            dated()
            .replace("<article>", f"{time(OWN)}<article>")
            .replace("<main>", f"<main {NEWS}>"),
            OWN,
        ),
        (dated(header=time(OTHER)).replace("<body>", f"<body {NEWS}>"), None),
        (dated(head=f'<meta itemprop="datePublished" content="{OWN}">', header=time(OTHER)), OWN),
        (dated(inside=time(OWN).replace('"datePublished"', '"dateCreated datePublished"')), OWN),
    ],
)
def test_an_article_s_date_is_its_own(page: str, date: str | None) -> None:
    """Else a younger article in a ticker or a comment would open an old one."""
    expected = datetime.fromisoformat(date).timestamp() if date else None
    assert known(page).published_at == expected


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("2026-07-01T09:00:00", 1_782_864_000.0),
        ("2026-07-01 09:00", 1_782_864_000.0),
        ("2026-07-01", 1_782_831_600.0),
        ("2026-07-01T09:00:00Z", 1_782_896_400.0),
        ("2026-07-01T09:00:00+02:00", 1_782_889_200.0),
        ("Wed, 01 Jul 2026 09:00:00", 1_782_864_000.0),
        ("Wed, 01 Jul 2026 09:00:00 -0000", 1_782_896_400.0),
    ],
)
def test_a_date_without_a_zone_is_in_the_site_s(date: str, seconds: float) -> None:
    assert instant([date], ZoneInfo("Asia/Tokyo")) == seconds
    page = article("<p>Un.</p>", head=f'<meta property="article:published_time" content="{date}">')
    there = replace(settings(), timezone=ZoneInfo("Asia/Tokyo"))
    assert known(page, with_settings=there).published_at == seconds


@pytest.mark.parametrize(
    "date",
    ["", "yesterday", "2026-13-45", "99999-01-01", "-1", "2026-11-01T25:00:00", "NaN", "1e999"],
)
def test_a_date_that_is_none_is_none(date: str) -> None:
    head = f'<meta property="article:published_time" content="{date}">'
    assert known(article("<p>Un.</p>", head=head)).published_at is None


def ld(*nodes: str) -> str:
    return "".join(f'<script type="application/ld+json">{node}</script>' for node in nodes)


NAMED = '"@type":"NewsArticle","headline":"Titre"'
FALSE = '"isAccessibleForFree":false'


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (ld(f"\ufeff\n{{{NAMED},{FALSE}}}"), ["false"]),
        (ld(f'{{{NAMED},"isAccessibleForFree":{{"@value":false}}}}'), ["false"]),
        (ld(f'{{{NAMED},"isAccessibleForFree":{{"a":1}}}}'), ['{"a": 1}']),
        (ld(f'{{{NAMED},"isAccessibleForFree":""}}'), [""]),
        (ld(f'{{{NAMED},"isAccessibleForFree":null}}'), []),
        (ld(f'{{{NAMED},"schema:IsAccessibleForFree":false}}'), ["false"]),
        *(
            (ld(f'{{"@type":"{kind}","name":"X",{FALSE}}}'), ["false"])
            for kind in ("Course", "HowTo")
        ),
        (ld(f'{{"@graph":[{{"@type":"WebPage",{FALSE}}},{{{NAMED}}}]}}'), ["false"]),
        (ld(f'{{{NAMED},"hasPart":{{"@type":"WebPageElement",{FALSE}}}}}'), ["false"]),
        (ld(f'{{{NAMED},"hasPart":{{"@type":"NewsArticle",{FALSE}}}}}'), []),
        # Another article's node names its page; the own one bears the page's headline.
        (
            ld(
                f"{{{NAMED},{FALSE}}}",
                '{"@type":"Article","headline":"Autre","mainEntityOfPage":"/b","isAccessibleForFree":true}',
            ),
            ["false"],
        ),
        (ld(f'{{"@type":"Article","headline":"&quot;TITRE  ",{FALSE}}}', f"{{{NAMED}}}"), []),
        # Neither does: whichever is the page's, what it says counts.
        (
            ld(
                f'{{"@type":"Article","headline":"A",{FALSE}}}',
                '{"@type":"Article","headline":"B","mainEntityOfPage":"/b","isAccessibleForFree":true}',
            ),
            ["false", "true"],
        ),
        (ld(f"{{{NAMED},{FALSE},}}"), [UNREADABLE]),
        (ld(f'{{"headline":"a "quoted" one",{NAMED},{FALSE}}}'), [UNREADABLE]),
        (ld('{"@type":"Article","isAccessibleForFree":true,}'), []),
        (ld('{"@type":"Article","isAccessibleForFree": "https://schema.org/True",}'), []),
        (
            ld('{"isAccessibleForFree":true,"hasPart":{"isAccessibleForFree":"False",}}'),
            [UNREADABLE],
        ),
    ],
)
def test_what_json_ld_says_of_free_reading_is_never_lost(head: str, words: list[str]) -> None:
    said = [word.word for word in known(article("<p>Un.</p>", head=head)).words]
    assert said == words


def test_a_broken_script_makes_no_listing_an_article() -> None:
    head = ld(f'{{"@type":"ItemList","itemListElement":[{{{NAMED},{FALSE},}}]}}')
    assert known(FRONT.replace("</head>", head + "</head>")).kind is PageKind.LISTING


@pytest.mark.parametrize(
    "json_ld",
    [
        "",
        "{",
        "[]",
        "null",
        "1",
        '"x"',
        "[" * 5_000,
        '{"@graph":' * 2_000,
        '{"@type":{}}',
        '{"@type":[[]]}',
        '{"@type":"NewsArticle","author":1,"keywords":{},"articleSection":[1],"datePublished":[]}',
    ],
)
def test_broken_json_ld_says_nothing_and_raises_nothing(json_ld: str) -> None:
    head = f'<script type="application/ld+json">{json_ld}</script>'
    assert known(article("<p>Un.</p>", head=head)).words == ()


def test_a_selector_that_can_t_be_read_finds_nothing() -> None:
    labels = (LabelSource(LabelKind.CSS, "p[[["),)
    with_settings = settings(body=(":::", ".body"), root=("[", "article"), labels=labels)
    facts = known(article("<p>Un.</p>"), with_settings=with_settings)
    assert facts.body_found
    assert facts.words == ()


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ('<div class="body"><p>a</p></div>', True),
        ('<div class="body"><p>a</p></div><div class="body"><p>b</p></div>', False),
        ('<div class="body"><p>a</p><div class="body"><p>b</p></div></div>', True),
        ("<p>a</p>", False),
    ],
)
def test_a_body_stands_in_exactly_one_place(inner: str, found: bool) -> None:
    page = f"<!doctype html><html><body><article><h1>T</h1>{inner}</article></body></html>"
    assert known(page).body_found is found


def posts(words: int, count: int = 3) -> str:
    post = '<article class="post"><h2><a href="/p">Titre</a></h2><div class="body"><p>{}</p></div></article>'
    cards = "".join(post.format("mot " * words) for _ in range(count))
    return f"<!doctype html><html><body><main><h1>Une</h1>{cards}</main></body></html>"


def test_a_list_of_excerpts_is_a_listing() -> None:
    assert known(posts(40)).kind is PageKind.LISTING


def test_a_list_of_whole_posts_is_no_listing() -> None:
    """An archive with whole posts is another face of each: closed unless a rule says otherwise."""
    facts = known(posts(400))
    assert facts.kind is PageKind.ARTICLE
    assert not facts.body_found


def test_one_short_post_stays_an_article() -> None:
    assert known(posts(40, count=1)).body_found


def items(words: int, *, inside: bool = False) -> str:
    """Posts as items of a list, in a root that they share. ``inside``: headings stand in the bodies."""
    heading = '<h2><a href="/p">Titre</a></h2>'
    around, within = ("", heading) if inside else (heading, "")
    item = f'<li>{around}<div class="body">{within}<p>{"mot " * words}</p></div></li>'
    return f"<!doctype html><html><body><article><h1>Une</h1><ul>{item * 3}</ul></article>"


def test_excerpts_in_a_list_are_a_listing() -> None:
    assert known(items(40)).kind is PageKind.LISTING


@pytest.mark.parametrize("page", [items(400), items(40, inside=True)])
def test_whole_posts_in_a_list_and_parts_of_one_article_are_no_listing(page: str) -> None:
    facts = known(page)
    assert facts.kind is PageKind.ARTICLE
    assert not facts.body_found
