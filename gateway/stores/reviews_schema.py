"""What operators are told by themselves, and what their audit log is looked through by.

``alert`` has a row for each condition that holds now and was told: it goes when the condition does. The
audit log itself, with the triggers that keep it growing only, stands in ``schema``.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table

from gateway.stores.schema import audit, metadata

alert = Table(
    "alert",
    metadata,
    Column("condition", String(40), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("detail", String(300), nullable=False),
    Column("since", Float, nullable=False),
    # Mail is in the store's own queue with this row; a webhook is tried until it was taken.
    Column("posted", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
)

Index("audit_at", audit.c.at)
Index("audit_who", audit.c.who, audit.c.number)
Index("audit_act", audit.c.act, audit.c.number)
