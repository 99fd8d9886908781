"""What a price says of itself."""

from __future__ import annotations

from gateway.model.amount import Amount
from gateway.model.price import Price


def test_a_price_knows_its_period_and_its_tax() -> None:
    assert Price(id="p", interval="month").monthly
    assert not Price(id="p", interval="month", interval_count=3).monthly
    assert Price(id="p", interval="month", interval_count=12).yearly
    assert Price(id="p", interval="year").yearly
    assert not Price(id="p").recurring
    assert Price(id="p", tax_behavior="inclusive").tax_included
    assert not Price(id="p", tax_behavior="unspecified").tax_included


def test_a_price_in_a_currency() -> None:
    price = Price(id="p", amount=Amount(990, "eur"), options=(Amount(1090, "usd"),))
    assert price.within("eur") == Amount(990, "eur")
    assert price.within("usd") == Amount(1090, "usd")
    assert price.within("jpy") is None
    assert Price(id="p").within("eur") is None
