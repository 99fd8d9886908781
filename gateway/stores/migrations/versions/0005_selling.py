"""Attempts at a Checkout, and the customer that we made for a reader."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")


def _reader(**more: Any) -> sa.Column[str]:
    of_reader = sa.ForeignKey("reader.id", ondelete="CASCADE")
    return sa.Column("reader_id", sa.String(40), of_reader, **more)


def upgrade() -> None:
    op.create_table(
        "checkout_attempt",
        sa.Column("id", sa.String(64), primary_key=True),
        _reader(nullable=False),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("price", sa.String(255), nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("return_to", sa.String(1600), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("made_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("session_id", sa.String(255), nullable=False),
    )
    op.create_index(
        "checkout_attempt_open",
        "checkout_attempt",
        ["reader_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("checkout_attempt_session", "checkout_attempt", ["session_id"])
    op.create_table(
        "customer",
        _reader(primary_key=True),
        sa.Column("customer_id", sa.String(255), nullable=False),
        sa.Column("made_at", sa.Float, nullable=False),
    )
