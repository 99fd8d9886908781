"""A journal's rows as they are shown and as they are exported. Pure, but for the clock on the wall that
``Words`` knows.

Amounts are shown in their currency, or said to be unknown; nothing is summed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.console import spreadsheet
from gateway.console.plain_text import plain
from gateway.console.words import Words
from gateway.model.amount import EXPONENTS, Amount
from gateway.model.entry import FETCHED, Entry, Source
from gateway.model.journal import Row
from gateway.money.entries.acts import Act
from gateway.money.folding.movements import moved_at
from gateway.money.folding.story import gather
from gateway.money.folding.whose import bindings

# In this order; each is a text's key too.
COLUMNS = (
    "number received told state reason kind source reader amount currency minor customer"
    " subscription invoice charge payment object event sent late tries next failure version moved"
).split()
_OWN = frozenset((FETCHED, *Act))
_SCALES = (("d", 86_400), ("h", 3600), ("min", 60))


def source_of(entry: Entry) -> str:
    """Who said it, closer than ``Source``: what no operator did by hand is told apart."""
    if entry.source is not Source.OPERATOR:
        return str(entry.source)
    by = str(entry.said.get("by", ""))
    if not by:
        return "gateway"
    return "checkout" if by == "checkout" else "reader" if by == entry.reader else "operator"


def with_readers(rows: Sequence[Row], said: Sequence[Entry]) -> list[Row]:
    """Whose each row's customer is by now. ``said`` are the entries that may tell."""
    bound = bindings(gather(said))
    whose = {customer: each.reader for customer, each in bound.items()}
    return [
        replace(row, reader=whose.get(row.entry.customer_id, "") or row.entry.reader)
        for row in rows
    ]


def customers_of(rows: Sequence[Row]) -> set[str]:
    return {row.entry.customer_id for row in rows if row.entry.customer_id}


def cells(row: Row, words: Words, say: Callable[[str], str]) -> list[spreadsheet.Cell]:
    """As ``COLUMNS`` names them. Moments are those of the site's clock on the wall; ``say`` says a
    text's key."""
    entry = row.entry
    return [
        entry.number,
        _wall(entry.at, words),
        None if entry.source is Source.OPERATOR else _wall(entry.observed_at, words),
        say(f"journal.state.{row.state}"),
        say(f"journal.why.{row.reason}") if row.reason else "",
        say(f"journal.kind.{entry.kind}") if entry.kind in _OWN else entry.kind,
        say(f"journal.source.{source_of(entry)}"),
        row.reader,
        _money(row),
        entry.currency.upper(),
        row.amount_minor,
        entry.customer_id,
        entry.subscription_id,
        entry.invoice_id,
        entry.charge_id,
        entry.payment_id,
        entry.object_id,
        entry.event_id,
        row.deliveries,
        None if row.lag_seconds is None else round(row.lag_seconds),
        row.tries,
        None if row.next_at is None else _wall(row.next_at, words),
        row.failure,
        entry.api_version,
        None if (at := moved_at(entry)) is None else _wall(at, words),
    ]


def _wall(instant: float, words: Words) -> spreadsheet.Cell:
    return words.at(instant).replace(tzinfo=None, microsecond=0)


def _money(row: Row) -> spreadsheet.Cell:
    """Empty where the currency isn't known: its minor units stand two columns on."""
    minor, currency = row.amount_minor, row.entry.currency
    if minor is None or currency not in EXPONENTS:
        return None
    amount = Amount(minor, currency)
    return spreadsheet.Money(amount.major, amount.exponent)


def shown(row: Row, words: Words, language: str) -> dict[str, object]:
    """For the template."""
    entry = row.entry
    return {
        "number": entry.number,
        "day": words.day(entry.at, language),
        "time": f"{words.at(entry.at):%H:%M:%S}",
        "state": str(row.state),
        "reason": row.reason,
        "kind": plain(entry.kind, longest=36),
        "source": source_of(entry),
        "reader": plain(row.reader),
        "address": plain(row.address, longest=30),
        "object": plain(entry.object_id or entry.event_id, longest=30),
        "amount": words.money(row.amount_minor, entry.currency, language),
        "unknown": row.amount_minor is not None and entry.currency not in EXPONENTS,
        "sent": row.deliveries,
        "late": None if row.lag_seconds is None else scaled(row.lag_seconds),
        "tries": row.tries,
        "next": "" if row.next_at is None else words.moment(row.next_at, language),
        "failure": plain(row.failure),
    }


def scaled(seconds: float) -> tuple[int, str]:
    """In the largest unit of which there is one; its name is the tail of a text's key."""
    for name, size in _SCALES:
        if abs(seconds) >= size:
            return round(seconds / size), name
    return round(seconds), "s"
