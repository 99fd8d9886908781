"""What an operator types into the journal's filter, and what it means."""

from __future__ import annotations

import re
from datetime import date, datetime
from itertools import chain
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.journal import FIELDS, asked, day_of, day_span
from gateway.console.words import Words
from gateway.model.journal import Filter, Shown, Word, Written
from gateway.money.entries.terms import address_term, card_term, number_term
from tests.page.drawing import TEMPLATES

PARIS = ZoneInfo("Europe/Paris")


def filter_of(**typed: str) -> Filter:
    wanted = asked(typed, zone=PARIS)
    assert wanted.wrong == {}, wanted.wrong
    return wanted.filter


def word(typed: str) -> Word:
    return filter_of(q=typed).words[0]


def at(moment: str) -> float:
    return datetime.fromisoformat(moment).replace(tzinfo=PARIS).timestamp()


def test_nothing_asks_for_everything() -> None:
    assert asked({}, zone=PARIS).filter == Filter()
    assert asked({}, zone=PARIS).told == "all"


@pytest.mark.parametrize(
    ("typed", "currency", "ends"),
    [
        ("9.90", "eur", (990, 990)),
        ("9,90", "eur", (990, 990)),
        ("-9,90", "eur", (990, 990)),
        ("−9,90", "eur", (990, 990)),
        ("990", "jpy", (990, 990)),
        ("1.234", "kwd", (1234, 1234)),
        ("5..9", "eur", (500, 900)),
        ("9 .. 5", "eur", (500, 900)),
        ("5 to 9", "eur", (500, 900)),
        ("5 à 9", "eur", (500, 900)),
        (">= 50", "eur", (5000, None)),
        ("≥50", "eur", (5000, None)),
        ("<1", "usd", (None, 100)),
        ("50", "isk", (5000, 5000)),
    ],
)
def test_amounts(typed: str, currency: str, ends: tuple[int | None, int | None]) -> None:
    found = filter_of(amount=typed, currency=currency)
    assert (found.amount_min, found.amount_max) == ends
    assert found.currency == currency


def test_one_amount_without_a_currency_is_that_of_any_that_can_have_it() -> None:
    assert filter_of(amount="9.90").words == (Word(amounts=(Written(990, 2), Written(9900, 3))),)
    assert word("990").amounts == (Written(990, 0), Written(99000, 2), Written(990000, 3))
    assert word("1.234").amounts == (Written(1234, 3),)
    assert word("9,90€").amounts == word("€9.90").amounts == word("9.90").amounts


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("9,90 €", "9.90"),
        ("9,90\u00a0€", "9.90"),
        ("9,90\u202f€", "9.90"),
        ("€9.90", "9.90"),
        ("€ 9.90", "9.90"),
        ("-9,90\u00a0€", "9.90"),
        ("-€9.90", "9.90"),
        ("1\u202f234,50\u00a0€", "1234.50"),
        ("€1,234.50", "1234.50"),
    ],
)
def test_an_amount_is_found_as_the_journal_writes_it(typed: str, plain: str) -> None:
    amounts = word(plain).amounts
    assert amounts
    assert [each.amounts for each in filter_of(q=typed).words] == [amounts]
    assert filter_of(amount=typed) == filter_of(amount=plain, currency="eur")
    both = filter_of(q=f"{typed} 4242 {typed}").words
    assert [each.amounts for each in both] == [amounts, word("4242").amounts, amounts]
    assert filter_of(amount=typed, currency="eur") == filter_of(amount=plain, currency="eur")


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        (">= 50 €", (5000, None)),
        (">= €50", (5000, None)),
        ("5\u00a0€ .. 9\u00a0€", (500, 900)),
        ("€5..€9", (500, 900)),
        ("5 € à 1 000 €", (500, 100_000)),
    ],
)
def test_a_range_has_signs_too(typed: str, ends: tuple[int | None, int | None]) -> None:
    found = filter_of(amount=typed)
    assert (found.amount_min, found.amount_max, found.currency) == (*ends, "eur")
    assert filter_of(amount=typed, currency="eur") == found


def test_a_sign_says_the_currency_where_it_has_one() -> None:
    assert filter_of(amount="£9.90").currency == "gbp"
    assert filter_of(amount="$9.90").words == filter_of(amount="9.90").words


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_amounts_that_are_offered_can_be_read(language: str) -> None:
    said = [TEMPLATES.text("journal.hint.amount", language)]
    said += [
        TEMPLATES.text(f"journal.wrong.{key}", language) for key in ("amount", "amount-currency")
    ]
    offer = r"(?:>= )?€?\d+(?:[.,]\d+)?(?:\.\.€?\d+)?(?:\u00a0€)?"
    offered = [re.findall(offer, each) for each in said]
    assert all(offered)
    for each in chain.from_iterable(offered):
        assert filter_of(amount=each) != Filter(), each


@pytest.mark.parametrize(
    ("typed", "field", "key"),
    [
        ({"amount": "5..9"}, "amount", "amount-currency"),
        ({"amount": "cheap"}, "amount", "amount"),
        ({"amount": "5€9"}, "amount", "amount"),
        ({"amount": "5 € 9 €"}, "amount", "amount"),
        ({"amount": ">= 50"}, "amount", "amount-currency"),
        ({"amount": ">= $50"}, "amount", "amount-currency"),
        ({"amount": "5 € .. £9"}, "amount", "amount-currency"),
        ({"amount": "9,90 €", "currency": "usd"}, "currency", "other-currency"),
        ({"currency": "zzz"}, "currency", "currency"),
        ({"day": "31/02/2026"}, "day", "day"),
        ({"day": "yesterday"}, "day", "day"),
        ({"month": "2026-13"}, "month", "month"),
        ({"month": "11/2026"}, "month", "month"),
    ],
)
def test_what_cant_be_read_is_named(typed: dict[str, str], field: str, key: str) -> None:
    assert asked(typed, zone=PARIS).wrong == {field: f"journal.wrong.{key}"}


@pytest.mark.parametrize(("typed", "currency"), [("9.905", "eur"), ("9.9", "jpy")])
def test_more_digits_than_a_currency_has_are_no_amount_of_it(typed: str, currency: str) -> None:
    found = asked({"amount": typed, "currency": currency}, zone=PARIS)
    assert found.wrong == {"amount": "journal.wrong.amount"}
    assert found.filter.amount_min is None


def test_days_and_months_are_the_sites() -> None:
    found = filter_of(day="2026-03-29")
    assert (found.since, found.until) == (at("2026-03-29"), at("2026-03-30"))
    assert found.until is not None
    assert found.since is not None
    assert found.until - found.since == 23 * 3600, "the night the clocks go forward"
    assert filter_of(day="29/3/2026") == filter_of(day="29.3.2026") == found
    month = filter_of(month="2026-12")
    assert (month.since, month.until) == (at("2026-12-01"), at("2027-01-01"))
    both = filter_of(month="2026-03", day="2026-03-29")
    assert (both.since, both.until) == (found.since, found.until)
    assert word("2026-03-29").days == ((found.since, found.until),)


def test_a_word_is_all_that_it_may_mean() -> None:
    found = word("4242")
    assert found.id == "4242"
    assert found.terms == (number_term("4242"), card_term("4242"))
    assert card_term("424") not in word("424").terms
    found = word("Ana@X.example")
    assert found.address == "ana@x.example"
    assert address_term("ana@x.example") in found.terms
    assert word("@x").address == word("x@").address == ""
    assert word("évé").id == ""


def test_the_log_is_told_no_word_that_may_name_a_person() -> None:
    typed = {"q": "ana@x.example cus_1 4242 LG-0001 2026-03-29", "state": "failed"}
    assert asked(typed, zone=PARIS).told == (
        "q=(a word) cus_1 (a word) (a word) 2026-03-29 state=failed"
    )


def test_an_address_bar_gives_back_what_was_typed() -> None:
    typed = {"q": "a&b=c d", "state": "failed"}
    query = asked(typed, zone=PARIS).query(before="7", lang="fr")
    assert query == "q=a%26b%3Dc+d&state=failed&before=7&lang=fr"


ANYTHING = st.dictionaries(st.sampled_from([*FIELDS, "before"]), st.text(max_size=300))


@given(ANYTHING)
def test_whatever_is_typed_is_read_or_named(typed: dict[str, str]) -> None:
    found = asked(typed, zone=PARIS)
    assert found.filter.state in (None, *Shown)
    assert len(found.filter.words) <= 7
    assert 0 <= found.before < 1 << 62
    assert found.query().isascii()


@given(st.dates(date(1971, 1, 1), date(8999, 12, 31)))
def test_every_day_is_read_back(this: date) -> None:
    assert day_of(this.isoformat()) == this
    assert day_of(f"{this.day}/{this.month}/{this.year:04d}") == this
    since, until = day_span(this, PARIS)
    assert 22 * 3600 < until - since < 26 * 3600


@given(st.integers(0, 10**9), st.sampled_from(["fr", "en"]))
def test_euros_are_found_as_every_page_writes_them(minor: int, language: str) -> None:
    said = Words(timezone="UTC").money(minor, "eur", language)
    (found,) = filter_of(q=said).words
    assert Written(minor, 2) in found.amounts
    wanted = filter_of(amount=said, currency="eur")
    assert (wanted.amount_min, wanted.amount_max) == (minor, minor)
