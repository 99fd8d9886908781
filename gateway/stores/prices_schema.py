"""The catalogue of prices: what Stripe last said of each, on the same metadata as ``schema``.

It can be thrown away and fetched again; nobody's access depends on it.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, String, Table

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
