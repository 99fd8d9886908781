"""A story that an operator opened to everyone for a while."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opening:
    """``path`` is canonical; empty opens every page. ``until`` is seconds since the epoch."""

    path: str
    until: float
    reason: str
    by: str = ""
