"""[site] shell: our main part in a page of the publisher's."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.page.shell import ShellUnfit, into_shell
from tests.page.drawing import TEMPLATES

SHELL = """<!doctype html><html lang="de" class="theirs"><head><title>Seite</title>
<link rel="canonical" href="/seite"><meta property="og:title" content="Seite">
<link rel="stylesheet" href="/a.css"><script type="application/ld+json">{}</script></head>
<body><header>Kopf</header><main id="m"><p>alt</p>text</main><footer>Fuss</footer></body></html>"""


def test_our_main_part_stands_in_the_publisher_s_page() -> None:
    page = TEMPLATES.help(language="fr", back="/a")
    made = into_shell(shell=SHELL, page=page).decode()
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
        into_shell(shell=shell, page=TEMPLATES.help(language="fr", back=""))
