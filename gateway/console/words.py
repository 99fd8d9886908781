"""Moments, days and amounts as the console says them, in the site's time zone. With Babel.

An amount whose currency Stripe's table doesn't list is said in its minor unit, and that it is: a wrong
factor of a hundred is worse than an odd figure.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from babel.numbers import format_currency, format_decimal

from gateway.model.amount import Amount, CannotCompute
from gateway.page import wording
from gateway.page.wording import locale_of

_LAST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
FOR_EVER = 30_000_000_000.0  # what ends later ends never


class Words:
    def __init__(self, *, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)

    def at(self, instant: float) -> datetime:
        return datetime.fromtimestamp(min(max(instant, 0.0), _LAST), self.zone)

    def day(self, instant: float, language: str) -> str:
        return wording.dated(self.at(instant), "medium", language)

    def dated(self, this: date, language: str) -> str:
        """A day of the site's, as ``day`` says that of an instant."""
        return self.day(datetime.combine(this, time(12), self.zone).timestamp(), language)

    def moment(self, instant: float, language: str) -> str:
        """To the second: entries that came together are told apart."""
        moment = self.at(instant)
        return f"{wording.dated(moment, 'medium', language)} {moment:%H:%M:%S}"

    def until(self, instant: float, language: str) -> str:
        """To the minute; empty where it ends never."""
        if instant >= FOR_EVER:
            return ""
        return wording.dated(self.at(instant), "d MMM y, HH:mm", language)

    def number(self, count: int, language: str) -> str:
        return format_decimal(count, locale=locale_of(language))

    def money(self, minor: int | None, currency: str, language: str) -> str:
        """Empty where there is no amount at all."""
        if minor is None:
            return ""
        locale = locale_of(language)
        try:
            amount = Amount(minor, currency)
            # Stripe's table says how many digits; the locale says where they stand.
            pattern = locale.currency_formats["standard"].pattern
            digits = "0" * amount.exponent
            shown = pattern.replace(".00", f".{digits}" if digits else "")
            return format_currency(
                amount.major, currency.upper(), shown, locale=locale, currency_digits=False
            )
        except CannotCompute:
            return f"{format_decimal(minor, locale=locale)} {currency.upper()} (?)"
