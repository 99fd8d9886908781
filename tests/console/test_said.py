"""What the gateway writes in words of its own is said in each language of the console; the log keeps it raw."""

from __future__ import annotations

import re

import pytest

from gateway import shipped
from gateway.console.audit_words import ACTS, act_said, what_said
from gateway.console.explaining import _KNOWN, _told
from gateway.console.journal_table import source_of
from gateway.console.words import Words
from gateway.model.entry import FETCHED, Entry, Source
from gateway.model.journal import Shown
from gateway.model.mark import Why
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from tests.money.telling import told as numbered
from tests.page.drawing import TEMPLATES

LANGUAGES = ("fr", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_ours_has_its_text(language: str) -> None:
    keys = [
        *(f"journal.kind.{each}" for each in (FETCHED, *Act)),
        *(f"journal.state.{each}" for each in Shown),
        *(f"journal.why.{each}" for each in Why if each),
        *(f"journal.from.{each}" for each in Source),
        *(f"journal.source.{each}" for each in (*Source, "gateway", "checkout", "reader")),
        *(f"audit.act.{each}" for each in ACTS),
        *(f"explain.{name}.{word}" for name, words in _KNOWN.items() for word in words),
    ]
    for key in keys:
        assert TEMPLATES.text(key, language)


def test_the_pages_know_every_kind_of_ours() -> None:
    parts = (shipped.folder("templates") / "page/finance-parts.html").read_text()
    own = re.search(r'own = "([^"]+)"', parts)
    assert own is not None
    assert set(own[1].split()) == {FETCHED, *Act}


@pytest.mark.parametrize(
    ("act", "what", "said"),
    [
        ("journal", "all", "tout"),
        ("journal", "q=(a word) cus_1 state=failed day=2027-02-13", None),
        ("days", "31 days to 2027-02-13", "31 jours jusqu’au 13 févr. 2027"),
        ("days", "31 days to 2026-12-01", "31 jours jusqu’au 1er déc. 2026"),
        ("days", "31 days to yesterday", "31 jours jusqu’au yesterday"),
        ("work", "why=any progress=open whose=any", None),
        ("work-act", "take disputed:ch_1", "Prendre en charge · contesté · ch_1"),
        ("export", "audit csv act=reader", "Journal d’audit, CSV · Acte = voir un lecteur"),
        ("explain", "/a as b as tier:gold", "/a as b pour\u00a0: tier:gold"),
        ("open", "/culture/a", "/culture/a"),
        ("from-an-older-version", "x=1", "x=1"),
    ],
)
def test_a_line_is_said(act: str, what: str, said: str | None) -> None:
    def say(key: str, **values: object) -> str:
        return TEMPLATES.text(key, "fr", **values)

    words = Words(timezone="Europe/Paris")
    told = what_said(act, what, say, lambda day: words.dated(day, "fr"))
    if said is not None:
        assert told == said
    for word in ("(a word)", "any", "failed", "open ", "whose"):
        assert word not in told
    assert act_said("from-an-older-version", say) == "from-an-older-version"


def test_who_did_it_is_told_apart() -> None:
    made = {
        "checkout": acts.bind("cus_1", "ana", by="checkout", at=1.0),
        "reader": acts.bind("cus_1", "ana", by="ana", at=1.0),
        "operator": acts.bind("cus_1", "ana", by="compta@news.example", at=1.0),
        "gateway": acts.settings({}, at=1.0),
        "api": acts.missing("invoice", "in_1", at=1.0),
    }
    entries: list[Entry] = numbered(made.values())
    assert [source_of(each) for each in entries] == list(made)


def test_an_access_names_its_tiers() -> None:
    assert _told("access", "paid(gold, silver)") == {
        "name": "access",
        "value": "paid(gold, silver)",
        "key": "explain.access.paid",
        "tiers": ["gold", "silver"],
    }
    assert _told("rule", "full")["key"] == "", "a rule's name is the publisher's"
