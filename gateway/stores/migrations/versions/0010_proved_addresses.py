"""Which ways to log in have proved their address.

Of those that are there already: mailed ones, those with a session that says so, and those that bear
the verified address of their account.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WAYS = """
UPDATE reader_identity SET proved = :yes WHERE email <> '' AND (
  issuer = 'mail'
  OR EXISTS (
    SELECT 1 FROM session WHERE session.issuer = reader_identity.issuer
    AND session.subject = reader_identity.subject
    AND session.proved_email = reader_identity.email
  )
  OR EXISTS (
    SELECT 1 FROM reader WHERE reader.id = reader_identity.reader_id
    AND reader.email_verified AND reader.email = reader_identity.email
  )
)
"""


def upgrade() -> None:
    proved = sa.Column("proved", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("reader_identity", proved)
    op.get_bind().execute(sa.text(_WAYS), {"yes": True})
