"""What an operator asks of the journal, from the words of an address bar to a ``Filter``. Pure.

Nothing that is typed here is refused: what can't be read is named beside its field, and the rest is
asked for. Days are days of the site's own time zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from gateway.model.amount import EXPONENTS
from gateway.model.entry import Source
from gateway.model.journal import Filter, Shown, Word, Written
from gateway.model.mark import Why
from gateway.money.entries.terms import address_term, card_term, number_term

FIELDS = "q state why kind source reader currency amount day month sent late".split()
WORDS_MAX = 6
_TEXT_MAX = 200
_LATE = ("60", "600", "3600", "86400")
_SENT = ("2", "3", "10")
_STRIPE_ID = re.compile(r"[a-z]{2,8}_[A-Za-z0-9_]{1,100}")
_ID = re.compile(r"[\x21-\x7e]{1,255}")
_AMOUNT = re.compile(r"[-−]?\d{1,12}(?:[.,]\d{1,3})?")
_RANGE = re.compile(rf"({_AMOUNT.pattern})\s*(?:\.\.|–|\bto\b|\bà\b)\s*({_AMOUNT.pattern})")
_BOUND = re.compile(rf"([<>≤≥])=?\s*({_AMOUNT.pattern})")
_SIGN = re.compile(r"(?<=\d)\s*[€$£¥](?!\w)|(?<!\w)[€$£¥]\s*(?=[-−]?\d)")
_SIGNS = re.compile(r"[€$£¥]")
# A dollar and ¥ are more than one country's.
_CURRENCIES = {"€": "eur", "£": "gbp"}
# One amount and its sign, which a space keeps apart: as French writes it, "9,90 €".
_APART = re.compile(r"(?<!\S)(?:([-−]?\d[\d.,]*)\s+([€$£¥])|([-−]?[€$£¥])\s+(\d[\d.,]*))(?!\S)")
# Thousands as the journal writes them: "1 234,50" with spaces that don't break, "1,234.50".
_THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}(?:(?:[\u00a0\u202f]\d{3})+(?!\d)|(?:,\d{3})+(?=\.\d))")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Asked:
    """``raw`` is what was typed, by field; ``wrong`` the fields that can't be read, each with a text's key.
    ``before`` is where the page begins."""

    raw: Mapping[str, str]
    filter: Filter
    before: int = 0
    wrong: Mapping[str, str] = field(default_factory=dict)

    def query(self, **more: str) -> str:
        """As it stands in an address bar."""
        return urlencode({**{name: text for name, text in self.raw.items() if text}, **more})

    @property
    def told(self) -> str:
        """For the audit log, which nobody can erase: a word that may name a person isn't said."""
        said = dict(self.raw) | {"q": " ".join(map(_impersonal, self.raw["q"].split()))}
        return " ".join(f"{name}={text}" for name, text in said.items() if text) or "all"


def _impersonal(word: str) -> str:
    plain = _STRIPE_ID.fullmatch(word) or _ISO_DAY.fullmatch(word) or _MONTH.fullmatch(word)
    return word if plain else "(a word)"


def asked(typed: Mapping[str, str], *, zone: ZoneInfo) -> Asked:
    raw = {name: typed.get(name, "").strip()[:_TEXT_MAX] for name in FIELDS}
    wrong: dict[str, str] = {}
    currency = raw["currency"].lower()
    if currency and currency not in EXPONENTS:
        wrong["currency"] = "journal.wrong.currency"
        currency = ""
    signed = _signed(raw["amount"])
    if currency and signed not in ("", currency):
        wrong["currency"] = "journal.wrong.other-currency"
    currency = currency or signed
    low, high, words = _amounts(raw["amount"], currency, wrong)
    since, until = _time(raw, zone, wrong)
    words += [_word(each, zone) for each in _words(raw["q"])[:WORDS_MAX]]
    before = typed.get("before", "")
    return Asked(
        raw=raw,
        filter=Filter(
            state=Shown(raw["state"]) if raw["state"] in frozenset(Shown) else None,
            reason=raw["why"] if raw["why"] in frozenset(Why) else "",
            kind=raw["kind"] if _ID.fullmatch(raw["kind"]) else "",
            source=raw["source"] if raw["source"] in frozenset(Source) else "",
            reader=raw["reader"] if _ID.fullmatch(raw["reader"]) else "",
            currency=currency,
            amount_min=low,
            amount_max=high,
            since=since,
            until=until,
            deliveries_min=int(raw["sent"]) if raw["sent"] in _SENT else 0,
            lag_min=int(raw["late"]) if raw["late"] in _LATE else 0,
            words=tuple(words),
        ),
        before=int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else 0,
        wrong=wrong,
    )


def _amounts(
    typed: str, currency: str, wrong: dict[str, str]
) -> tuple[int | None, int | None, list[Word]]:
    """A range has a currency, or nobody knows where its point stands. One amount may have none."""
    if not typed:
        return None, None, []
    typed = _SIGN.sub("", _ungrouped(typed.replace(" ", "\u00a0"))).strip()
    exact = _AMOUNT.fullmatch(typed)
    between, bound = _RANGE.fullmatch(typed), _BOUND.fullmatch(typed)
    if exact and not currency:
        return None, None, [Word(amounts=_written(typed))]
    if not (exact or between or bound):
        wrong["amount"] = "journal.wrong.amount"
        return None, None, []
    if not currency:
        wrong["amount"] = "journal.wrong.amount-currency"
        return None, None, []
    ends = between.groups() if between else (typed, typed) if exact else ()
    low, high = (_minor(ends[0], currency), _minor(ends[1], currency)) if ends else (None, None)
    if bound:
        end = _minor(bound[2], currency)
        low, high = (end, None) if bound[1] in ">≥" else (None, end)
    if low is None and high is None:
        wrong["amount"] = "journal.wrong.amount"
        return None, None, []
    if low is not None and high is not None and low > high:
        low, high = high, low
    return low, high, []


def _signed(typed: str) -> str:
    """The currency that an amount's sign says; empty where it says none, or several."""
    signs = set(_SIGNS.findall(typed))
    return _CURRENCIES.get(signs.pop(), "") if len(signs) == 1 else ""


def _ungrouped(typed: str) -> str:
    return _THOUSANDS.sub(lambda found: re.sub(r"[\s,]", "", found[0]), typed)


def _words(typed: str) -> list[str]:
    """An amount and its sign are one."""
    return _APART.sub(r"\1\2\3\4", _ungrouped(typed)).split()


def _decimal(typed: str) -> Decimal | None:
    try:
        return abs(Decimal(typed.replace("−", "-").replace(",", ".")))
    except InvalidOperation:
        return None


def _minor(typed: str, currency: str) -> int | None:
    """None for more digits than the currency has."""
    number = _decimal(typed)
    return None if number is None else _whole(number, EXPONENTS[currency])


def _whole(number: Decimal, exponent: int) -> int | None:
    minor = number.scaleb(exponent)
    return int(minor) if minor == minor.to_integral_value() else None


def _written(typed: str) -> tuple[Written, ...]:
    """What an amount without a currency may mean: 990 yen and 9.90 euros have the same minor units."""
    number = _decimal(typed)
    if number is None:
        return ()
    found = ((_whole(number, exponent), exponent) for exponent in (0, 2, 3))
    return tuple(Written(minor, exponent) for minor, exponent in found if minor is not None)


def _time(
    raw: Mapping[str, str], zone: ZoneInfo, wrong: dict[str, str]
) -> tuple[float | None, float | None]:
    """A day and a month are both held to."""
    spans = []
    for name, reading in (("day", _day_of), ("month", _month_of)):
        if raw[name]:
            span = reading(raw[name], zone)
            if span is None:
                wrong[name] = f"journal.wrong.{name}"
            else:
                spans.append(span)
    if not spans:
        return None, None
    return max(span[0] for span in spans), min(span[1] for span in spans)


def day_span(day: date, zone: ZoneInfo) -> tuple[float, float]:
    """From midnight to midnight, which may be 23 or 25 hours."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def day_of(typed: str) -> date | None:
    """2026-11-27, 27/11/2026 or 27.11.2026."""
    iso, written = _ISO_DAY.fullmatch(typed), _DAY.fullmatch(typed)
    parts = iso.groups() if iso else written.groups()[::-1] if written else None
    try:
        # Years that a clock can say, at both ends.
        day = date(*(int(part) for part in parts)) if parts else None
    except ValueError:
        return None
    return day if day is not None and 1970 < day.year < 9000 else None


def _day_of(typed: str, zone: ZoneInfo) -> tuple[float, float] | None:
    day = day_of(typed)
    return None if day is None else day_span(day, zone)


def _month_of(typed: str, zone: ZoneInfo) -> tuple[float, float] | None:
    found = _MONTH.fullmatch(typed)
    first = day_of(f"{found[1]}-{found[2]}-1") if found else None
    if first is None:
        return None
    after = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return _midnight(first, zone), _midnight(after, zone)


def _word(typed: str, zone: ZoneInfo) -> Word:
    """All that one word may mean."""
    plain = _SIGN.sub("", typed)
    spans = [span for reading in (_day_of, _month_of) if (span := reading(typed, zone))]
    terms = [number_term(typed)]
    if len(typed) == 4 and typed.isascii() and typed.isdecimal():
        terms.append(card_term(typed))
    address = typed.lower() if "@" in typed[1:-1] else ""
    if address:
        terms.append(address_term(typed))
    return Word(
        id=typed if _ID.fullmatch(typed) else "",
        amounts=_written(plain) if _AMOUNT.fullmatch(plain) else (),
        days=tuple(spans),
        terms=tuple(terms),
        address=address,
    )
