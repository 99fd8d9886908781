"""How long access may be given by hand, and what a typed day means. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.identity.roles import Role

SUPPORT_DAYS = 30
_DAY_SECONDS = 86400.0


class NotGranted(StrEnum):
    """Each is a text's key too."""

    NO_SUCH_DAY = "wrong-day"  # it can't be read
    OVER = "day-over"  # it lies behind us
    TOO_LONG = "too-long"  # further off than this role may give
    NO_SUCH_TIER = "wrong-tier"  # no plan and no rule names it


def end_of(day: str, *, now: float, zone: ZoneInfo) -> float | NotGranted | None:
    """The end of a day of the site's, as a moment. Nothing typed: for good."""
    if not day.strip():
        return None
    try:
        typed = date.fromisoformat(day.strip())
        after = datetime.combine(typed + timedelta(days=1), time(), zone)
        ends_at = after.timestamp()
    except (ValueError, OverflowError):
        return NotGranted.NO_SUCH_DAY
    return ends_at if ends_at > now else NotGranted.OVER


def may_give(roles: frozenset[Role], ends_at: float | None, *, now: float) -> bool:
    """An admin as long as it takes; support up to so many days, and the rest of the last one."""
    if Role.ADMIN in roles:
        return True
    longest = now + (SUPPORT_DAYS + 1) * _DAY_SECONDS
    return Role.SUPPORT in roles and ends_at is not None and ends_at <= longest
