"""Each condition of a journal's filter in SQL: how it holds of an entry, and which index leads to the
entries for which it does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    and_,
    any_,
    exists,
    false,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.amount import currencies
from gateway.model.entry import Source
from gateway.model.journal import Filter, Shown, Word
from gateway.model.mark import State, Why
from gateway.stores import schema
from gateway.stores.journal_schema import journal_term
from gateway.stores.journal_terms import TermKeys
from gateway.stores.money_schema import LATE, ledger, ledger_work

_IDS = (
    "event_id object_id customer_id subscription_id invoice_id charge_id payment_id reader"
).split()
_LOOKED_AT = ("number", "at", "observed_at", "source", "kind", "amount_minor", "currency", *_IDS)
_CUSTOMERS_MAX = 200
_FEW = 4000  # a range of amounts that fewer entries are in may lead

# Clocks may have been that wrong; numbers are in the order of arrival all the same.
_OUT_OF_ORDER_SECONDS = 7200.0
NEWEST = 1 << 62  # above every number
_AMOUNT_MAX = 1 << 53

Holds = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True, slots=True, eq=False)
class Lead:
    """A number's column, and a condition that an index serves. ``few``: it holds of so few entries that
    they are all taken and put in order; without that word PostgreSQL would rather read the whole
    ledger from its end, where it expects the first of them soon."""

    number: Any
    holds: ColumnElement[bool]
    few: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Facet:
    """``holds`` is its condition on the columns of ``looked_at``. ``leads``: what any of its entries is
    found by; none: it can't lead."""

    holds: Holds
    leads: tuple[Lead, ...] = ()

    @property
    def indexed(self) -> bool:
        """One index knows all about it."""
        return len(self.leads) == 1 and not self.leads[0].few


_ENTRY, _WORK, _TERM = ledger.c, ledger_work.c, journal_term.c
NOTHING: tuple[Lead, ...] = (Lead(_ENTRY.number, false()),)


def among(connection: AsyncConnection, column: Any, numbers: Sequence[int]) -> ColumnElement[bool]:
    """PostgreSQL is faster with one list than with a thousand numbers, and has no other for it."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(numbers), ARRAY(BigInteger)))  # type: ignore[no-any-return]  # untyped columns
    return column.in_(numbers)  # type: ignore[no-any-return]  # untyped columns


def looked_at(connection: AsyncConnection, numbers: Sequence[int]) -> Any:
    """Entries whose numbers are at hand. The limit keeps a database from looking for all entries that
    fulfil a condition, by its index, where a thousand are only to be looked at."""
    columns = [_ENTRY[name] for name in _LOOKED_AT]
    return (
        select(*columns, _WORK.state, _WORK.reason, _WORK.deliveries)
        .join(ledger_work, _WORK.number == _ENTRY.number)
        .where(among(connection, _ENTRY.number, numbers))
        .limit(len(numbers))
        .subquery("looked_at")
    )


def shown(state: Shown, row: Any) -> ColumnElement[bool]:
    """``row`` has the columns of ``ledger_work``."""
    if state is Shown.FAILED:
        return row.reason == Why.FAILED  # type: ignore[no-any-return]  # untyped rows
    if state is Shown.RECEIVED:
        return and_(row.state == State.RECEIVED, row.reason != Why.FAILED)
    return row.state == str(state)  # type: ignore[no-any-return]  # untyped rows


async def facets(connection: AsyncConnection, wanted: Filter, keys: TermKeys) -> list[Facet]:
    found: list[Facet] = []
    state = wanted.state
    if state is not None:
        found.append(_of(_WORK, lambda row: shown(state, row)))
    if wanted.reason:
        found.append(_of(_WORK, lambda row: row.reason == wanted.reason))
    if wanted.kind:
        found.append(_of(_ENTRY, lambda row: row.kind == wanted.kind))
    if wanted.source:
        found.append(_of(_ENTRY, lambda row: row.source == wanted.source))
    if wanted.reader:
        customers = await _customers_of(connection, [wanted.reader])
        found.append(_any(_of_people([wanted.reader], customers)))
    if wanted.deliveries_min > 1:
        again = and_(text("deliveries > 1"), _WORK.deliveries >= wanted.deliveries_min)
        leads = (Lead(_WORK.number, again),)
        found.append(Facet(lambda row: row.deliveries >= wanted.deliveries_min, leads))
    if wanted.lag_min:
        late = and_(text(LATE), _late(wanted.lag_min)(_ENTRY))
        found.append(Facet(_late(wanted.lag_min), (Lead(_ENTRY.number, late),)))
    if wanted.since is not None:
        found.append(Facet(lambda row: row.at >= wanted.since))
    if wanted.until is not None:
        found.append(Facet(lambda row: row.at < wanted.until))
    found += await _amounts(connection, wanted)
    found += [await _word(connection, word, keys) for word in wanted.words]
    return found


def _of(columns: Any, holds: Holds) -> Facet:
    """A condition that an index of a table serves as it is."""
    return Facet(holds, (Lead(columns.number, holds(columns)),))


def _any(conditions: Sequence[Holds]) -> Facet:
    """Of ids, which few entries bear."""
    leads = tuple(Lead(_ENTRY.number, each(_ENTRY), few=True) for each in conditions)
    return Facet(lambda row: or_(false(), *(each(row) for each in conditions)), leads)


def _equal(name: str, value: object) -> Holds:
    return lambda row: row[name] == value


def _late(seconds: int) -> Holds:
    return lambda row: and_(row.source == Source.WEBHOOK, row.at - row.observed_at >= seconds)


def _of_people(readers: Sequence[str], customers: Sequence[str]) -> list[Holds]:
    found = [_equal("reader", each) for each in readers]
    return found + [_equal("customer_id", each) for each in customers]


async def _customers_of(connection: AsyncConnection, readers: Sequence[str]) -> list[str]:
    """Every customer that was ever named together with one of these readers."""
    customer = _ENTRY.customer_id
    named = select(customer).distinct().where(_ENTRY.reader.in_(readers), customer != "")
    return sorted((await connection.execute(named.limit(_CUSTOMERS_MAX))).scalars())


async def _amounts(connection: AsyncConnection, wanted: Filter) -> list[Facet]:
    """Amounts are asked for without a sign, for what is paid back stands in the ledger without one."""
    found: list[Facet] = []
    currency = wanted.currency
    if currency:
        found.append(Facet(lambda row: row.currency == currency))
    low, high = wanted.amount_min, wanted.amount_max
    if low is None and high is None:
        return found
    if low is not None and low == high:
        return [*found, _exactly(low, lambda row: row.currency == currency)]
    within = _within(low or 0, high if high is not None else _AMOUNT_MAX)
    some = select(_ENTRY.number).where(within(_ENTRY), _ENTRY.currency == currency)
    numbers = list((await connection.execute(some.limit(_FEW + 1))).scalars())
    if len(numbers) > _FEW:
        return [*found, Facet(within)]
    few = among(connection, _ENTRY.number, numbers)
    return [*found, Facet(within, (Lead(_ENTRY.number, few, few=True),))]


def _within(least: int, most: int) -> Holds:
    if least <= 0:
        return lambda row: row.amount_minor.between(-most, most)
    return lambda row: or_(
        row.amount_minor.between(least, most), row.amount_minor.between(-most, -least)
    )


def _exactly(minor: int, currency: Holds) -> Facet:
    """The index has the currency too."""
    either = sorted({minor, -minor})
    leads = [and_(_ENTRY.amount_minor == each, currency(_ENTRY)) for each in either]
    return Facet(
        lambda row: and_(row.amount_minor.in_(either), currency(row)),
        tuple(Lead(_ENTRY.number, each) for each in leads),
    )


def _of_exponent(exponent: int) -> Holds:
    """Two digits behind the point are what a currency has that isn't known for others."""
    others = {0: currencies(0), 3: currencies(3)}
    if exponent in others:
        return lambda row: row.currency.in_(others[exponent])
    return lambda row: row.currency.not_in([*others[0], *others[3]])


async def _word(connection: AsyncConnection, word: Word, keys: TermKeys) -> Facet:
    """Any way in which an entry may answer a word."""
    parts: list[Facet] = []
    hashes = keys.hashed(word.terms)
    if word.id:
        parts.append(_any([_equal(name, word.id) for name in _IDS]))
    if word.address:
        parts.append(_any(await _of_address(connection, word.address, hashes)))
    parts += [_exactly(each.minor, _of_exponent(each.exponent)) for each in word.amounts]
    parts += [await _of_days(connection, *span) for span in word.days]
    if hashes:
        parts.append(_of_terms(hashes))
    leads = [lead for part in parts for lead in part.leads]
    return Facet(
        lambda row: or_(false(), *(part.holds(row) for part in parts)), tuple(leads) or NOTHING
    )


def _of_terms(hashes: Sequence[bytes]) -> Facet:
    leads = tuple(Lead(_TERM.number, _TERM.term == each) for each in hashes)
    return Facet(
        lambda row: exists().where(_TERM.number == row.number, _TERM.term.in_(hashes)), leads
    )


async def _of_days(connection: AsyncConnection, since: float, until: float) -> Facet:
    after, before = await stretch(connection, since, until)
    numbers = and_(_ENTRY.number > after, _ENTRY.number < before)
    came = and_(_ENTRY.at >= since, _ENTRY.at < until)
    lead = Lead(_ENTRY.number, and_(numbers, came))
    return Facet(lambda row: and_(row.at >= since, row.at < until), (lead,))


async def _of_address(
    connection: AsyncConnection, address: str, hashes: Sequence[bytes]
) -> list[Holds]:
    """Of the accounts that have it, and of the customers whose payloads name it."""
    account = schema.reader.c
    of_address = select(account.id).where(account.email == address).limit(_CUSTOMERS_MAX)
    readers = sorted((await connection.execute(of_address)).scalars())
    owners = select(_TERM.owner).distinct().where(_TERM.term.in_(hashes)).limit(_CUSTOMERS_MAX)
    customers = set((await connection.execute(owners)).scalars())
    if readers:
        customers |= set(await _customers_of(connection, readers))
    return _of_people(readers, sorted(customers))


async def stretch(
    connection: AsyncConnection, since: float | None, until: float | None
) -> tuple[int, int]:
    """Below and above which numbers nothing came within this time, as far as clocks can be trusted."""
    at, number = _ENTRY.at, _ENTRY.number
    after, before = 0, NEWEST
    if since is not None:
        older = select(number).where(at < since - _OUT_OF_ORDER_SECONDS)
        last = (await connection.execute(older.order_by(at.desc()).limit(1))).scalar()
        after = last or after
    if until is not None:
        newer = select(number).where(at >= until + _OUT_OF_ORDER_SECONDS)
        first = (await connection.execute(newer.order_by(at).limit(1))).scalar()
        before = first or before
    return after, before
