"""Requests to cancel or withdraw, and which letters of a subscription's life were sent."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
