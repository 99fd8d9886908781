"""Readers, sessions, entitlements, openings, the audit log, and news between workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of_reader() -> sa.Column[str]:
    return sa.Column(
        "reader_id", sa.String(40), sa.ForeignKey("reader.id", ondelete="CASCADE"), nullable=False
    )


def upgrade() -> None:
    op.create_table(
        "reader",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_verified", sa.Boolean, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("newsroom", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_table(
        "reader_identity",
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        _of_reader(),
        sa.Column("added_at", sa.Float, nullable=False),
        sa.UniqueConstraint("issuer", "subject", name="reader_identity_once"),
    )
    op.create_index("reader_identity_reader", "reader_identity", ["reader_id"])
    op.create_table(
        "session",
        sa.Column("id", sa.String(64), primary_key=True),
        _of_reader(),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_seen_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("idle_seconds", sa.Float, nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("ended_at", sa.Float),
    )
    op.create_index("session_reader", "session", ["reader_id"])
    op.create_index("session_expires", "session", ["expires_at"])
    op.create_table(
        "entitlement",
        _of_reader(),
        sa.Column("tier", sa.String(100), nullable=False),
        sa.Column("starts_at", sa.Float, nullable=False),
        sa.Column("ends_at", sa.Float, nullable=False),
        sa.Column("mendable", sa.Boolean, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
    )
    op.create_index("entitlement_reader", "entitlement", ["reader_id"])
    _append_only_and_news()


def _append_only_and_news() -> None:
    op.create_table(
        "opening",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("path", sa.String(2000), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("by", sa.String(320), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("who", sa.String(320), nullable=False),
        sa.Column("act", sa.String(100), nullable=False),
        sa.Column("what", sa.String(2000), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
    )
    op.create_table(
        "news",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.String(2000), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("holder", sa.String(100), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    for statement in _triggers():
        op.execute(statement)


def _triggers() -> tuple[str, ...]:
    # The statements are the schema's own: an append-only table has one definition.
    from gateway.stores import schema

    if op.get_bind().dialect.name == "sqlite":
        return schema.SQLITE_APPEND_ONLY
    return schema.POSTGRESQL_APPEND_ONLY


def downgrade() -> None:
    raise NotImplementedError("an audit log isn't taken back; restore a backup instead")
