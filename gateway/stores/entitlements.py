"""A row of ``entitlement`` as the value that the rest of the gateway knows."""

from __future__ import annotations

from typing import Any

from gateway.model.entitlement import Entitlement


def entitlement_of(row: Any) -> Entitlement:
    """``row`` by the names of its columns."""
    return Entitlement(
        row["tier"], row["starts_at"], row["ends_at"], row["mendable"], tuple(row["entries"])
    )
