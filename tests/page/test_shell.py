"""[site] shell: our main part in a page of the publisher's."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.model.reader import ReaderKind
from gateway.model.rule import PageSettings, Replacement
from gateway.page.shell import ShellUnfit, into_shell
from tests.page.drawing import TEMPLATES

SHELL = """<!doctype html><html lang="de" class="theirs"><head><title>Seite</title>
<link rel="canonical" href="/seite"><meta property="og:title" content="Seite">
<link rel="stylesheet" href="/a.css"><script type="application/ld+json">{}</script></head>
<body><header>Kopf</header><main id="m"><p>alt</p>text</main><footer>Fuss</footer></body></html>"""


def around(shell: str, page: bytes, reader: ReaderKind = ReaderKind.ANONYMOUS) -> str:
    settings = PageSettings(replace=(Replacement(".join", "/-/plans"),), remove=(".ad",))
    return into_shell(shell=shell, page=page, reader=reader, settings=settings).decode()


def test_our_main_part_stands_in_the_publisher_s_page() -> None:
    page = TEMPLATES.help(language="fr", back="/a")
    made = around(SHELL, page)
    tree = LexborHTMLParser(made)
    main = tree.css_first("main#m")
    html = tree.css_first("html.theirs")
    assert main is not None
    assert html is not None
    assert html.attributes["lang"] == "fr"
    assert main.text().strip().startswith("Un problème")
    assert "alt" not in main.text().split()
    titles = [node.text() for node in tree.css("head title")]
    assert titles == ["Un problème d’accès\u00a0? · Le Courrier"]
    assert len(tree.css('style[data-lg-part="content"]')) == 1
    assert not tree.css('style[data-lg-part="frame"], link[rel=canonical], meta[property]')
    assert "application/ld+json" not in made
    assert tree.css_first('meta[name="robots"][content="noindex"]') is not None
    assert "Kopf" in made
    assert "/a.css" in made
    assert "Fuss" in made


@pytest.mark.parametrize("shell", ["", "<p>", "<main></main><main></main>", "x" * (3 << 20)])
def test_a_shell_that_can_t_hold_ours_is_refused(shell: str) -> None:
    with pytest.raises(ShellUnfit):
        around(shell, TEMPLATES.help(language="fr", back=""))


def test_the_publisher_s_marks_replacements_and_removals_count_around_our_pages() -> None:
    header = (
        '<a data-lg-when="anonymous">Entrer</a><a data-lg-when="member subscriber">Mon compte</a>'
        '<a class="join" href="/abonnement">Offres</a><div class="ad">Pub</div>'
    )
    shell = SHELL.replace("Kopf", header)
    page = TEMPLATES.help(language="fr", back="")
    tree = LexborHTMLParser(around(shell, page))
    (head,) = tree.css("body > header")
    assert head.text(separator=" ").split() == ["Entrer", "Offres"]
    assert [node.attributes["href"] for node in head.css(".join")] == ["/-/plans"]
    tree = LexborHTMLParser(around(shell, page, ReaderKind.MEMBER))
    (head,) = tree.css("body > header")
    assert head.text(separator=" ").split() == ["Mon", "compte", "Offres"]
    (html,) = tree.css("html")
    assert html.attributes["data-lg-reader"] == "member"


def test_search_engines_may_find_the_plans_within_the_shell_too() -> None:
    plans = TEMPLATES.page(
        "plans",
        "fr",
        plans=[],
        unsold=True,
        subscribed=False,
        signed_in=False,
        login_url="/l",
        adopt_url="",
        return_to="/",
    )
    shell = SHELL.replace("<head>", '<head><meta name="robots" content="noindex">')
    made = around(shell, plans)
    assert "noindex" not in made
    assert ">Nous écrire</a>" in made, "who sells nothing here is written to"
