"""What operators were alerted to, and what the audit log is looked through by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("condition", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("detail", sa.String(300), nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("posted", sa.Boolean, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_who", "audit", ["who", "number"])
    op.create_index("audit_act", "audit", ["act", "number"])
