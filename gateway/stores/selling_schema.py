"""Attempts to buy, and the customer that was made for a reader, on the metadata of ``schema``.

One attempt of a reader is open at a time, and the database itself says so. Both tables go with the
account; what was bought stands in the ledger.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, String, Table

from gateway.stores.schema import index_of_some, metadata

checkout_attempt = Table(
    "checkout_attempt",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("reader_id", String(40), ForeignKey("reader.id", ondelete="CASCADE"), nullable=False),
    Column("plan", String(64), nullable=False),
    Column("price", String(255), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("return_to", String(1600), nullable=False),
    Column("language", String(16), nullable=False),
    Column("made_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("state", String(10), nullable=False),
    Column("session_id", String(255), nullable=False),
    index_of_some("checkout_attempt_open", "reader_id", "state = 'open'", unique=True),
    Index("checkout_attempt_session", "session_id"),
)

# The one that we made. A reader may own others, which the ledger binds.
customer = Table(
    "customer",
    metadata,
    Column("reader_id", String(40), ForeignKey("reader.id", ondelete="CASCADE"), primary_key=True),
    Column("customer_id", String(255), nullable=False),
    Column("made_at", Float, nullable=False),
)
