"""Each condition of a journal's filter in SQL: how it holds of an entry, and which index leads to the
entries for which it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.amount import currencies
from gateway.model.journal import Filter, Shown, Word
from gateway.model.mark import State, Why
from gateway.stores import schema
from gateway.stores.journal_schema import journal_term
from gateway.stores.journal_terms import TermKeys
from gateway.stores.money_schema import LATE, ledger, ledger_work

_IDS = (
    "event_id object_id customer_id subscription_id invoice_id charge_id payment_id reader"
).split()
_CUSTOMERS_MAX = 200
_FEW = 4000  # a range of amounts that fewer entries are in may lead

# Clocks may have been that wrong; numbers are in the order of arrival all the same.
_OUT_OF_ORDER_SECONDS = 7200.0
NEWEST = 1 << 62  # above every number

Lead = tuple[Any, ColumnElement[bool]]
NOTHING: tuple[Lead, ...] = ((ledger.c.number, false()),)


@dataclass(frozen=True, slots=True, eq=False)
class Facet:
    """``leads``: a number's column and a condition that an index serves, newest first, any of which may
    hold; none: it can't lead."""

    holds: ColumnElement[bool]
    leads: tuple[Lead, ...] = ()


def shown(state: Shown) -> ColumnElement[bool]:
    """Of ``ledger_work``."""
    work = ledger_work.c
    if state is Shown.FAILED:
        return work.reason == Why.FAILED
    if state is Shown.RECEIVED:
        return and_(work.state == State.RECEIVED, work.reason != Why.FAILED)
    return work.state == str(state)


async def facets(connection: AsyncConnection, wanted: Filter, keys: TermKeys) -> list[Facet]:
    found: list[Facet] = []
    if wanted.state is not None:
        found.append(_of_work(shown(wanted.state)))
    if wanted.reason:
        found.append(_of_work(ledger_work.c.reason == wanted.reason))
    if wanted.kind:
        found.append(_of_ledger(ledger.c.kind == wanted.kind))
    if wanted.source:
        found.append(_of_ledger(ledger.c.source == wanted.source))
    if wanted.reader:
        customers = await _customers_of(connection, [wanted.reader])
        found.append(_any(_of_people([wanted.reader], customers)))
    if wanted.deliveries_min > 1:
        again = ledger_work.c.deliveries >= wanted.deliveries_min
        lead = (ledger_work.c.number, and_(text("deliveries > 1"), again))
        found.append(Facet(again, (lead,)))
    if wanted.lag_min:
        late = and_(text(LATE), ledger.c.at - ledger.c.observed_at >= wanted.lag_min)
        found.append(Facet(late, ((ledger.c.number, late),)))
    if wanted.since is not None:
        found.append(Facet(ledger.c.at >= wanted.since))
    if wanted.until is not None:
        found.append(Facet(ledger.c.at < wanted.until))
    found += await _amounts(connection, wanted)
    found += [await _word(connection, word, keys) for word in wanted.words]
    return found


def _of_work(condition: ColumnElement[bool]) -> Facet:
    return Facet(condition, ((ledger_work.c.number, condition),))


def _of_ledger(condition: ColumnElement[bool]) -> Facet:
    return Facet(condition, ((ledger.c.number, condition),))


def _any(conditions: Sequence[ColumnElement[bool]]) -> Facet:
    return Facet(or_(false(), *conditions), tuple((ledger.c.number, each) for each in conditions))


def _of_people(readers: Sequence[str], customers: Sequence[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [ledger.c.reader == each for each in readers]
    return found + [ledger.c.customer_id == each for each in customers]


async def _customers_of(connection: AsyncConnection, readers: Sequence[str]) -> list[str]:
    """Every customer that was ever named together with one of these readers."""
    customer = ledger.c.customer_id
    named = select(customer).distinct().where(ledger.c.reader.in_(readers), customer != "")
    return sorted((await connection.execute(named.limit(_CUSTOMERS_MAX))).scalars())


async def _amounts(connection: AsyncConnection, wanted: Filter) -> list[Facet]:
    """Amounts are asked for without a sign, for what is paid back stands in the ledger without one."""
    found: list[Facet] = []
    if wanted.currency:
        found.append(Facet(ledger.c.currency == wanted.currency))
    low, high = wanted.amount_min, wanted.amount_max
    if low is None and high is None:
        return found
    amount = ledger.c.amount_minor
    if low is not None and low == high:
        return [*found, _exactly(low)]
    least, most = low or 0, high if high is not None else (1 << 62)
    within = or_(amount.between(least, most), amount.between(-most, -least))
    if least <= 0:
        within = amount.between(-most, most)
    few = select(ledger.c.number).where(within).limit(_FEW + 1)
    numbers = list((await connection.execute(few)).scalars())
    if len(numbers) > _FEW:
        return [*found, Facet(within)]
    return [*found, Facet(within, ((ledger.c.number, ledger.c.number.in_(numbers)),))]


def _exactly(minor: int) -> Facet:
    either = sorted({minor, -minor})
    conditions = [ledger.c.amount_minor == each for each in either]
    return Facet(
        ledger.c.amount_minor.in_(either), tuple((ledger.c.number, each) for each in conditions)
    )


def _of_exponent(exponent: int) -> ColumnElement[bool]:
    """Two digits behind the point are what a currency has that isn't known for others."""
    others = {0: currencies(0), 3: currencies(3)}
    if exponent in others:
        return ledger.c.currency.in_(others[exponent])
    return ledger.c.currency.not_in([*others[0], *others[3]])


async def _word(connection: AsyncConnection, word: Word, keys: TermKeys) -> Facet:
    """Any way in which an entry may answer a word."""
    plain: list[ColumnElement[bool]] = []  # what an index leads to as it is
    holds: list[ColumnElement[bool]] = []
    leads: list[Lead] = []
    hashes = keys.hashed(word.terms)
    if word.id:
        plain += [ledger.c[name] == word.id for name in _IDS]
    if word.address:
        plain += await _of_address(connection, word.address, hashes)
    for written in word.amounts:
        exact, known = _exactly(written.minor), _of_exponent(written.exponent)
        holds.append(and_(exact.holds, known))
        leads += [(number, and_(each, known)) for number, each in exact.leads]
    for since, until in word.days:
        after, before = await stretch(connection, since, until)
        came = and_(ledger.c.at >= since, ledger.c.at < until)
        plain.append(and_(came, ledger.c.number > after, ledger.c.number < before))
    if hashes:
        said = journal_term.c.term.in_(hashes)
        holds.append(exists().where(journal_term.c.number == ledger.c.number, said))
        leads += [(journal_term.c.number, journal_term.c.term == each) for each in hashes]
    leads += [(ledger.c.number, each) for each in plain]
    return Facet(or_(false(), *plain, *holds), tuple(leads) or NOTHING)


async def _of_address(
    connection: AsyncConnection, address: str, hashes: Sequence[bytes]
) -> list[ColumnElement[bool]]:
    """Of the accounts that have it, and of the customers whose payloads name it."""
    account = schema.reader.c
    of_address = select(account.id).where(account.email == address).limit(_CUSTOMERS_MAX)
    readers = sorted((await connection.execute(of_address)).scalars())
    term, owner = journal_term.c.term, journal_term.c.owner
    owners = select(owner).distinct().where(term.in_(hashes)).limit(_CUSTOMERS_MAX)
    customers = set((await connection.execute(owners)).scalars())
    if readers:
        customers |= set(await _customers_of(connection, readers))
    return _of_people(readers, sorted(customers))


async def stretch(
    connection: AsyncConnection, since: float | None, until: float | None
) -> tuple[int, int]:
    """Below and above which numbers nothing came within this time, as far as clocks can be trusted."""
    at, number = ledger.c.at, ledger.c.number
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
