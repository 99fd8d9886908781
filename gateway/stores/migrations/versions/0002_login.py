"""What a session's login proved, mailed links and codes, mail that waits, rate limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def upgrade() -> None:
    op.create_index("reader_email", "reader", ["email"])
    for column in (_text("provider", 64), _text("email", 320)):
        op.add_column("reader_identity", column)
    proved = (
        _text("issuer", 500),
        _text("subject", 255),
        _text("provider_session", 255),
        _text("proved_email", 320),
        sa.Column("groups", sa.JSON, nullable=False, server_default="[]"),
        _text("id_token", 8000),
        _text("network", 64),
        _text("country", 2),
    )
    for each in proved:
        op.add_column("session", each)
    op.create_index("session_subject", "session", ["issuer", "subject"])
    op.create_table(
        "used",
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_index("used_until", "used", ["until"])
    _mail()
    op.create_table(
        "rate",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_index("rate_until", "rate", ["until"])


def _mail() -> None:
    op.create_table(
        "mailed",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("return_to", sa.String(1600), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("carried", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("mailed_browser", "mailed", ["browser_hash"])
    op.create_index("mailed_until", "mailed", ["until"])
    op.create_table(
        "outgoing",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_index("outgoing_next", "outgoing", ["next_at"])
