"""Until when a contract that was made online can be withdrawn from. Pure.

Directive 2011/83, 9(1) and code de la consommation, L.221-18: fourteen days. The day of the contract
isn't counted, the last one is to its end, and a last day on which people don't work is none
(L.221-19; regulation 1182/71, 3). Days are those of the site's time zone. The days off are the French
ones, which are a day of grace anywhere else.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = 14
_SATURDAY = 5
_FIXED = frozenset(((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)))
_AFTER_EASTER = (1, 39, 50)  # Easter Monday, Ascension Day, Whit Monday


def last_moment(contract_at: float, zone: ZoneInfo) -> float:
    """Exclusive: the midnight that ends the last day."""
    last = datetime.fromtimestamp(contract_at, zone).date() + timedelta(days=DAYS)
    while _off(last):
        last += timedelta(days=1)
    return midnight_after(last, zone)


def midnight_after(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day + timedelta(days=1), time(), zone).timestamp()


def _off(day: date) -> bool:
    if day.weekday() >= _SATURDAY or (day.month, day.day) in _FIXED:
        return True
    easter = _easter(day.year)
    return any(day == easter + timedelta(days=after) for after in _AFTER_EASTER)


def _easter(year: int) -> date:
    """The Gregorian computus in its anonymous form (Meeus, Astronomical Algorithms, 8)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leaps, kept = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - moon + 15) % 30
    weekday = (32 + 2 * kept + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
