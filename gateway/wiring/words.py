"""Times, languages, countries and what a reader holds, as the account page says them. With Babel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime

from gateway.config import Settings
from gateway.identity.accounts import Account


class Words:
    """Implements ``login.account.Words`` with Babel, in the site's time zone."""

    def __init__(self, settings: Settings) -> None:
        self._zone = ZoneInfo(settings.site.timezone)
        self._languages = tuple(settings.site.languages)

    def day(self, instant: float, language: str) -> str:
        return format_date(self._at(instant), format="long", locale=_locale(language))

    def moment(self, instant: float, language: str) -> str:
        return format_datetime(self._at(instant), format="d MMMM, HH:mm", locale=_locale(language))

    def languages(self, language: str) -> Sequence[tuple[str, str]]:
        """Each in its own tongue: whoever looks for it may read no other."""
        del language
        names = ((code, _locale(code).get_display_name()) for code in self._languages)
        return [(code, (name or code).capitalize()) for code, name in names]

    def country(self, code: str, language: str) -> str:
        return str(_locale(language).territories.get(code.upper(), "")) if code else ""

    def _at(self, instant: float) -> datetime:
        return datetime.fromtimestamp(instant, self._zone)


class Held:
    """What a reader holds, until the money way tells more: a line a tier."""

    def __init__(self, settings: Settings) -> None:
        self._words = Words(settings)
        self._plans = settings.plan

    def shown(self, account: Account, language: str, now: float) -> list[dict[str, Any]]:
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


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
