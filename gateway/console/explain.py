"""Why one URL is sent to one reader as it is: the gate's own answer, and the values on its way.

Nothing is decided here. The request is admitted by ``edge.ingress``, answered by ``edge.gate``, and
what stands between comes from the same record, rules and reasons that the gate used.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from gateway.console.passages import words_of
from gateway.edge.answers import Answer, Headers, Plain, Ready, Streamed
from gateway.edge.entrance import RESERVED
from gateway.edge.gate import Gate
from gateway.edge.ingress import Ingress
from gateway.edge.records import OtherType
from gateway.edge.target import MovedTo
from gateway.edge.visit import Visit
from gateway.errors import LychgateError, PageUnreadable, RequestRefused
from gateway.model.access import Access
from gateway.model.decision import Decision, Full, Reason, Refuse, Teaser
from gateway.model.entitlement import Entitlement
from gateway.model.fault import Fault
from gateway.model.page import Label, PageKind
from gateway.model.reader import ANONYMOUS, Reader
from gateway.model.request import Request
from gateway.model.rule import LabelSource, PageSettings
from gateway.origin.record import PageRecord
from gateway.page import charsets
from gateway.page.document import decode_body
from gateway.page.facts import body_words
from gateway.policy.compile import Policy
from gateway.policy.decide import judge, settle, settle_by_path
from gateway.policy.ways import Settled

BODY_BYTES_MAX = 16 << 20
OURS = "ours"  # a page of the gateway's own, which the origin is never asked for
_RUN_WORDS = 4  # fewer words in a row may stand anywhere
CASES = {
    "anyone": "as the origin says: the answer is everyone's",
    "anonymous": "shared among readers without a cookie of ours",
    "nobody": "private, no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a gateway is made of, as far as one page goes. ``host`` as ``Host`` names the site. ``faults`` are
    those of the policy's files by now."""

    ingress: Ingress
    gate: Gate
    policy: Callable[[], Policy]
    host: str
    faults: Callable[[], tuple[Fault, ...]] = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``decision`` and ``reason`` are those of the gate; ``body`` is what would be sent, uncoded.

    ``page`` is the whole page as the gateway reads it at the origin; empty where it isn't read.
    ``status`` is 0 for a page of ours, which nothing here answers.
    ``words_withheld`` counts words of the article's body that this reader isn't sent. ``passed``: the
    answer is the origin's own, streamed.
    """

    target: str
    reader: str
    status: int = 0
    decision: str = ""
    wall: str = ""
    reason: str = ""
    access: str = ""
    rule: str = ""
    way: str = ""
    kind: str = ""
    label: str = ""
    label_from: str = ""
    label_readable: bool = True
    body_found: bool = False
    words_kept: int = 0
    words_withheld: int = 0
    caching: str = ""
    cache_control: str = ""
    cookies_dropped: tuple[str, ...] = ()
    location: str = ""
    passed: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    page: bytes = field(default=b"", repr=False)


def reader_named(word: str) -> Reader | None:
    """``anonymous``, ``member`` or ``tier:NAME``; None for an e-mail address."""
    if word == "anonymous":
        return ANONYMOUS
    if word == "member":
        return Reader(id="explain", name="a member")
    kind, _, tier = word.partition(":")
    if kind == "tier" and tier:
        return Reader(
            id="explain", name=f"holds {tier}", entitlements=(Entitlement(tier, 0.0, 1e18),)
        )
    return None


async def explain(asking: Asking, target: str, reader: Reader, *, named: str = "") -> Explanation:
    """Raises OriginFailed and its kin where the page can't be had."""
    policy = asking.policy()
    told = named or reader.email or "anonymous"
    try:
        admitted = _admitted(asking, target, reader, policy)
    except RequestRefused as refused:
        return Explanation(
            target=target, reader=told, status=refused.refused_status, reason=refused.reason
        )
    if isinstance(admitted, MovedTo):
        location = admitted.location.decode("ascii", "replace")
        return Explanation(target=target, reader=told, status=308, location=location)
    if admitted.path.startswith(RESERVED):
        return Explanation(target=target, reader=told, kind=OURS)
    whole_way = policy.way(admitted.host, admitted.path)
    visit = Visit(
        request=admitted,
        reader=reader,
        way=whole_way,
        here=policy.narrowed(whole_way, admitted),
        policy=policy,
        now=asking.gate.pages.clock.now(),
    )
    record = await _record(asking, visit)
    answer = await asking.gate.answer(visit, None)
    status, headers, body, sharing = await _sent(answer)
    explanation = Explanation(
        target=target,
        reader=told,
        status=status,
        way="opened" if asking.gate.opens_as_gateway(visit) else visit.way.kind.name.lower(),
        caching=CASES.get(sharing, ""),
        cache_control=_one(headers, b"cache-control"),
        location=_one(headers, b"location"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers),
        body=body,
        passed=isinstance(answer, Streamed),
    )
    if record is None and explanation.passed:
        return dataclasses.replace(explanation, kind=str(PageKind.OTHER), decision="full")
    why = _why(visit, record, body, asking.gate.report_mode, passed=explanation.passed)
    return dataclasses.replace(explanation, **why)


def _admitted(asking: Asking, target: str, reader: Reader, policy: Policy) -> Request | MovedTo:
    headers = ((b"host", asking.host.encode()), (b"accept", b"text/html,*/*;q=0.8"))
    admitted = asking.ingress.admit(
        method="GET",
        target=target.encode("utf-8"),
        headers=headers,
        peer="127.0.0.1",
        scheme="http",
        path_parameters_allowed=policy.path_parameters_allowed,
    )
    if isinstance(admitted, Request) and reader.id:
        return dataclasses.replace(admitted, has_session_cookie=True)
    return admitted


async def _record(asking: Asking, visit: Visit) -> PageRecord | None:
    """The page as the gateway reads it; None for what is no page or can't be had."""
    key = asking.gate.pages.key(visit)
    try:
        made = await asking.gate.pages.records.fetch(visit, key)
    except LychgateError:
        return None
    if isinstance(made, OtherType):
        await made.response.close()
        return None
    return made


async def _sent(answer: Answer) -> tuple[int, Headers, bytes, str]:
    match answer:
        case Ready(variant, sharing):
            return variant.status, variant.headers, variant.body, str(sharing)
        case Plain():  # a redirect, an error, or in report mode the page as it came
            everyone_s = _one(answer.headers, b"cache-control").startswith("public")
            return answer.status, answer.headers, answer.body, "anyone" if everyone_s else ""
        case Streamed():
            try:
                body = await answer.response.read(BODY_BYTES_MAX)
            finally:
                await answer.response.close()
            with contextlib.suppress(PageUnreadable):
                body = decode_body(body, answer.response.header(b"content-encoding"))
            return answer.status, answer.headers, body, ""


def _why(
    visit: Visit, record: PageRecord | None, body: bytes, report_mode: bool, *, passed: bool
) -> dict[str, Any]:
    """The fields that say why. Without a record, what the path alone says. ``passed``: what is sent
    is the origin's answer to this reader, which needn't be the page that the gateway reads."""
    settled = settle_by_path(visit.way, visit.request, visit.policy, now=visit.now)
    if record is None:
        if settled is None:
            return {"access": str(visit.way.strictest), "rule": "only the page could say"}
        return _of_decision(judge(settled, visit.reader, visit.now), settled)
    settled = settle(record.specialised, visit.request, visit.policy)
    decision = judge(settled, visit.reader, visit.now)
    if report_mode:
        decision = Full(Reason.REPORT_MODE)
    page = record.source()
    found: dict[str, Any] = {
        **_of_decision(decision, settled),
        **_of_label(record.specialised.label, visit.policy.settings),
        "kind": str(record.facts.kind),
        "body_found": record.facts.body_found,
        "cookies_dropped": () if report_mode else record.cookies_dropped,
        "page": page,
    }
    if record.facts.kind is PageKind.ARTICLE and record.facts.body_found:
        whole = body_words(page, visit.policy.settings)
        certain = isinstance(decision, Full) and not passed
        kept = len(whole) if certain else _shown(whole, body)
        found.update(words_kept=kept, words_withheld=len(whole) - kept)
    return found


def _shown(whole: tuple[str, ...], body: bytes) -> int:
    """How many of an article's words stand in what is sent, in runs and in their order."""
    text = charsets.decode(body, None)
    sent = words_of(re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", text, flags=re.S))
    matching = SequenceMatcher(None, whole, sent, autojunk=False).get_matching_blocks()
    return sum(block.size for block in matching if block.size >= _RUN_WORDS)


def _of_decision(decision: Decision, settled: Settled) -> dict[str, Any]:
    access: Access = settled.access
    told: dict[str, Any] = {"access": str(access), "rule": settled.rule}
    match decision:
        case Full(reason):
            return {**told, "decision": "full", "reason": str(reason)}
        case Teaser(wall, reason):
            return {**told, "decision": "teaser", "wall": str(wall), "reason": str(reason)}
        case Refuse(reason):
            return {**told, "decision": "refuse", "reason": str(reason)}


def _of_label(label: Label | None, settings: PageSettings) -> dict[str, Any]:
    if label is None:
        return {}
    source: LabelSource = settings.labels[label.source]
    return {
        "label": label.word,
        "label_from": f"{source.kind}: {source.name}",
        "label_readable": label.readable,
    }


def _one(headers: Headers, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key == name), "")
