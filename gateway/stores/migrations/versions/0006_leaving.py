"""Requests to cancel or withdraw, and which letters of a subscription's life were sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    op.create_table(
        "leaving",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("once", sa.String(300), nullable=False, unique=True),
        _text("way", 10),
        _text("state", 10),
        _text("reader_id", 40),
        _text("email", 320),
        _text("name", 200),
        _text("reference", 255),
        _text("wished", 10),
        _text("reason", 1000),
        _text("language", 16),
        sa.Column("subscriptions", sa.JSON, nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("accepted_at", sa.Float),
        sa.Column("done_at", sa.Float),
        sa.Column("receipted", sa.Boolean, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
        sa.Column("outcomes", sa.JSON, nullable=False),
    )
    op.create_index("leaving_due", "leaving", ["state", "next_at"])
    op.create_index("leaving_reader", "leaving", ["reader_id"])
    op.create_index("leaving_email", "leaving", ["email"])
    op.create_table(
        "letter",
        sa.Column("key", sa.String(300), primary_key=True),
        _text("kind", 20),
        _text("subscription_id", 255),
        _text("customer_id", 255),
        _text("reader_id", 40),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
    )
    op.create_index("letter_due", "letter", ["state", "next_at"])
