"""Amounts, days and moments as those who read a language write them. With Babel. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, get_timezone_location
from babel.numbers import format_currency

_FIRST = re.compile(r"(?<!\d)1 (?=[^\W\d])")
_VOWEL = re.compile("[aeiouyàâäéèêëîïôöùûü]", re.IGNORECASE)


def locale_of(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def dated(at: datetime, form: str, language: str) -> str:
    """``form`` is Babel's: "medium", "long", "full", or a pattern.

    English that names no country is written as in Europe, the day first. In French the first of a
    month is "1er" and every other day a bare number (Lexique des règles typographiques en usage à
    l'Imprimerie nationale), which the locale data don't know.
    """
    locale = _calendar_of(language)
    if form in {"medium", "long", "full"}:
        form = locale.date_formats[form].pattern
    said = format_datetime(at, form, locale=locale)
    if locale.language == "fr" and at.day == 1:
        return _FIRST.sub("1er ", said, count=1)
    return said


def exact(at: datetime, language: str) -> str:
    """To the second, with the city whose clock it is and what that clock is from UTC: in the hour
    that comes twice in autumn, the city alone doesn't say which."""
    locale = _calendar_of(language)
    zone = _zone(at, locale)
    if locale.language == "fr":
        hour = f"{at.hour} h {at.minute:02} min {at.second:02} s".replace(" ", "\u00a0")
        return f"{dated(at, 'long', language)} à {hour} ({zone})"
    joined = " at " if locale.language == "en" else ", "
    return f"{dated(at, 'long', language)}{joined}{at:%H:%M:%S} ({zone})"


def money(major: Decimal, currency: str, locale: Locale) -> str:
    """As people write it: "9,90 €", and "99 €" for a whole one. ``major`` has every minor digit:
    they are Stripe's, never the locale's own idea of a currency."""
    exponent = major.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) and major % 1 else 0
    point = "." + "0" * digits if digits > 0 else ""
    shown = re.sub(r"0\.0+", f"0{point}", locale.currency_formats["standard"].pattern)
    code = currency.upper()
    return format_currency(major, code, format=shown, locale=locale, currency_digits=False)


def _calendar_of(language: str) -> Locale:
    locale = locale_of(language)
    return Locale("en", "GB") if str(locale) == "en" else locale


def _zone(at: datetime, locale: Locale) -> str:
    """ "heure de Paris, UTC+1"; a zone that is named after no place is "UTC+1" alone."""
    offset = at.strftime("%z")
    hours, minutes = offset[:3].replace("+0", "+").replace("-0", "-"), offset[3:5]
    apart = "UTC" if not at.utcoffset() else f"UTC{hours}{f':{minutes}' if minutes != '00' else ''}"
    key = getattr(at.tzinfo, "key", "")
    if "/" not in key or key.startswith("Etc/"):
        return apart
    city = get_timezone_location(at.tzinfo, locale=locale, return_city=True)
    if locale.language == "fr":
        return f"heure {'d’' if _VOWEL.match(city) else 'de '}{city}, {apart}"
    return f"{city} time, {apart}" if locale.language == "en" else f"{city}, {apart}"
