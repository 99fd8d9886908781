"""What the console looks entries up by: indexes, terms, work items, and money that moved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, length: int = 255) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def upgrade() -> None:
    _ledger()
    _work()
    op.create_table(
        "movement",
        sa.Column("object_id", sa.String(255), primary_key=True),
        sa.Column("sort", sa.String(20), primary_key=True),
        sa.Column("at", sa.Float),
        _id("currency", 3),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        _id("customer_id"),
        _id("invoice_id"),
        _id("payment_id"),
        _id("charge_id"),
        sa.Column("gone", sa.Boolean, nullable=False),
    )
    op.create_index("movement_at", "movement", ["at"])
    op.create_index("movement_customer", "movement", ["customer_id"])
    op.create_table(
        "journal_term",
        sa.Column("term", sa.LargeBinary(16), primary_key=True),
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        _id("owner"),
    )
    op.create_index("journal_term_owner", "journal_term", ["owner"])
    op.create_table(
        "journal_mark",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("number", _NUMBER, nullable=False),
        _id("key_id", 16),
    )


def _ledger() -> None:
    """Whatever the journal is filtered by, in the order of numbers."""
    op.create_index("ledger_kind", "ledger", ["kind", "number"])
    op.create_index("ledger_source", "ledger", ["source", "number"])
    op.create_index("ledger_at", "ledger", ["at"])
    op.create_index("ledger_amount", "ledger", ["amount_minor", "number", "currency"])
    for name, columns, where in (
        ("ledger_late", ["number"], "source = 'webhook' AND at - observed_at >= 60"),
        ("ledger_bound", ["customer_id"], "reader <> ''"),
    ):
        some = sa.text(where)
        op.create_index(name, "ledger", columns, sqlite_where=some, postgresql_where=some)


def _work() -> None:
    deliveries = sa.Column("deliveries", sa.Integer, nullable=False, server_default="1")
    op.add_column("ledger_work", deliveries)
    failure = sa.Column("failure", sa.String(300), nullable=False, server_default="")
    op.add_column("ledger_work", failure)
    op.execute(
        "UPDATE ledger_work SET deliveries = counted.times FROM"
        " (SELECT entry, count(*) AS times FROM delivery GROUP BY entry HAVING count(*) > 1)"
        " AS counted WHERE counted.entry = ledger_work.number"
    )
    op.create_index("ledger_work_shown", "ledger_work", ["state", "number"])
    op.create_index("ledger_work_reason", "ledger_work", ["reason", "number"])
    again = sa.text("deliveries > 1")
    op.create_index(
        "ledger_work_again", "ledger_work", ["number"], sqlite_where=again, postgresql_where=again
    )
    op.create_table(
        "work_item",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        _id("why", 40),
        _id("subject"),
        _id("progress", 10),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("due", sa.Float, nullable=False),
        _id("customer_id"),
        _id("subscription_id"),
        _id("payment_id"),
        _id("charge_id"),
        _id("reader", 40),
        sa.Column("amount_minor", sa.BigInteger),
        _id("currency", 3),
        _id("detail", 300),
        _id("assignee", 320),
        sa.Column("opened_at", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
    op.create_index("work_item_once", "work_item", ["subject", "why"], unique=True)
    op.create_index("work_item_list", "work_item", ["progress", "due", "number"])
