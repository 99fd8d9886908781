"""What a policy says of a path, of a page, and in the end: the values between its steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

from gateway.model.access import Access
from gateway.model.page import Label
from gateway.model.rule import Rule, TeaserSettings
from gateway.policy.conditions import RequestTest


class WayKind(Enum):
    """How a path is fetched (design, step 3)."""

    OPEN = auto()  # nothing could gate it
    LABEL = auto()  # only the page itself could
    PATH = auto()  # a rule gates it whatever the page says, or keeps it (`cache:`)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a page asks, by which rule. ``opened_by_hand``: an operator's opening says so.
    ``failed``: a condition raised, which denies."""

    access: Access
    rule: str
    teaser: TeaserSettings
    opened_by_hand: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """``candidates``: the rules that can apply, in order, the last one always. ``strictest``: what
    the page could turn out to ask. ``page_could_close``: other words of the page (a label, a tag …) may
    close it to somebody, at any time. ``opened_until``: an operator's opening, 0 for none.
    ``opened_by_path``: nothing could gate it, and a rule names its path to say so.
    Of a way that was narrowed to one request: ``opened_to_some``, a condition that others of the same URL
    may not meet let a rule come first; ``closed_to_some``, one that this reader can't choose, such as a
    country, would have closed it."""

    kind: WayKind
    candidates: tuple[tuple[Rule, RequestTest | None, Settled | None], ...]
    strictest: Access
    cache_seconds: float | None = None
    personal: bool = False
    preview: bool = False
    page_could_close: bool = False
    opened_until: float = 0.0
    opened_by_path: bool = False
    opened_to_some: bool = False
    closed_to_some: bool = False


@dataclass(frozen=True, slots=True)
class Specialised:
    """``choices``: a test of the request, or None for the last, and what follows. ``flips_at``: the
    first instant at which an age condition changes, in seconds since the epoch."""

    policy_version: str
    choices: tuple[tuple[RequestTest | None, Settled], ...]
    label: Label | None
    strictest: Access
    flips_at: float = math.inf

    @property
    def sole(self) -> Settled | None:
        """The one thing that can follow, where no condition on the request is left."""
        return self.choices[0][1] if self.choices[0][0] is None else None
