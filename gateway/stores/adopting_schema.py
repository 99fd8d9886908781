"""Those who paid before us, on the metadata of ``schema``: which address pays for a customer whom no
reader is bound to, who asked for a link, which links were mailed, and which accounts a file brought.

No address stands here, only its keyed hash; the key stands in no store.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)

from gateway.stores.schema import metadata

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

# An account that a file brought and nobody has claimed yet: it has no way to log in.
imported = Table(
    "imported",
    metadata,
    Column("reader_id", String(40), ForeignKey("reader.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Float, nullable=False),
)

# ``address_key`` is empty for a customer of whom Stripe knows no address.
payer = Table(
    "payer",
    metadata,
    Column("customer_id", String(255), primary_key=True),
    Column("address_key", String(64), nullable=False),
    Column("next_at", Float, nullable=False),
    Index("payer_address", "address_key"),
)

# A reader typed an address: whether anything is mailed is found out later, and not before their eyes.
adoption_asked = Table(
    "adoption_asked",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("address_keys", JSON, nullable=False),
    Column("language", String(16), nullable=False),
    Column("return_to", String(1600), nullable=False),
    Column("at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("next_at", Float, nullable=False),
    Index("adoption_asked_next", "next_at"),
)

# A link is one row for each customer that it adopts. ``used_by`` is the reader who took it, or empty.
adoption = Table(
    "adoption",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("customer_id", String(255), primary_key=True),
    Column("language", String(16), nullable=False),
    Column("return_to", String(1600), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("used_by", String(40), nullable=False),
    Column("used_at", Float),
    Index("adoption_customer", "customer_id"),
    Index("adoption_until", "until"),
)
