"""What operators are told without having to look: a closed list, each told once until it clears."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Condition(StrEnum):
    """Each has a sentence of its own in ``locale/…/finance.json``."""

    FAILED = "events-failed"  # entries couldn't be applied
    LATE = "late"  # events came more than ten minutes late, or wait that long to be applied
    FORGED = "signatures-refused"  # many webhooks in a short time weren't signed by Stripe
    DRIFT = "drift"  # a reconcile found that we and Stripe differed
    STOPPED = (
        "reconcile-stopped"  # a reconcile would have closed too much, and none went through since
    )
    DISPUTED = "dispute"  # a payer's bank asks for the money back


@dataclass(frozen=True, slots=True)
class Alert:
    """``subject`` tells alerts of one condition apart; empty where there is one at a time. ``detail`` is a
    count, or an id of Stripe's: nothing that names a person."""

    condition: Condition
    subject: str = ""
    detail: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return str(self.condition), self.subject


@dataclass(frozen=True, slots=True)
class Told:
    """One that holds and was told. ``posted``: the webhook took it, or there is none."""

    alert: Alert
    posted: bool
    tries: int
