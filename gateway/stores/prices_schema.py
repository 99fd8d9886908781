"""What Stripe last said of each price, and what it is still to be asked, on the metadata of ``schema``.

Both can be thrown away: a catalogue is fetched again, and a fold wants again what it still needs.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
)

from gateway.stores.schema import metadata

price = Table(
    "price",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("product", String(255), nullable=False),
    Column("amount_minor", BigInteger),  # NULL: no fixed amount
    Column("currency", String(3), nullable=False),
    Column("options", JSON, nullable=False),  # minor units by currency
    Column("interval", String(10), nullable=False),
    Column("interval_count", Integer, nullable=False),
    Column("tax_behavior", String(20), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("fetched_at", Float, nullable=False),
)

# ``tries``: how often it was asked in a row. A row that isn't wanted any more remembers until when it
# needn't be asked again.
want = Table(
    "want",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("wanted", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Index("want_next", "wanted", "next_at"),
)
