"""Plans and an order as their pages show them: amounts, periods, days, and where a choice leads. Pure.

A period is a text's key and how many of it; the page has the words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from gateway.model.amount import Amount
from gateway.model.price import Price
from gateway.model.selling import OnSale, Plan
from gateway.money.selling import offers

PLANS_URL = "/-/plans"
CHECKOUT_URL = "/-/checkout"


class Words(Protocol):
    """Money and days as a page says them."""

    def money(self, amount: Amount, language: str) -> str: ...

    def day(self, instant: float, language: str) -> str: ...


def recap_url(plan_id: str, price_id: str, back: str) -> str:
    named = f"plan={quote(plan_id, safe='')}&price={quote(price_id, safe='')}"
    return f"{CHECKOUT_URL}?{named}&return_to={quote(back, safe='/')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Showcase:
    words: Words
    zone: ZoneInfo

    def plans(
        self,
        sale: Sequence[OnSale],
        language: str,
        *,
        back: str,
        mine: Collection[str],
        trial: bool,
    ) -> list[dict[str, Any]]:
        """``mine`` are the prices that the reader pays now. ``trial``: whether they may have one."""
        names = offers.tiers_named(sale, language)
        return [
            {
                "name": each.plan.name(language),
                "opens": list(dict.fromkeys(names[tier] for tier in each.plan.tiers)),
                "trial_days": each.plan.trial_days if trial else 0,
                "mine": any(price in mine for price in each.plan.prices),
                "offers": [
                    {
                        **self.price(price, language),
                        "mine": price.id in mine,
                        "url": f"{recap_url(each.plan.id, price.id, back)}&lang={language}",
                    }
                    for price in each.prices
                ],
            }
            for each in sale
        ]

    def price(self, price: Price, language: str) -> dict[str, Any]:
        """What a period costs; of a year also what that is a month."""
        assert price.amount is not None, "only what has a price is on sale"
        monthly = offers.a_month(price)
        several = "s" if price.interval_count > 1 else ""
        return {
            "amount": self.words.money(price.amount, language),
            "period": f"plans.per.{price.interval}{several}",
            "count": price.interval_count,
            "monthly": self.words.money(monthly, language) if monthly else "",
            "free_to_leave": price.monthly,
        }

    def order(
        self, plan: Plan, price: Price, language: str, *, now: float, trial: bool
    ) -> dict[str, Any]:
        """What is paid today, and what when next."""
        assert price.amount is not None, "only what has a price is on sale"
        days = plan.trial_days if trial else 0
        today = datetime.fromtimestamp(now, self.zone)
        charged = today + timedelta(days=days)
        if not days:
            day = offers.next_period(today.date(), price)
            charged = today.replace(year=day.year, month=day.month, day=day.day)
        nothing = Amount(0, price.amount.currency)
        return {
            "plan_name": plan.name(language),
            **self.price(price, language),
            "today": self.words.money(nothing if days else price.amount, language),
            "trial_days": days,
            "next_day": self.words.day(charged.timestamp(), language),
            "tax_included": price.tax_included,
            "yearly": price.yearly,
        }
