"""The tables, for both databases. A change here comes with a migration; a test compares the two.

Times are seconds since the epoch. ``audit`` is append-only by trigger; ``news`` tells workers what
changed and is swept after a day.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData()

# SQLite counts rows by itself only in a column of the very type INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def index_of_some(name: str, column: str, where: str, *, unique: bool = False) -> Index:
    """Of the few rows that ``where`` holds for. PostgreSQL's is the same, by the migrations: to say so
    here would load that dialect wherever a store is SQLite."""
    return Index(name, column, unique=unique, sqlite_where=text(where))


reader = Table(
    "reader",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("email", String(320), nullable=False, default=""),
    Column("email_verified", Boolean, nullable=False, default=False),
    Column("name", String(200), nullable=False, default=""),
    Column("language", String(16), nullable=False, default=""),
    Column("newsroom", Boolean, nullable=False, default=False),
    Column("created_at", Float, nullable=False),
    Index("reader_email", "email"),
)

reader_identity = Table(
    "reader_identity",
    metadata,
    Column("issuer", String(500), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("reader_id", String(40), ForeignKey("reader.id", ondelete="CASCADE"), nullable=False),
    Column("added_at", Float, nullable=False),
    Column("provider", String(64), nullable=False, default="", server_default=""),
    Column("email", String(320), nullable=False, default="", server_default=""),
    # Whether this way has proved its address, and doesn't merely claim it.
    Column("proved", Boolean, nullable=False, default=False, server_default=false()),
    UniqueConstraint("issuer", "subject", name="reader_identity_once"),
    Index("reader_identity_reader", "reader_id"),
)

session = Table(
    "session",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("reader_id", String(40), ForeignKey("reader.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("last_seen_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("idle_seconds", Float, nullable=False),
    Column("provider", String(64), nullable=False, default=""),
    Column("device", String(200), nullable=False, default=""),
    Column("ended_at", Float),
    # What this login proved, for operators' roles, and for the provider to end it by.
    Column("issuer", String(500), nullable=False, default="", server_default=""),
    Column("subject", String(255), nullable=False, default="", server_default=""),
    Column("provider_session", String(255), nullable=False, default="", server_default=""),
    Column("proved_email", String(320), nullable=False, default="", server_default=""),
    Column("groups", JSON, nullable=False, default=list, server_default="[]"),
    Column("id_token", String(8000), nullable=False, default="", server_default=""),
    Column("network", String(64), nullable=False, default="", server_default=""),
    Column("country", String(2), nullable=False, default="", server_default=""),
    Index("session_reader", "reader_id"),
    Index("session_expires", "expires_at"),
    Index("session_subject", "issuer", "subject"),
)

# Whatever may be used once: states of logins, ids of logout tokens, links already followed.
used = Table(
    "used",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("until", Float, nullable=False),
    Index("used_until", "until"),
)

# Links and codes that were mailed. Only hashes are kept of what opens something.
mailed = Table(
    "mailed",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("code_hash", String(64), nullable=False),
    Column("browser_hash", String(64), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("email", String(320), nullable=False),
    Column("return_to", String(1600), nullable=False),
    Column("language", String(16), nullable=False),
    Column("carried", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("tries", Integer, nullable=False),
    Index("mailed_browser", "browser_hash"),
    Index("mailed_until", "until"),
)

# Mail that waits to be sent. A row goes once the mail server has taken it.
outgoing = Table(
    "outgoing",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("recipient", String(320), nullable=False),
    Column("subject", String(500), nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Index("outgoing_next", "next_at"),
)

# Windows of rate limits, shared by workers and nodes.
rate = Table(
    "rate",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", Float, nullable=False),
    Index("rate_until", "until"),
)

entitlement = Table(
    "entitlement",
    metadata,
    Column("reader_id", String(40), ForeignKey("reader.id", ondelete="CASCADE"), nullable=False),
    Column("tier", String(100), nullable=False),
    Column("starts_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
    Column("mendable", Boolean, nullable=False, default=False),
    Column("entries", JSON, nullable=False, default=list),
    Index("entitlement_reader", "reader_id"),
)

opening = Table(
    "opening",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("path", String(2000), nullable=False),
    Column("until", Float, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("by", String(320), nullable=False),
    Column("at", Float, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("who", String(320), nullable=False),
    Column("act", String(100), nullable=False),
    Column("what", String(2000), nullable=False),
    Column("why", String(500), nullable=False, default=""),
)

NEWS_KEY_MAX = 2000
news = Table(
    "news",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("key", String(NEWS_KEY_MAX), nullable=False, default=""),
    sqlite_autoincrement=True,
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("holder", String(100), nullable=False),
    Column("until", Float, nullable=False),
)

# Append-only means that the database itself says no.
SQLITE_APPEND_ONLY = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit"
    " WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)"
    " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
)
POSTGRESQL_APPEND_ONLY = (
    "CREATE FUNCTION lychgate_append_only() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit"
    " FOR EACH ROW EXECUTE FUNCTION lychgate_append_only()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit"
    " FOR EACH STATEMENT EXECUTE FUNCTION lychgate_append_only()",
)

# The money way's tables stand in a file of their own and belong to the same schema.
from gateway.stores import (  # noqa: E402, F401  # they add their tables to this file's
    adopting_schema,
    journal_schema,
    leaving_schema,
    money_schema,
    prices_schema,
    reviews_schema,
    selling_schema,
)
