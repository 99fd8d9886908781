"""Billing periods: months and years of the calendar in UTC, kept on the day of the anchor.

Pure. A subscription anchored on the 31st bills on the last day of shorter months and returns to
the 31st after them (docs.stripe.com/billing/subscriptions/billing-cycle).
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

_SECONDS = {"day": 86_400, "week": 7 * 86_400}
_MONTHS = {"month": 1, "year": 12}


def months_later(moment: int, months: int) -> int:
    start = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def turn(anchor: int, interval: str, count: int, times: int) -> int:
    """The end of the ``times``-th period after ``anchor``."""
    if interval in _SECONDS:
        return anchor + _SECONDS[interval] * count * times
    return months_later(anchor, _MONTHS[interval] * count * times)


def next_end(anchor: int, recurring: dict[str, object], after: int) -> int:
    """The first end of a period that lies past ``after``; ``anchor`` itself may be one."""
    interval, count = str(recurring["interval"]), int(str(recurring["interval_count"]))
    if after < anchor:
        return anchor
    rough = _SECONDS.get(interval, 0) or _MONTHS.get(interval, 1) * 31 * 86_400
    times = max(0, (after - anchor) // (rough * count) - 1)
    while turn(anchor, interval, count, times) <= after:
        times += 1
    return turn(anchor, interval, count, times)
