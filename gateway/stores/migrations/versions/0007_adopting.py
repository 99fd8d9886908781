"""Links by which those who paid before us take their subscription along, and accounts that a file brings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "imported",
        sa.Column(
            "reader_id",
            sa.String(40),
            sa.ForeignKey("reader.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "payer",
        sa.Column("customer_id", sa.String(255), primary_key=True),
        sa.Column("address_key", sa.String(64), nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
    )
    op.create_index("payer_address", "payer", ["address_key"])
    op.create_table(
        "adoption_asked",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("address_keys", sa.JSON, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("return_to", sa.String(1600), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
    )
    op.create_index("adoption_asked_next", "adoption_asked", ["next_at"])
    op.create_table(
        "adoption",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(255), primary_key=True),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("return_to", sa.String(1600), nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("used_by", sa.String(40), nullable=False),
        sa.Column("used_at", sa.Float),
    )
    op.create_index("adoption_customer", "adoption", ["customer_id"])
    op.create_index("adoption_until", "adoption", ["until"])
