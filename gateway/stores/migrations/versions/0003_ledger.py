"""The ledger that only grows, what is to be done about it, its deliveries and sealed payloads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, length: int = 255) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _entry() -> sa.Column[int]:
    """The number of the entry that a row is about."""
    of_ledger = sa.ForeignKey("ledger.number")
    return sa.Column("number", _NUMBER, of_ledger, primary_key=True, autoincrement=False)


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        _id("event_id"),
        _id("source", 16),
        _id("kind"),
        sa.Column("observed_at", sa.Float, nullable=False),
        sa.Column("livemode", sa.Boolean),
        _id("account"),
        _id("api_version", 40),
        _id("object_type"),
        _id("object_id"),
        _id("customer_id"),
        _id("subscription_id"),
        _id("invoice_id"),
        _id("charge_id"),
        _id("payment_id"),
        sa.Column("amount_minor", sa.BigInteger),
        _id("currency", 3),
        _id("reader", 40),
        sa.Column("facts", sa.Text, nullable=False),
        _id("payload_sha256", 64),
        _id("previous_hash", 64),
        _id("hash", 64),
    )
    op.create_index("ledger_event", "ledger", ["event_id"], unique=True)
    for each in ("object", "customer", "subscription", "invoice", "charge", "payment"):
        op.create_index(f"ledger_{each}", "ledger", [f"{each}_id"])
    op.create_index("ledger_reader", "ledger", ["reader"])
    _around()
    for statement in _triggers():
        op.execute(statement)


def _around() -> None:
    op.create_table(
        "ledger_work",
        _entry(),
        _id("state", 20),
        _id("reason", 100),
        sa.Column("changed_at", sa.Float, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float, nullable=False),
        _id("fetch", 10),
        sa.Column("fetch_tries", sa.Integer, nullable=False),
        sa.Column("fetch_next_at", sa.Float, nullable=False),
    )
    op.create_index("ledger_work_state", "ledger_work", ["state", "next_at"])
    op.create_index("ledger_work_fetch", "ledger_work", ["fetch", "fetch_next_at"])
    op.create_table(
        "delivery",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("entry", _NUMBER, sa.ForeignKey("ledger.number"), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        _id("payload_sha256", 64),
    )
    op.create_index("delivery_entry", "delivery", ["entry"])
    op.create_table(
        "payload", _entry(), _id("owner"), sa.Column("sealed", sa.LargeBinary, nullable=False)
    )
    op.create_index("payload_owner", "payload", ["owner"])
    op.create_table(
        "payload_key",
        sa.Column("owner", sa.String(255), primary_key=True),
        sa.Column("key", sa.LargeBinary),
        sa.Column("made_at", sa.Float, nullable=False),
        sa.Column("destroyed_at", sa.Float),
    )


def _triggers() -> tuple[str, ...]:
    # The statements are the schema's own: an append-only table has one definition.
    from gateway.stores import money_schema

    if op.get_bind().dialect.name == "sqlite":
        return money_schema.SQLITE_LEDGER_ONLY_GROWS
    return money_schema.POSTGRESQL_LEDGER_ONLY_GROWS


def downgrade() -> None:
    raise NotImplementedError("a ledger isn't taken back; restore a backup instead")
