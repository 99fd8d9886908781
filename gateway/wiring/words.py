"""Times, languages, countries and what a reader holds, as the account page says them. With Babel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.config import Settings
from gateway.identity.accounts import Account, Paid
from gateway.model.amount import Amount, CannotCompute
from gateway.page import wording
from gateway.page.wording import locale_of


class Words:
    """Implements ``login.account.Words`` with Babel, in the site's time zone."""

    def __init__(self, settings: Settings) -> None:
        self._zone = ZoneInfo(settings.site.timezone)
        self._languages = tuple(settings.site.languages)

    def day(self, instant: float, language: str) -> str:
        return wording.dated(self._at(instant), "long", language)

    def moment(self, instant: float, language: str) -> str:
        return wording.dated(self._at(instant), "d MMMM, HH:mm", language)

    def exact(self, instant: float, language: str) -> str:
        return wording.exact(self._at(instant), language)

    def languages(self, language: str) -> Sequence[tuple[str, str]]:
        """Each in its own tongue: whoever looks for it may read no other."""
        del language
        names = ((code, locale_of(code).get_display_name()) for code in self._languages)
        return [(code, (name or code).capitalize()) for code, name in names]

    def country(self, code: str, language: str) -> str:
        return str(locale_of(language).territories.get(code.upper(), "")) if code else ""

    def money(self, amount: Amount, language: str) -> str:
        """What can't be computed is told in minor units."""
        try:
            return wording.money(amount.major, amount.currency, locale_of(language))
        except CannotCompute:
            return f"{amount.minor} {amount.currency.upper()}"

    def _at(self, instant: float) -> datetime:
        return datetime.fromtimestamp(instant, self._zone)


class Held:
    """What a reader holds where nothing is sold: a line a tier."""

    def __init__(self, settings: Settings) -> None:
        self._words = Words(settings)
        self._plans = settings.plan

    async def shown(self, account: Account, language: str, now: float) -> Paid:
        held = [
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
        return Paid(held)

    def _name(self, tier: str, language: str) -> str:
        for plan in self._plans:
            if tier in plan.tiers:
                return plan.name.get(language) or next(iter(plan.name.values()))
        return tier
