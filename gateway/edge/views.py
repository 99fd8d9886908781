"""What a kept page says beside its bytes: its headers, its type, by whose word it is open, and what it could
ask by now.

Pure. ``showing`` asks; nothing here chooses for a reader.
"""

from __future__ import annotations

from gateway.edge.answers import Headers
from gateway.model.access import Access, Level, strictest
from gateway.model.page import PageKind
from gateway.model.request import Request
from gateway.origin.record import PageRecord
from gateway.page import document
from gateway.policy.compile import DEFAULT, Policy
from gateway.policy.ways import Settled

_FREE = b"isAccessibleForFree"


def kept_headers(record: PageRecord, settled: Settled) -> Headers:
    """What stays of the origin's head: all of it on an answer to a reader's own request that turns
    out to be open, so that what a site's scripts are told by it arrives."""
    opened = record.private and settled.access.level is Level.PUBLIC
    feed = record.facts.kind is PageKind.FEED
    return record.open_headers if opened and not feed else record.headers


def content_type(record: PageRecord, *, changed: bool) -> bytes:
    """What was rendered is UTF-8, and HTML where a page came as XML; what wasn't is as the origin
    says."""
    if not changed:
        return record.content_type
    if record.facts.kind is not PageKind.FEED and document.is_xml(record.content_type):
        return b"text/html; charset=utf-8"
    return record.content_type.split(b";", 1)[0].strip() + b"; charset=utf-8"


def rule_opens(record: PageRecord, settled: Settled, source: bytes) -> bool:
    """Whether another's word than its own opens it to everyone. ``source``: the page as it came."""
    if settled.opened_by_hand:
        return True
    if settled.access.level is not Level.PUBLIC:
        return False
    label = record.specialised.label
    if label is not None:
        gated: bool = label.access.gated
        return gated
    return settled.rule != DEFAULT and _FREE in source


def closest(record: PageRecord, request: Request, policy: Policy) -> Access:
    """The strictest that a page could ask by now, if it was relabelled since it was fetched. Labels never
    cut a listing."""
    left_open: Access = record.specialised.strictest
    if record.facts.kind is not PageKind.ARTICLE:
        return left_open
    by_path: Access = policy.way(request.host, request.path).strictest
    return strictest((left_open, by_path))
