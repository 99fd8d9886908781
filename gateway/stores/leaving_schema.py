"""Requests to cancel or to withdraw, and the letters of a subscription's life, on the metadata of ``schema``.

``leaving`` holds what somebody wrote of themselves; it goes when they are erased. ``letter`` says by
its key that a letter is due or was sent, and so keeps every node from sending it twice.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table

from gateway.stores.schema import metadata


def _text(name: str, length: int) -> Column[str]:
    return Column(name, String(length), nullable=False)


# ``once``: what may be asked for once, be it from two tabs. ``until`` is that of the mailed link.
leaving = Table(
    "leaving",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("once", String(300), nullable=False, unique=True),
    _text("way", 10),
    _text("state", 10),
    _text("reader_id", 40),
    _text("email", 320),
    _text("name", 200),
    _text("reference", 255),
    _text("wished", 10),
    _text("reason", 1000),
    _text("language", 16),
    Column("subscriptions", JSON, nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("accepted_at", Float),
    Column("done_at", Float),
    Column("receipted", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("outcomes", JSON, nullable=False),
    Index("leaving_due", "state", "next_at"),
    Index("leaving_reader", "reader_id"),
    Index("leaving_email", "email"),
)

letter = Table(
    "letter",
    metadata,
    Column("key", String(300), primary_key=True),
    _text("kind", 20),
    _text("subscription_id", 255),
    _text("customer_id", 255),
    _text("reader_id", 40),
    Column("at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Index("letter_due", "state", "next_at"),
)
