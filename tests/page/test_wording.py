"""How days, moments and amounts are written in each language."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from gateway.page import wording

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("language", "form", "day", "said"),
    [
        ("fr", "long", 1, "1er mars 2027"),
        ("fr", "medium", 1, "1er mars 2027"),
        ("fr", "full", 1, "lundi 1er mars 2027"),
        ("fr", "d MMMM, HH:mm", 1, "1er mars, 01:01"),
        ("fr", "long", 11, "11 mars 2027"),
        ("fr", "long", 21, "21 mars 2027"),
        ("en", "long", 1, "1 March 2027"),
        ("en", "medium", 22, "22 Mar 2027"),
        ("en-US", "long", 22, "March 22, 2027"),
        ("de", "long", 1, "1. März 2027"),
        ("xx", "long", 1, "1 March 2027"),
    ],
)
def test_a_day_is_written_as_its_language_does(
    language: str, form: str, day: int, said: str
) -> None:
    assert wording.dated(datetime(2027, 3, day, 1, 1, tzinfo=PARIS), form, language) == said


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        (
            "fr",
            "Europe/Paris",
            "30 novembre 2026 à 11\u00a0h\u00a007\u00a0min\u00a046\u00a0s (heure de Paris, UTC+1)",
        ),
        ("en", "Europe/Paris", "30 November 2026 at 11:07:46 (Paris time, UTC+1)"),
        ("de", "Europe/Paris", "30. November 2026, 11:07:46 (Paris, UTC+1)"),
        ("en", "Asia/Kolkata", "30 November 2026 at 11:07:46 (Kolkata time, UTC+5:30)"),
        ("en", "America/New_York", "30 November 2026 at 11:07:46 (New York time, UTC-5)"),
        ("en", "UTC", "30 November 2026 at 11:07:46 (UTC)"),
        ("en", "Etc/GMT-10", "30 November 2026 at 11:07:46 (UTC+10)"),
    ],
)
def test_an_exact_moment_names_its_clock(language: str, zone: str, said: str) -> None:
    at = datetime(2026, 11, 30, 11, 7, 46, tzinfo=ZoneInfo(zone))
    assert wording.exact(at, language) == said


def test_a_city_that_begins_with_a_vowel_is_elided() -> None:
    at = datetime(2026, 11, 30, 11, 7, 46, tzinfo=ZoneInfo("Europe/Athens"))
    assert wording.exact(at, "fr").endswith("(heure d’Athènes, UTC+2)")


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC).astimezone(PARIS) for hour in (0, 1)]
    first, second = (wording.exact(at, "en") for at in twice)
    assert first == "25 October 2026 at 02:30:00 (Paris time, UTC+2)"
    assert second == "25 October 2026 at 02:30:00 (Paris time, UTC+1)"


@pytest.mark.parametrize(
    ("language", "major", "currency", "said"),
    [
        ("fr", "9.90", "eur", "9,90\u00a0€"),
        ("fr", "19.00", "EUR", "19\u00a0€"),
        ("en", "9.90", "EUR", "€9.90"),
        ("en", "19.00", "EUR", "€19"),
        ("en", "0.00", "EUR", "€0"),
        ("en", "500", "JPY", "¥500"),
        ("fr", "1.500", "KWD", "1,500\u00a0KWD"),
    ],
)
def test_a_whole_amount_has_no_decimals(
    language: str, major: str, currency: str, said: str
) -> None:
    assert wording.money(Decimal(major), currency, wording.locale_of(language)) == said
