"""The tables of the money way, on the same metadata as ``schema``.

``ledger`` can only grow, and the database itself says so: no row is changed, deleted or put in
another's place, and each new one carries the next number and the hash of the one before. What
changes about an entry (was it applied, is its object to be fetched) stands in ``ledger_work``, each
arrival of a webhook in ``delivery``, what it said in ``payload``, sealed with its customer's key.
"""

# ruff: noqa: S608 — the triggers are put together of constants
from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from gateway.model.entry import GENESIS
from gateway.stores.schema import index_of_some, metadata

# SQLite counts rows by itself only in a column of the very type INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def _id(name: str, length: int = 255) -> Column[str]:
    return Column(name, String(length), nullable=False)


LATE = "source = 'webhook' AND at - observed_at >= 60"


ledger = Table(
    "ledger",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    _id("event_id"),
    _id("source", 16),
    _id("kind"),
    Column("observed_at", Float, nullable=False),
    Column("livemode", Boolean),
    _id("account"),
    _id("api_version", 40),
    _id("object_type"),
    _id("object_id"),
    _id("customer_id"),
    _id("subscription_id"),
    _id("invoice_id"),
    _id("charge_id"),
    _id("payment_id"),
    Column("amount_minor", BigInteger),
    _id("currency", 3),
    _id("reader", 40),
    Column("facts", Text, nullable=False),
    _id("payload_sha256", 64),
    _id("previous_hash", 64),
    _id("hash", 64),
    Index("ledger_event", "event_id", unique=True),
    Index("ledger_object", "object_id"),
    Index("ledger_customer", "customer_id"),
    Index("ledger_subscription", "subscription_id"),
    Index("ledger_invoice", "invoice_id"),
    Index("ledger_charge", "charge_id"),
    Index("ledger_payment", "payment_id"),
    Index("ledger_reader", "reader"),
    # Whatever the journal is filtered by, in the order of numbers.
    Index("ledger_kind", "kind", "number"),
    Index("ledger_source", "source", "number"),
    Index("ledger_at", "at"),
    Index("ledger_amount", "amount_minor", "number", "currency"),
    index_of_some("ledger_late", "number", LATE),
    index_of_some("ledger_bound", "customer_id", "reader <> ''"),
)

ledger_work = Table(
    "ledger_work",
    metadata,
    Column("number", _NUMBER, ForeignKey("ledger.number"), primary_key=True, autoincrement=False),
    _id("state", 20),
    Column("reason", String(100), nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    # Whether the entry's object is to be fetched: "" (no need), "wanted", "done".
    _id("fetch", 10),
    Column("fetch_tries", Integer, nullable=False),
    Column("fetch_next_at", Float, nullable=False),
    # How often Stripe sent it, and why applying it failed.
    Column("deliveries", Integer, nullable=False, default=1, server_default="1"),
    Column("failure", String(300), nullable=False, default="", server_default=""),
    Index("ledger_work_state", "state", "next_at"),
    Index("ledger_work_fetch", "fetch", "fetch_next_at"),
    Index("ledger_work_shown", "state", "number"),
    Index("ledger_work_reason", "reason", "number"),
    index_of_some("ledger_work_again", "number", "deliveries > 1"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("entry", _NUMBER, ForeignKey("ledger.number"), nullable=False),
    Column("at", Float, nullable=False),
    _id("payload_sha256", 64),
    Index("delivery_entry", "entry"),
)

payload = Table(
    "payload",
    metadata,
    Column("number", _NUMBER, ForeignKey("ledger.number"), primary_key=True, autoincrement=False),
    _id("owner"),
    Column("sealed", LargeBinary, nullable=False),
    Index("payload_owner", "owner"),
)

# A destroyed key stays as an empty row: what comes later for that owner is never kept.
payload_key = Table(
    "payload_key",
    metadata,
    Column("owner", String(255), primary_key=True),
    Column("key", LargeBinary),
    Column("made_at", Float, nullable=False),
    Column("destroyed_at", Float),
)

SQLITE_LEDGER_ONLY_GROWS = (
    "CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger"
    " BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END",
    "CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger"
    " BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END",
    # INSERT OR REPLACE deletes without a word to the trigger above.
    "CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger"
    " WHEN EXISTS (SELECT 1 FROM ledger WHERE number = NEW.number OR event_id = NEW.event_id)"
    " BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END",
    "CREATE TRIGGER ledger_no_gap BEFORE INSERT ON ledger"
    " WHEN NEW.number IS NOT (SELECT COALESCE(MAX(number), 0) + 1 FROM ledger)"
    " OR NEW.previous_hash IS NOT COALESCE("
    f"(SELECT hash FROM ledger WHERE number = NEW.number - 1), '{GENESIS}')"
    " BEGIN SELECT RAISE(ABORT, 'ledger has no gaps'); END",
)
POSTGRESQL_LEDGER_ONLY_GROWS = (
    "CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON ledger"
    " FOR EACH ROW EXECUTE FUNCTION lychgate_append_only()",
    "CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger"
    " FOR EACH STATEMENT EXECUTE FUNCTION lychgate_append_only()",
    "CREATE FUNCTION lychgate_next_entry() RETURNS trigger LANGUAGE plpgsql AS $$"
    " DECLARE last RECORD;"
    " BEGIN"
    " SELECT number, hash INTO last FROM ledger ORDER BY number DESC LIMIT 1;"
    " IF NEW.number IS DISTINCT FROM COALESCE(last.number, 0) + 1"
    f" OR NEW.previous_hash IS DISTINCT FROM COALESCE(last.hash, '{GENESIS}')"
    " THEN RAISE EXCEPTION 'ledger has no gaps'; END IF;"
    " RETURN NEW; END $$",
    "CREATE TRIGGER ledger_no_gap BEFORE INSERT ON ledger"
    " FOR EACH ROW EXECUTE FUNCTION lychgate_next_entry()",
)
