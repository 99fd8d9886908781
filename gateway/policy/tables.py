"""``policies/*.test.yaml``: what a publisher expects of the policy, URL × reader → decision.

    cases:
      - url: /dossiers/digue
        reader: tier:gold            # anonymous (default), member, tier:NAME, on-hold:NAME, newsroom
        page: { label: members, age: 3h, tags: [sport], section: x, author: y, language: fr }
        request: { method: GET, country: FR, header: { name: value } }
        expect: teaser subscribe     # full, teaser WALL, refuse
        rule: the dossiers           # optional: which rule must decide

Without ``page`` the page is an article with a body and no label. Run by `lychgate check`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml.nodes import Node

from gateway.model.decision import Decision, Full, Refuse, Teaser, Wall
from gateway.model.entitlement import Entitlement
from gateway.model.fault import Fault
from gateway.model.page import LabelWord, PageFacts, PageKind
from gateway.model.reader import ANONYMOUS, Reader
from gateway.model.request import Request
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, settle
from gateway.policy.load import TEST_ENDING
from gateway.policy.nodes import Item, Reading

_CASE = ("url", "reader", "page", "request", "expect", "rule")
_PAGE = ("label", "age", "tags", "section", "author", "language", "kind", "body")
_REQUEST = ("method", "country", "header")
_NOW = 1_000_000_000.0
_LONG = 10 * 365 * 86400.0
EXPECTED = ("full", "refuse", *(f"teaser {wall}" for wall in Wall))


@dataclass(frozen=True, slots=True)
class Case:
    request: Request
    reader: Reader
    facts: PageFacts
    expect: str
    rule: str


def check_tables(policy: Policy, folder: Path) -> tuple[Fault, ...]:
    """Every fault of the tables, and every case that comes out another way."""
    faults: list[Fault] = []
    for path in sorted(folder.glob(f"*{TEST_ENDING}")):
        reading = Reading(str(path))
        _check(reading, path.read_text("utf-8"), policy)
        faults.extend(reading.faults)
    return tuple(faults)


def _check(reading: Reading, text: str, policy: Policy) -> None:
    root = reading.compose(text)
    if root is None:
        return
    keys = reading.mapping(root, ("version", "cases"), "a table of cases")
    if "cases" not in keys:
        reading.fault(root, "a table has `cases`")
        return
    for node in reading.items(keys["cases"].node, "`cases`"):
        case = _read(reading, node, policy)
        if case is not None:
            _run(reading, node, case, policy)


def _run(reading: Reading, node: Node, case: Case, policy: Policy) -> None:
    way = policy.way(case.request.host, case.request.path)
    specialised = policy.specialise(way, case.facts, now=_NOW)
    settled = settle(specialised, case.request, policy)
    came = said(judge(settled, case.reader, _NOW))
    if came != case.expect:
        reading.fault(node, f"expected {case.expect}, came {came} by rule `{settled.rule}`")
    elif case.rule and settled.rule != case.rule:
        reading.fault(node, f"{came} as expected, but by rule `{settled.rule}`")


def said(decision: Decision) -> str:
    match decision:
        case Full():
            return "full"
        case Teaser():
            return f"teaser {decision.wall}"
        case Refuse():
            return "refuse"


def _read(reading: Reading, node: Node, policy: Policy) -> Case | None:
    before = len(reading.faults)
    keys = reading.mapping(node, _CASE, "a case")
    for required in ("url", "expect"):
        if required not in keys:
            reading.fault(node, f"a case has `{required}`")
            return None
    url = reading.text(keys["url"].node, "`url`") or ""
    if not url.startswith("/"):
        reading.fault(keys["url"].node, "`url` is a path, with its query")
    path, _, query = url.partition("?")
    request = Request("GET", "", path, query.encode(), ())
    if "request" in keys:
        request = _request(reading, keys["request"].node, request)
    expect = reading.one_of(keys["expect"].node, EXPECTED, "`expect`")
    facts = PageFacts(PageKind.ARTICLE, body_found=True)
    if "page" in keys:
        facts = _facts(reading, keys["page"].node, facts, policy)
    reader = _reader(reading, keys["reader"]) if "reader" in keys else ANONYMOUS
    rule = reading.text(keys["rule"].node, "`rule`") if "rule" in keys else None
    if len(reading.faults) > before or expect is None:
        return None
    return Case(request, reader, facts, expect, rule or "")


def _reader(reading: Reading, item: Item) -> Reader:
    word = reading.text(item.node, "`reader`") or ""
    kind, _, tier = word.partition(":")
    if word == "anonymous":
        return ANONYMOUS
    if word == "member":
        return Reader(id="member")
    if word == "newsroom":
        return Reader(id="newsroom", newsroom=True)
    if kind == "tier" and tier:
        return Reader(id=tier, entitlements=(Entitlement(tier, 0.0, _NOW + _LONG),))
    if kind == "on-hold" and tier:
        return Reader(id=tier, entitlements=(Entitlement(tier, 0.0, 1.0, mendable=True),))
    reading.fault(item.node, "`reader` is anonymous, member, tier:NAME, on-hold:NAME or newsroom")
    return ANONYMOUS


def _request(reading: Reading, node: Node, request: Request) -> Request:
    keys = reading.mapping(node, _REQUEST, "`request`")
    if "method" in keys:
        request = replace(request, method=reading.text(keys["method"].node, "`method`") or "GET")
    if "country" in keys:
        request = replace(request, country=reading.text(keys["country"].node, "`country`") or "")
    if "header" in keys:
        pairs = reading.mapping(keys["header"].node, None, "`header`")
        headers = tuple(
            (name.lower().encode(), (reading.text(item.node, "`header`") or "").encode())
            for name, item in pairs.items()
        )
        request = replace(request, headers=headers)
    return request


def _facts(reading: Reading, node: Node, facts: PageFacts, policy: Policy) -> PageFacts:
    keys = reading.mapping(node, _PAGE, "`page`")

    def words(key: str) -> frozenset[str]:
        return frozenset(reading.texts(keys[key].node, f"`{key}`")) if key in keys else frozenset()

    published_at = facts.published_at
    if "age" in keys:
        age = reading.seconds(keys["age"].node, "`age`")
        published_at = _NOW - age if age is not None else None
    label: tuple[LabelWord, ...] = ()
    if "label" in keys:
        if not policy.settings.labels:
            reading.fault(keys["label"].node, "the policy reads no labels")
        else:
            label = (LabelWord(0, reading.text(keys["label"].node, "`label`") or ""),)
    kind = facts.kind
    if "kind" in keys:
        kind = PageKind(reading.one_of(keys["kind"].node, tuple(PageKind), "`kind`") or kind)
    body = reading.truth(keys["body"].node, "`body`") if "body" in keys else True
    return replace(
        facts,
        kind=kind,
        words=label,
        published_at=published_at,
        tags=words("tags"),
        sections=words("section"),
        authors=words("author"),
        language=next(iter(words("language")), ""),
        body_found=bool(body),
    )
