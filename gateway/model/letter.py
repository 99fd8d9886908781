"""A mail as it is written, before it has a sender and a date."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letter:
    """``text`` and ``html`` say the same. What they say may open an account: not for logs."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter that waits to be sent. ``tries`` counts those before; ``key`` is its own in all of them."""

    number: int
    recipient: str
    letter: Letter
    tries: int
    key: str
