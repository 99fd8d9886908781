"""A listing's badges, set right from what is known of the pages they lead to."""

from __future__ import annotations

import re

import pytest

from gateway.model.access import MEMBERS, PAID, PUBLIC, Access
from gateway.model.rule import Badges, PageSettings
from tests.page.showing import LABELS, full

KNOWN = {"/a": MEMBERS, "/b": PUBLIC, "/c": PAID}
CARDS = {
    "around": '<a href="{0}"><h3>T</h3><b class="post-access">{1}</b></a>',
    "heading": '<div><h3><a href="{0}">T</a></h3><b class="post-access">{1}</b><a href="/tag">t</a></div>',
    "beside": '<article><span><b class="post-access">{1}</b></span><p><a href="{0}">T</a></p></article>',
}


def words(cards: str, badges: Badges = Badges.CORRECT) -> list[str]:
    page = f"<!doctype html><html><body><main>{cards}</main></body></html>"
    with_settings = PageSettings(labels=LABELS, badges=badges)
    rendered = full(page, with_settings=with_settings, badge_of=KNOWN.get)
    return re.findall(r'post-access">([^<]*)<', rendered.body.decode())


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_wrong_badge_is_set_right(card: str) -> None:
    cards = (
        card.format("/a", "Publique") + card.format("/b", "Membres") + card.format("/c", "Membres")
    )
    assert words(cards) == ["Membres", "Publique", "Abonnés"]


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_right_and_unknown_badges_stay(card: str) -> None:
    cards = card.format("/a", "Membres") + card.format("/x", "Publique") + card.format("/b", "Neuf")
    assert words(cards) == ["Membres", "Publique", "Neuf"]


def test_keep_changes_nothing() -> None:
    assert words(CARDS["around"].format("/a", "Publique"), Badges.KEEP) == ["Publique"]


def test_a_badge_that_leads_nowhere_stays() -> None:
    assert words('<p><b class="post-access">Publique</b></p>') == ["Publique"]


def test_an_access_without_a_word_changes_nothing() -> None:
    tiers = Access(PAID.level, frozenset({"gold"}))
    page = CARDS["around"].format("/g", "Publique")
    rendered = full(
        f"<!doctype html><body>{page}</body>",
        with_settings=PageSettings(labels=LABELS, badges=Badges.CORRECT),
        badge_of=lambda _: tiers,
    )
    assert "Publique" in rendered.body.decode()
