"""Times, languages, countries and what a reader holds, as the account page says them. With Babel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency

from gateway.config import Settings
from gateway.identity.accounts import Account
from gateway.model.amount import Amount, CannotCompute


class Words:
    """Implements ``login.account.Words`` with Babel, in the site's time zone."""

    def __init__(self, settings: Settings) -> None:
        self._zone = ZoneInfo(settings.site.timezone)
        self._languages = tuple(settings.site.languages)

    def day(self, instant: float, language: str) -> str:
        return format_date(self._at(instant), format="long", locale=locale_of(language))

    def moment(self, instant: float, language: str) -> str:
        return format_datetime(
            self._at(instant), format="d MMMM, HH:mm", locale=locale_of(language)
        )

    def languages(self, language: str) -> Sequence[tuple[str, str]]:
        """Each in its own tongue: whoever looks for it may read no other."""
        del language
        names = ((code, locale_of(code).get_display_name()) for code in self._languages)
        return [(code, (name or code).capitalize()) for code, name in names]

    def country(self, code: str, language: str) -> str:
        return str(locale_of(language).territories.get(code.upper(), "")) if code else ""

    def money(self, amount: Amount, language: str) -> str:
        """As people write it: "9,90 €", and "99 €" for a whole one. Digits are Stripe's, never the
        locale's own idea of a currency; what can't be computed is told in minor units."""
        code, locale = amount.currency.upper(), locale_of(language)
        try:
            major, digits = amount.major, amount.exponent
        except CannotCompute:
            return f"{amount.minor} {code}"
        pattern = locale.currency_formats["standard"].pattern
        point = "." + "0" * digits if digits and major % 1 else ""
        shown = re.sub(r"0\.0+", f"0{point}", pattern)
        return format_currency(major, code, format=shown, locale=locale, currency_digits=False)

    def _at(self, instant: float) -> datetime:
        return datetime.fromtimestamp(instant, self._zone)


class Held:
    """What a reader holds where nothing is sold: a line a tier."""

    def __init__(self, settings: Settings) -> None:
        self._words = Words(settings)
        self._plans = settings.plan

    async def shown(self, account: Account, language: str, now: float) -> list[dict[str, Any]]:
        return [
            {
                "plan": self._name(held.tier, language),
                "until": self._words.day(held.ends_at, language)
                if held.ends_at < now + 3e9
                else "",
                "mendable": held.mendable and not held.opens(now),
                "lines": [],
            }
            for held in account.entitlements
            if held.opens(now) or held.mendable
        ]

    def _name(self, tier: str, language: str) -> str:
        for plan in self._plans:
            if tier in plan.tiers:
                return plan.name.get(language) or next(iter(plan.name.values()))
        return tier


def locale_of(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
