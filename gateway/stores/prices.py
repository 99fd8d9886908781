"""The catalogue of prices on the store: kept by the background process, read by whoever shows one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway.model.amount import Amount
from gateway.model.price import Price
from gateway.stores import prices_schema
from gateway.stores.engine import Store
from gateway.stores.news import Kind, tell


class Prices:
    """Implements ``money.prices.Catalogue``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> dict[str, Price]:
        """By id; a price that Stripe was never asked about, or doesn't know, isn't there."""
        return await self._store.read(_all)

    async def keep(self, told: Sequence[Price], *, gone: Collection[str] = (), now: float) -> bool:
        """Write down what Stripe said, and leave out what it knows no more. Of two answers the later
        counts. Whether anything is otherwise than before; then every worker is told."""

        def work(connection: Connection) -> bool:
            before = _all(connection)
            later = [
                each
                for each in told
                if each.id not in before or before[each.id].fetched_at <= each.fetched_at
            ]
            unknown = before.keys() & set(gone)
            changed = bool(unknown)
            for each in later:
                known = before.get(each.id)
                _write(connection, each, known=known is not None)
                changed |= known is None or replace(known, fetched_at=each.fetched_at) != each
            if unknown:
                table = prices_schema.price
                connection.execute(delete(table).where(table.c.id.in_(sorted(unknown))))
            if changed:
                tell(connection, Kind.PRICES, "", now=now)
            return changed

        return await self._store.write(work)


def _all(connection: Connection) -> dict[str, Price]:
    rows = connection.execute(select(prices_schema.price))
    return {row["id"]: _price_of(row) for row in rows.mappings()}


def _write(connection: Connection, price: Price, *, known: bool) -> None:
    table = prices_schema.price
    row = {
        "id": price.id,
        "product": price.product,
        "amount_minor": None if price.amount is None else price.amount.minor,
        "currency": "" if price.amount is None else price.amount.currency,
        "options": {each.currency: each.minor for each in price.options},
        "interval": price.interval,
        "interval_count": price.interval_count,
        "tax_behavior": price.tax_behavior,
        "active": price.active,
        "livemode": price.livemode,
        "fetched_at": price.fetched_at,
    }
    statement = update(table).where(table.c.id == price.id) if known else insert(table)
    connection.execute(statement.values(**row))


def _price_of(row: Any) -> Price:
    minor, options = row["amount_minor"], row["options"]
    return Price(
        id=row["id"],
        product=row["product"],
        amount=None if minor is None else Amount(minor, row["currency"]),
        options=tuple(Amount(options[each], each) for each in sorted(options)),
        interval=row["interval"],
        interval_count=row["interval_count"],
        tax_behavior=row["tax_behavior"],
        active=row["active"],
        livemode=row["livemode"],
        fetched_at=row["fetched_at"],
    )
