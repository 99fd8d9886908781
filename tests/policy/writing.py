"""Policies written in the test, and pages and readers to hold them against."""

from __future__ import annotations

from gateway.errors import Faults
from gateway.model.entitlement import Entitlement
from gateway.model.page import LabelWord, PageFacts, PageKind
from gateway.model.reader import ANONYMOUS, Reader
from gateway.model.request import Request
from gateway.policy.compile import Policy, compile_policy
from gateway.policy.decide import judge, settle
from gateway.policy.load import load_texts
from gateway.policy.ways import Settled, Specialised

NOW = 1_790_000_000.0
FAR = NOW + 1e9

MEMBER = Reader(id="m")
GOLD = Reader(id="g", entitlements=(Entitlement("gold", 0.0, FAR),))
SILVER = Reader(id="s", entitlements=(Entitlement("silver", 0.0, FAR),))
LAPSED = Reader(id="l", entitlements=(Entitlement("gold", 0.0, 1.0, mendable=True),))
ENDED = Reader(id="e", entitlements=(Entitlement("gold", 0.0, 1.0),))
EDITOR = Reader(id="n", newsroom=True)
READERS = {
    "anonymous": ANONYMOUS,
    "member": MEMBER,
    "gold": GOLD,
    "silver": SILVER,
    "lapsed": LAPSED,
    "ended": ENDED,
    "newsroom": EDITOR,
}


def policy(text: str) -> Policy:
    return compile_policy(load_texts([("p.yaml", f"version: 1\n{text}")]))


def faults(text: str) -> list[str]:
    """Every fault of a file, as printed."""
    try:
        compile_policy(load_texts([("p.yaml", text)]))
    except Faults as found:
        return [str(fault) for fault in found.faults]
    return []


def asking(
    path: str = "/a",
    *,
    method: str = "GET",
    query: bytes = b"",
    country: str = "",
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Request:
    return Request(method, "news.example", path, query, headers, country=country)


def page(
    *words: str,
    kind: PageKind = PageKind.ARTICLE,
    age: float | None = None,
    body: bool = True,
    tags: tuple[str, ...] = (),
    language: str = "fr",
) -> PageFacts:
    return PageFacts(
        kind,
        words=tuple(LabelWord(0, word) for word in words),
        published_at=None if age is None else NOW - age,
        body_found=body,
        tags=frozenset(tags),
        language=language,
    )


def specialised(rules: Policy, facts: PageFacts, path: str = "/a", now: float = NOW) -> Specialised:
    return rules.specialise(rules.way("news.example", path), facts, now=now)


def settled(
    rules: Policy, facts: PageFacts, request: Request | None = None, now: float = NOW
) -> Settled:
    asked = request or asking()
    return settle(specialised(rules, facts, asked.path, now), asked, rules)


def said(rules: Policy, facts: PageFacts, reader: Reader, request: Request | None = None) -> str:
    return str(judge(settled(rules, facts, request), reader, NOW).reason)
