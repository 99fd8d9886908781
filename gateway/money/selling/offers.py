"""What the plans page and the recap say of plans and prices: what is on sale, what a year is a month,
when the next charge comes. Pure, and without words: a page has those.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP

from gateway.model.amount import Amount
from gateway.model.price import Price
from gateway.model.selling import OnSale, Plan

_MONTHS = 12
# A day of the month that a month hasn't is its last one, as Stripe bills it.
_WEEK_DAYS = 7


def on_sale(plans: Iterable[Plan], prices: Mapping[str, Price]) -> list[OnSale]:
    """Plans with a price that Stripe sells; the others can't be bought just now."""
    found = []
    for plan in plans:
        listed = (prices.get(each) for each in plan.offered or plan.prices)
        sold = tuple(each for each in listed if each is not None and _sold(each))
        if sold:
            found.append(OnSale(plan, sold))
    return found


def _sold(price: Price) -> bool:
    return price.active and price.recurring and price.amount is not None


def chosen(sale: Iterable[OnSale], plan_id: str, price_id: str) -> tuple[Plan, Price] | None:
    """What a form names, where it is on sale. A plan with one price needn't name it."""
    for each in sale:
        if each.plan.id == plan_id:
            if not price_id and len(each.prices) == 1:
                return each.plan, each.prices[0]
            return next(((each.plan, one) for one in each.prices if one.id == price_id), None)
    return None


def a_month(price: Price) -> Amount | None:
    """What a year comes to a month, to the nearest minor unit; None for what isn't of a year."""
    amount = price.amount
    if not price.yearly or amount is None:
        return None
    shared = (amount.major / _MONTHS).scaleb(amount.exponent)
    return Amount(int(shared.quantize(1, rounding=ROUND_HALF_UP)), amount.currency)


def tiers_named(sale: Iterable[OnSale], language: str) -> dict[str, str]:
    """A tier by the name of the smallest plan that opens it."""
    names: dict[str, str] = {}
    for each in sorted(sale, key=lambda one: len(one.plan.tiers)):
        for tier in each.plan.tiers:
            names.setdefault(tier, each.plan.name(language))
    return names


def next_period(day: date, price: Price) -> date:
    """The day on which the next period begins."""
    count = price.interval_count
    match price.interval:
        case "day":
            return day + timedelta(days=count)
        case "week":
            return day + timedelta(days=count * _WEEK_DAYS)
        case "year":
            return _months_later(day, count * _MONTHS)
    return _months_later(day, count)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
