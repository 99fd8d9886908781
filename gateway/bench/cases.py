"""What is asked of whom, and what an answer must be before it is worth measuring. Pure.

Each case names the page, the reader and the budget (design, "Budgets"): multiples of the CPU that
nginx ``proxy_pass`` and ``proxy_cache`` spend on the same page in the same coding and run.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.bench import prose
from gateway.bench.load import Ask
from gateway.bench.processes import Answer

CODINGS = ("identity", "gzip")
PASS, KEPT, CACHE, CADDY, OAUTH, OURS, LOGGED = (
    "nginx proxy_pass",
    "nginx proxy_pass, kept connections",
    "nginx proxy_cache",
    "Caddy reverse_proxy",
    "oauth2-proxy",
    "Lychgate",
    "Lychgate, access log on",
)
PEERS = (PASS, KEPT, CACHE, CADDY, OAUTH)


@dataclass(frozen=True, slots=True)
class Budget:
    """At most these multiples; None asks nothing."""

    of_pass: float | None = None
    of_cache: float | None = None


KEPT_PAGE = Budget(of_pass=0.25, of_cache=1.0)
STREAMED = Budget(of_pass=2.5)
NONE = Budget()


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table, for each coding. ``whole``: the answer holds the withheld part.
    ``budgeted``: the codings that the budget speaks of."""

    server: str
    label: str
    path: str
    signed_in: bool = False
    whole: bool = True
    budget: Budget = NONE
    budgeted: tuple[str, ...] = CODINGS

    def budget_in(self, coding: str) -> Budget:
        return self.budget if coding in self.budgeted else NONE

    def asks(self, cookies: Sequence[str]) -> list[Ask]:
        return (
            [Ask(self.path, cookie) for cookie in cookies] if self.signed_in else [Ask(self.path)]
        )

    @property
    def name(self) -> str:
        return f"{self.server}: {self.label}" if self.label else self.server


CASES = (
    *(Case(peer, "", "/open/small") for peer in PEERS),
    Case(OURS, "kept teaser, anonymous", "/paid/small", whole=False, budget=KEPT_PAGE),
    Case(OURS, "kept public page", "/open/small", budget=KEPT_PAGE),
    Case(OURS, "member's full page", "/paid/small", signed_in=True, budget=KEPT_PAGE),
    Case(
        OURS,
        "passed through, streamed",
        "/stream/small",
        budget=STREAMED,
        budgeted=("identity",),  # of 50 KB on the wire: compressed it is a quarter of that
    ),
    Case(LOGGED, "kept public page", "/open/small"),
)


def objection(case: Case, coding: str, answer: Answer) -> str:
    """Why an answer isn't what the case is about; empty where it is."""
    if answer.status != 200:
        return f"status {answer.status}"
    told = answer.headers.get("content-encoding", "identity")
    if told != coding:
        return f"content-encoding {told}, not {coding}"
    body = gzip.decompress(answer.body) if told == "gzip" else answer.body
    if prose.SHOWN.encode() not in body:
        return "the page isn't the article"
    if (prose.MARKER.encode() in body) is not case.whole:
        return "the withheld part is missing" if case.whole else "a teaser with withheld words"
    return ""
