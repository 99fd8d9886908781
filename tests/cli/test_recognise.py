"""What a site is made with, and where its articles' text stands."""

from __future__ import annotations

import pytest

from gateway.cli.init import Found, config_text, policy_text, worth_reading
from gateway.cli.recognise import LabelSeen, access_of, look_at
from gateway.cli.systems import System, site_name, system_of
from gateway.cli.trying import trial_policy
from gateway.console.surfaces import called
from gateway.console.visitor import Seen

TEXT = "<p>" + "The harbour board met behind closed doors on the night of the storm. " * 8 + "</p>"


def page(html: str, *headers: tuple[bytes, bytes]) -> Seen:
    return Seen("/a", 200, ((b"content-type", b"text/html"), *headers), html.encode())


@pytest.mark.parametrize(
    ("html", "faces", "pack"),
    [
        ('<meta name="generator" content="Ghost 6.65">', {}, "ghost"),
        ('<meta name="Generator" content="WordPress 6.8">', {}, "wordpress"),
        ('<meta name="generator" content="Hugo 0.111.3">', {}, "static"),
        ('<meta name="generator" content="Eleventy v3">', {}, "static"),
        ('<link href="/wp-content/themes/x/style.css">', {}, "wordpress"),
        ("", {"/wp-json/": 200}, "wordpress"),
        ("", {"/ghost/api/content/settings/": 403}, "ghost"),
        ('<script data-ghost="x"></script>', {}, "ghost"),
        ('<script src="/_next/static/x.js"></script>', {}, "static"),
        ('<meta name="generator" content="Own Tool 1">', {"/wp-json/": 404}, "news"),
    ],
)
def test_systems(html: str, faces: dict[str, int], pack: str) -> None:
    assert system_of(page(html), faces).pack == pack


def test_what_a_site_calls_itself() -> None:
    assert site_name(page("<title>Home | The Post</title>")) == "The Post"
    assert site_name(page("<title>The Post | News from the estuary</title>")) == "The Post"
    articles = [page(f"<title>{title} – L'Écho</title>") for title in ("Le bac", "La halle")]
    assert site_name(page("<title>Toute l'actualité – L'Écho</title>"), articles) == "L'Écho"
    assert site_name(page('<meta property="og:site_name" content=" L\'Écho ">')) == "L'Écho"
    assert site_name(page("")) == "My site"
    assert called("<link rel=canonical href='https://a.example/'>") == "https://a.example/"
    assert called("") == ""


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ('<article><div class="entry-content">{}</div></article>', ".entry-content:not(.wc-tab)"),
        ('<main><div itemprop="articleBody">{}</div></main>', "[itemprop='articleBody']"),
        ('<div id="story"><section>{}</section></div>', "section"),
        ('<main><div class="css-1x2 wide">{}</div><div class="wide"></div></main>', ".css-1x2"),
        ("<article><h1>x</h1>{}</article>", "article"),
        # Two places of the same name: neither can be told from the other.
        ('<div class="entry-content">{}</div><div class="entry-content">x</div>', ""),
    ],
)
def test_bodies(shape: str, body: str) -> None:
    pages = [page(f"<html>{shape.format(TEXT)}</html>") for _ in range(3)]
    assert look_at(pages).body == body


def test_lists_of_teasers_are_no_articles() -> None:
    cards = "".join(f"<h2><a href='/{n}'>x</a></h2>" for n in range(9))
    assert look_at([page(f"<main>{cards}{TEXT}</main>")]).count == 0


def test_labels_of_all_kinds() -> None:
    html = (
        '<html lang="fr-FR"><meta name="article:content_tier" content="locked">'
        '<script type="application/ld+json">{"@graph": [{"isAccessibleForFree": false}]}</script>'
        f'<article><span class="flag">Abonnés</span><div class="entry-content">{TEXT}</div></article>'
    )
    found = look_at([page(html, (b"x-content-access", b"premium"))] * 2)
    assert found.languages == ("fr",)
    assert {(label.kind, label.name, label.words) for label in found.labels} == {
        ("header", "x-content-access", ("premium",)),
        ("meta", "article:content_tier", ("locked",)),
        ("json_ld", "isAccessibleForFree", ("false",)),
        ("css", ".flag", ("Abonnés",)),
    }


@pytest.mark.parametrize(
    ("word", "level"),
    [("Membres", "members"), ("PUBLIC", "public"), ("Réservé aux abonnés", "paid"), ("Sport", "")],
)
def test_words_of_access(word: str, level: str) -> None:
    assert access_of(word) == level


def test_only_labels_that_no_pack_reads_take_a_line() -> None:
    meta = LabelSeen("meta", "article:content_tier", ("locked",))
    assert not worth_reading(meta, "static")
    assert worth_reading(meta, "ghost")
    assert worth_reading(LabelSeen("meta", "article:content_tier", ("registered",)), "static")
    assert not worth_reading(LabelSeen("css", ".post-access", ("Membres", "Abonnés")), "news")
    assert worth_reading(LabelSeen("css", ".flag", ("Abonnés",)), "static")
    assert not worth_reading(LabelSeen("css", ".flag", ("Sport",)), "static")


def found(**changes: object) -> Found:
    html = f"<html lang='en'><article><i class='flag'>Abonnés</i><div id='b'>{TEXT}</div></article>"
    told = {
        "origin": "http://127.0.0.1:2368",
        "name": 'A "quoted" name',
        "system": System("static", "Hugo", "x"),
        "articles": look_at([page(html)] * 3),
        "feeds": (),
        "sitemap_pages": 3,
        "seen": ("/a", "/it's"),
    }
    return Found(**{**told, **changes})  # type: ignore[arg-type]  # tests change one at a time


def test_proposals_can_be_read_back() -> None:
    import tomllib

    from gateway.policy.compile import compile_policy
    from gateway.policy.load import load_texts

    assert tomllib.loads(config_text(found(), "http://x"))["site"]["name"] == 'A "quoted" name'
    for each in ("static", "wordpress", "ghost", "news"):
        proposed = policy_text(found(system=System(each, each, "x")))
        policy = compile_policy(load_texts([("site.yaml", proposed)]))
        assert ".flag" in {label.name for label in policy.settings.labels}
        assert policy.settings.teaser.body[0] == "#b"


def test_a_site_without_labels_is_tried_with_walls_on_its_articles() -> None:
    from gateway.policy.compile import compile_policy
    from gateway.policy.load import load_texts

    bare = look_at([page(f"<article>{TEXT}</article>")] * 3)
    policy = compile_policy(load_texts([("x.yaml", trial_policy(found(articles=bare)))]))
    assert policy.way("h", "/it's").strictest.gated
    assert policy.way("h", "/other").candidates[0][0].name == "default"
