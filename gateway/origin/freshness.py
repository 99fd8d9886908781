"""How long an answer of the origin may be used: RFC 9111 as a shared cache, without heuristics.

Pure. Two things go beyond the RFC. A rule's ``cache:`` overrides what the origin says. And a page
that its own words could close (a label, a tag, a section) is used for 60 seconds at most, revalidation
included, by us and by any cache in front of us, so that closing it takes no longer.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

Headers = tuple[tuple[bytes, bytes], ...]

LABEL_LAG_SECONDS = 60.0
MISSING_SECONDS = 10.0
SECONDS_MAX = 365 * 86400.0
STALE_IF_ERROR_SECONDS = 86400.0
_MISSING = (404, 410)
_KEEPABLE = frozenset((200, 203, 300, 301, 308, 404, 410))
_MUST_REVALIDATE = frozenset(("must-revalidate", "proxy-revalidate", "no-cache"))
# One directive of Cache-Control, its argument bare or quoted (RFC 9111 section 5.2).
_DIRECTIVE = re.compile(r'([^\s,;="]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"?|[^,]*))?')


@dataclass(frozen=True, slots=True)
class Freshness:
    """Instants are seconds since the epoch. ``open_caching`` is the Cache-Control for a page that is
    the same for everyone. ``born_at`` is when the origin made the answer, its Age counted."""

    keepable: bool
    born_at: float
    fresh_until: float
    stale_while_revalidate_until: float
    stale_if_error_until: float
    open_caching: bytes


def directives(headers: Headers) -> dict[str, str]:
    """Cache-Control, all lines together, names lower-case; the first of a doubled name counts."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name == b"cache-control":
            for match in _DIRECTIVE.finditer(value.decode("latin-1")):
                argument = (match[2] or "").strip().strip('"')
                found.setdefault(match[1].lower(), argument)
    return found


def freshness(
    status: int,
    headers: Headers,
    *,
    received_at: float,
    rule_cache_seconds: float | None,
    shared_identity: bool,
    page_could_close: bool,
    label_lag_seconds: float = LABEL_LAG_SECONDS,
) -> Freshness:
    """``received_at`` is when the head arrived. ``rule_cache_seconds``: a rule's ``cache:``."""
    said = directives(headers)
    private = "private" in said or "no-store" in said
    lifetime = _lifetime(
        status, said, headers, received_at, private, rule_cache_seconds, shared_identity
    )
    # "Must not be reused once stale" counts unless a rule said how long (RFC 9111, 5.2.2.2).
    strict = rule_cache_seconds is None and not _MUST_REVALIDATE.isdisjoint(said)
    usable_stale = status == 200 and not strict
    stale_while = 0.0
    if usable_stale and not private:
        stale_while = _seconds(said.get("stale-while-revalidate", ""))
    if page_could_close:
        lifetime = min(lifetime, label_lag_seconds)
        stale_while = min(stale_while, label_lag_seconds - lifetime)
    age = 0.0 if rule_cache_seconds is not None else _age(headers, received_at)
    born_at = received_at - age
    fresh_until = born_at + lifetime
    keepable = (
        status in _KEEPABLE
        and (not private or shared_identity or rule_cache_seconds is not None)
        and not _varies_unkeyed(headers)
        and (lifetime > age or _revalidates(headers) or stale_while > 0)
    )
    stale_if_error = STALE_IF_ERROR_SECONDS if usable_stale else 0.0
    if "stale-if-error" in said:
        stale_if_error = min(stale_if_error, _seconds(said["stale-if-error"]))
    return Freshness(
        keepable=keepable,
        born_at=born_at,
        fresh_until=fresh_until,
        stale_while_revalidate_until=fresh_until + stale_while,
        stale_if_error_until=fresh_until + stale_if_error,
        open_caching=_open_caching(said, private, lifetime, stale_while, rule_cache_seconds),
    )


def _lifetime(
    status: int,
    said: dict[str, str],
    headers: Headers,
    received_at: float,
    private: bool,
    rule_cache_seconds: float | None,
    shared_identity: bool,
) -> float:
    """RFC 9111 section 4.2.1, in its order: s-maxage, max-age, Expires; nothing said is 0."""
    if status >= 500 or status not in _KEEPABLE:
        return 0.0
    if status in _MISSING:
        return MISSING_SECONDS
    if rule_cache_seconds is not None:
        return rule_cache_seconds
    if "no-cache" in said or (private and not shared_identity):
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in said:
            return _seconds(said[name])
    expires = next((value for name, value in headers if name == b"expires"), None)
    until = _date(expires) if expires is not None else None
    if until is None:
        return 0.0
    # An answer without a Date is dated when it came (RFC 9110 section 6.6.1).
    date = _date(next((value for name, value in headers if name == b"date"), b""))
    return min(max(0.0, until - (received_at if date is None else date)), SECONDS_MAX)


def _seconds(argument: str) -> float:
    """A delta-seconds; what can't be read is 0, which is stale (RFC 9111 section 1.2.2)."""
    return min(float(argument), SECONDS_MAX) if argument.isascii() and argument.isdigit() else 0.0


def _date(value: bytes) -> float | None:
    """An HTTP date, which is in UTC whether it says so or not (RFC 9110 section 5.6.7)."""
    try:
        told = parsedate_to_datetime(value.decode("latin-1"))
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _age(headers: Headers, received_at: float) -> float:
    """RFC 9111 section 4.2.3: the greater of Age and of what Date tells, a day's skew ignored."""
    told = next((value for name, value in headers if name == b"age"), b"")
    age = _seconds(told.decode("latin-1"))
    date = _date(next((value for name, value in headers if name == b"date"), b""))
    apparent = received_at - date if date is not None else 0.0
    return max(age, apparent if 2 <= apparent < 86400 else 0.0, 0.0)


def _varies_unkeyed(headers: Headers) -> bool:
    """Whether the answer hangs on something that the fetch as the gateway doesn't hold constant.

    That fetch sends one fixed identity, language and agent for everyone, so only ``*`` is beyond it.
    """
    return any(name == b"vary" and b"*" in value for name, value in headers)


def _revalidates(headers: Headers) -> bool:
    return any(name in (b"etag", b"last-modified") for name, _ in headers)


def _open_caching(
    said: dict[str, str],
    private: bool,
    lifetime: float,
    stale_while: float,
    rule_cache_seconds: float | None,
) -> bytes:
    """The origin's own caching for a page that everyone gets alike, capped. A browser's max-age is
    capped as well: it is a cache in front of us too."""
    if private and rule_cache_seconds is None:
        return b"private, no-store" if "no-store" in said else b"private, no-cache"
    if lifetime <= 0 and not stale_while:
        return b"public, max-age=0, must-revalidate"
    browser = lifetime
    if "max-age" in said and rule_cache_seconds is None:
        browser = min(lifetime, _seconds(said["max-age"]))
    parts = [b"public", b"max-age=%d" % browser]
    if math.floor(browser) != math.floor(lifetime):
        parts.append(b"s-maxage=%d" % lifetime)
    if stale_while:
        parts.append(b"stale-while-revalidate=%d" % stale_while)
    if rule_cache_seconds is None:
        parts.extend(name.encode() for name in ("must-revalidate", "immutable") if name in said)
    return b", ".join(parts)
