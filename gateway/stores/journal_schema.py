"""What the console looks things up by, on the same metadata as ``schema``. All of it is made anew from
the ledger: work items and money that moved when a story is folded, terms when payloads are read.

A term is a keyed hash of a word that may name a person; its key stands in no store. The rows of an
owner go when the owner's payloads do.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from gateway.stores.schema import metadata

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def _id(name: str, length: int = 255) -> Column[str]:
    return Column(name, String(length), nullable=False)


# ``due`` is far away where nobody must answer by any moment: the list is in its order.
work_item = Table(
    "work_item",
    metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    _id("why", 40),
    _id("subject"),
    _id("progress", 10),
    Column("number", _NUMBER, nullable=False),
    Column("due", Float, nullable=False),
    _id("customer_id"),
    _id("subscription_id"),
    _id("payment_id"),
    _id("charge_id"),
    _id("reader", 40),
    Column("amount_minor", BigInteger),
    _id("currency", 3),
    _id("detail", 300),
    _id("assignee", 320),
    Column("opened_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Index("work_item_once", "subject", "why", unique=True),
    Index("work_item_list", "progress", "due", "number"),
)

# ``gone``: a refund that failed, a dispute that was won. ``number`` is the entry of the last change.
movement = Table(
    "movement",
    metadata,
    Column("object_id", String(255), primary_key=True),
    Column("sort", String(20), primary_key=True),
    Column("at", Float),
    _id("currency", 3),
    Column("amount_minor", BigInteger, nullable=False),
    Column("number", _NUMBER, nullable=False),
    _id("customer_id"),
    _id("invoice_id"),
    _id("payment_id"),
    _id("charge_id"),
    Column("gone", Boolean, nullable=False),
    Index("movement_at", "at"),
    Index("movement_customer", "customer_id"),
)

journal_term = Table(
    "journal_term",
    metadata,
    Column("term", LargeBinary(16), primary_key=True),
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    _id("owner"),
    Index("journal_term_owner", "owner"),
)

# How far payloads were read, and with which key.
journal_mark = Table(
    "journal_mark",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("number", _NUMBER, nullable=False),
    _id("key_id", 16),
)
