"""The four walls: their words, their links, and what may not be there."""

from __future__ import annotations

import gzip
import re
from decimal import Decimal

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.model.decision import Wall
from gateway.page.wall import WallContext
from tests.page.drawing import TEMPLATES, drawn, lines

# The sheet of words that readers read, one line a wall: kicker, heading, line, price, button,
# reassurance, login, help.
WORDS = {
    ("fr", Wall.REGISTER, False): [
        "Créez un compte gratuit pour lire la suite",
        "Sans carte bancaire.",
        "Créer mon compte",
        "Déjà inscrit ? Se connecter",
        "Un problème d'accès ?",
    ],
    ("fr", Wall.SUBSCRIBE, False): [
        "Réservé aux abonnés",
        "Abonnez-vous pour lire la suite",
        "Il vous reste environ 70 % de cet article à lire.",
        "À partir de 9,90 € par mois, TVA comprise",
        "Voir les offres",
        "Résiliable en ligne",
        "Déjà abonné ? Se connecter",
        "Un problème d'accès ?",
    ],
    ("fr", Wall.UPGRADE, True): [
        "Cet article fait partie de l'offre Soutien",
        "Votre abonnement ne l'inclut pas encore.",
        "Changer d'offre",
        "Vous êtes connecté. Changer de compte",
        "Un problème d'accès ?",
    ],
    ("fr", Wall.SETTLE, True): [
        "Votre abonnement est en attente",
        "Vérifiez votre paiement pour reprendre la lecture.",
        "Voir mon abonnement",
        "Vous êtes connecté. Changer de compte",
        "Un problème d'accès ?",
    ],
    ("en", Wall.REGISTER, False): [
        "Create a free account to keep reading",
        "No card needed.",
        "Create my account",
        "Already registered? Log in",
        "Trouble reading?",
    ],
    ("en", Wall.SUBSCRIBE, False): [
        "Subscribers only",
        "Subscribe to keep reading",
        "About 70% of this article remains.",
        "From €9.90 a month, VAT included",
        "See plans",
        "Cancel online",
        "Already a subscriber? Log in",
        "Trouble reading?",
    ],
    ("en", Wall.UPGRADE, True): [
        "This article is part of the Soutien plan",
        "Your subscription doesn't include it yet.",
        "Change plan",
        "You're logged in. Switch account",
        "Trouble reading?",
    ],
    ("en", Wall.SETTLE, True): [
        "Your subscription is on hold",
        "Check your payment to resume reading.",
        "See my subscription",
        "You're logged in. Switch account",
        "Trouble reading?",
    ],
}


@pytest.mark.parametrize(("language", "wall", "signed_in"), list(WORDS))
def test_each_wall_says_its_words_in_order(language: str, wall: Wall, signed_in: bool) -> None:
    price = ""
    if wall is Wall.SUBSCRIBE:
        price = TEMPLATES.price(Decimal("9.90"), "EUR", language=language)
    html = drawn(wall, language=language, signed_in=signed_in, price=price)
    assert lines(html) == WORDS[language, wall, signed_in]


def test_no_price_is_said_when_none_is_known() -> None:
    assert 'lg-wall-price"' not in drawn(Wall.SUBSCRIBE)
    assert "€" not in drawn(Wall.SUBSCRIBE)


@pytest.mark.parametrize(("percent", "said"), [(0, ""), (10, "10 %"), (90, "90 %"), (100, "90 %")])
def test_the_share_that_remains(percent: int, said: str) -> None:
    words = lines(drawn(Wall.SUBSCRIBE, remaining_percent=percent))
    shares = [line for line in words if "%" in line]
    assert shares == ([f"Il vous reste environ {said} de cet article à lire."] if said else [])


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("wall", list(Wall))
def test_a_wall_keeps_its_budget_and_asks_for_nothing(
    wall: Wall, language: str, signed_in: bool
) -> None:
    html = drawn(wall, language=language, signed_in=signed_in, price="À partir de 9,90 € par mois")
    assert len(html.encode()) <= 6 * 1024
    assert len(gzip.compress(html.encode(), 9)) <= 2 * 1024
    tree = LexborHTMLParser(html)
    assert not tree.css("script, img, link, iframe, form, video, object, [src], [onclick]")
    for word in ("url(", "@import", "@font-face", "position:fixed", "position:sticky", "blur("):
        assert word not in html
    assert len(tree.css(".lg-wall-button")) == 1
    section = tree.css_first("section")
    assert section is not None
    assert section.attributes["lang"] == language
    heading = tree.css_first(f"h2#{section.attributes['aria-labelledby']}")
    assert heading is not None
    assert heading.text().strip()


@pytest.mark.parametrize("wall", list(Wall))
def test_every_link_leads_to_a_reserved_url_and_back(wall: Wall) -> None:
    html = drawn(wall, return_to="/été?page=2&x=/a#b%41")
    for link in LexborHTMLParser(html).css("a"):
        href = link.attributes["href"] or ""
        assert link.attributes["rel"] == "nofollow"
        assert re.fullmatch(
            r"/-/(plans|login|help|account)"
            r"(\?(return_to|from)=[\w/.%-]+&lang=[a-z]+(&register=1)?)?",
            href,
        )
        if "?" in href:
            back = href.partition("=")[2].partition("&")[0].removesuffix("%23lg-wall")
            assert back == "/%C3%A9t%C3%A9%3Fpage%3D2%26x%3D/a%23b%2541"


def test_what_comes_from_outside_is_escaped() -> None:
    html = drawn(
        Wall.UPGRADE,
        language='"><script>x',
        return_to='/"><script>',
        plan="<script>alert(1)</script>",
        price="<b>9</b>",
    )
    assert "<script" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("asked", "said"),
    [("fr", "fr"), ("fr-CA", "fr"), ("EN-gb", "en"), ("de", "fr"), ("", "fr"), ("../x", "fr")],
)
def test_a_wall_speaks_the_page_s_language_or_the_site_s_first(asked: str, said: str) -> None:
    assert f'lang="{said}"' in drawn(Wall.REGISTER, language=asked)


def test_no_wall_is_drawn_for_a_page_without_one() -> None:
    assert TEMPLATES.wall(WallContext(wall=None, language="fr")) == ""
