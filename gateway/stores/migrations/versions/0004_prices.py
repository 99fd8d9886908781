"""What Stripe's prices are, as the plans page and the walls say them; what Stripe is still to be asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("product", sa.String(255), nullable=False),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("interval", sa.String(10), nullable=False),
        sa.Column("interval_count", sa.Integer, nullable=False),
        sa.Column("tax_behavior", sa.String(20), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("livemode", sa.Boolean, nullable=False),
        sa.Column("fetched_at", sa.Float, nullable=False),
    )
    op.create_table(
        "want",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
    )
    op.create_index("want_next", "want", ["wanted", "next_at"])
