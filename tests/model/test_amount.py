"""Amounts: exponents are Stripe's, sums stay within one currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.amount import EXPONENTS, Amount, CannotCompute, CurrenciesDiffer

LISTED = st.sampled_from(sorted(EXPONENTS))
MINOR = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("minor", "currency", "major"),
    [
        (1000, "eur", "10.00"),
        (500, "jpy", "500"),
        (500, "isk", "5.00"),
        (500, "ugx", "5.00"),
        (5120, "kwd", "5.120"),
        (-99, "usd", "-0.99"),
        (0, "xpf", "0"),
    ],
)
def test_the_major_unit_is_stripes(minor: int, currency: str, major: str) -> None:
    assert str(Amount(minor, currency).major) == major


def test_the_locale_data_would_be_wrong_where_the_comment_says_so() -> None:
    assert get_currency_precision("ISK") == get_currency_precision("UGX") == 0
    assert EXPONENTS["isk"] == EXPONENTS["ugx"] == 2


@pytest.mark.parametrize("currency", ["zzz", "EUR", "", "btc"])
def test_an_unlisted_currency_cant_be_computed(currency: str) -> None:
    with pytest.raises(CannotCompute):
        _ = Amount(100, currency).major


def test_currencies_are_never_added() -> None:
    with pytest.raises(CurrenciesDiffer):
        _ = Amount(1, "eur") + Amount(1, "usd")
    with pytest.raises(CurrenciesDiffer):
        _ = Amount(1, "eur") - Amount(1, "usd")


@settings(deadline=None)
@given(LISTED, MINOR, MINOR)
def test_sums_are_exact(currency: str, one: int, two: int) -> None:
    total = Amount(one, currency) + Amount(two, currency)
    assert total.major == Amount(one, currency).major + Amount(two, currency).major
    assert total - Amount(two, currency) == Amount(one, currency)
    assert (-total).major == -total.major
    assert total.major * Decimal(10) ** total.exponent == one + two


@pytest.mark.parametrize("minor", [True, 1.0, "1", None])
def test_nothing_but_a_whole_number_is_an_amount(minor: object) -> None:
    with pytest.raises(AssertionError):
        Amount(minor, "eur")  # type: ignore[arg-type]  # what must be refused
