"""What a wall says a subscription costs: the least by the month, and never less than is to be paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.amount import Amount
from gateway.model.price import Price
from gateway.page.offers import Offer, Offers, Said

EUR = Amount(990, "eur")
MONTH = Price(id="month", amount=EUR, interval="month", tax_behavior="inclusive", active=True)
YEAR = replace(MONTH, id="year", amount=Amount(9900, "eur"), interval="year")
DEARER = replace(MONTH, id="dearer", amount=Amount(1900, "eur"))
READER = Offer(
    names={"fr": "Abonné", "en": "Reader"}, tiers=frozenset({"reader"}), prices=("month", "year")
)
PATRON = Offer(
    names={"fr": "Soutien"}, tiers=frozenset({"reader", "patron"}), prices=("dearer", "absent")
)
PRICES = {each.id: each for each in (MONTH, YEAR, DEARER)}


def offers(prices: dict[str, Price] = PRICES, *, tax_is_added: bool = False) -> Offers:
    return Offers((READER, PATRON), prices, tax_is_added=tax_is_added)


def test_the_least_by_the_month_among_the_plans_that_open_the_page() -> None:
    assert offers().said(("reader",)) == Said(READER, MONTH)
    assert offers().said(("patron",)) == Said(PATRON, DEARER)
    assert offers().said(()) == Said(READER, MONTH)
    assert offers().said(("nobody-sells-this",)) == Said(None, None)


def test_where_nothing_is_sold_by_the_month_the_year_is_named() -> None:
    assert offers({"year": YEAR}).said(("reader",)) == Said(READER, YEAR)


def test_without_a_catalogue_a_lone_plan_is_named_and_no_price() -> None:
    assert offers({}).said(("patron",)) == Said(PATRON, None)
    assert offers({}).said(("reader",)) == Said(None, None)


@pytest.mark.parametrize(
    ("changed", "tax_is_added", "shown"),
    [
        ({"tax_behavior": "inclusive"}, True, True),
        ({"tax_behavior": "unspecified"}, False, True),
        ({"tax_behavior": "unspecified"}, True, False),
        ({"tax_behavior": "exclusive"}, False, False),
        ({"active": False}, False, False),
        ({"amount": None}, False, False),
        ({"amount": Amount(0, "eur")}, False, False),
        ({"interval": "week"}, False, False),
        ({"interval_count": 3}, False, False),
        ({"interval_count": 12}, False, True),
    ],
)
def test_only_a_whole_price_that_is_on_sale_is_shown(
    changed: dict[str, object], tax_is_added: bool, shown: bool
) -> None:
    price = replace(MONTH, **changed)  # type: ignore[arg-type]  # fields by name
    said = offers({"month": price}, tax_is_added=tax_is_added).said(("reader",))
    assert (said.price is not None) is shown


def test_amounts_in_two_currencies_are_never_compared() -> None:
    franc = replace(DEARER, amount=Amount(100, "chf"))
    assert offers({"month": MONTH, "dearer": franc}).said(()) == Said(READER, MONTH)


def test_a_plan_is_named_in_the_page_s_language_or_in_its_own_first() -> None:
    assert READER.name("en-GB") == "Reader"
    assert READER.name("fr") == "Abonné"
    assert PATRON.name("en") == "Soutien"


def test_the_version_changes_with_what_is_said_and_with_nothing_else() -> None:
    first = offers().version
    assert offers({**PRICES, "strange": replace(MONTH, id="strange")}).version == first
    assert offers({**PRICES, "month": replace(MONTH, fetched_at=9.0)}).version == first
    assert offers({**PRICES, "month": replace(MONTH, amount=Amount(1090, "eur"))}).version != first
    assert offers({}).version == ""
