"""What needs a person, as the fold finds it: the same trouble of the same thing is one finding,
however many entries tell of it. What a person did about it stands here too, read from their acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.mark import Why


class Progress(StrEnum):
    OPEN = "open"  # somebody has to look
    DONE = "done"  # somebody has, and nothing new was heard since
    SETTLED = "settled"  # it is so no longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``subject`` is the id that it is about; ``number`` the newest entry that says so. ``due``: by when
    somebody must answer, where there is such a moment. ``assignee`` is an operator's address."""

    why: Why
    subject: str
    number: int
    due: float | None = None
    customer_id: str = ""
    subscription_id: str = ""
    payment_id: str = ""
    charge_id: str = ""
    reader: str = ""
    amount_minor: int | None = None
    currency: str = ""
    detail: str = ""
    assignee: str = ""
    done: bool = False

    @property
    def key(self) -> str:
        return key_of(self.why, self.subject)


def key_of(why: str, subject: str) -> str:
    """What acts on it bear as their ``object_id``."""
    return f"{why}:{subject}"[:255]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A finding in the work list."""

    id: int
    finding: Finding
    progress: Progress
    opened_at: float
    changed_at: float
