"""``mode = "report"``: pages as the origin sends them, and what would be walled is counted.

Nothing here changes an answer but by `Lychgate-Decision`, where that is asked for: what can't be judged
goes by uncounted.
"""

from __future__ import annotations

import contextlib

from gateway.edge.answers import Answer, Headers, Plain
from gateway.edge.explaining import told
from gateway.edge.pages import Pages
from gateway.edge.passing import Body
from gateway.edge.peeking import content_type
from gateway.edge.records import PAGE_BYTES_MAX
from gateway.edge.visit import Visit
from gateway.errors import OriginFailed
from gateway.origin.fetch import OriginResponse
from gateway.origin.record import PageRecord
from gateway.page import sniffing
from gateway.page.sniffing import Kind


async def reported(pages: Pages, visit: Visit, body: Body | None) -> Answer:
    response, asserted = await pages.passing.ask_as_reader(visit, body)
    passed = pages.passing.streamed(response, None, private=asserted)
    if sniffing.named(content_type(response)) is not Kind.HTML:
        return passed
    raw = await response.opening(PAGE_BYTES_MAX)
    if not raw or len(raw) > PAGE_BYTES_MAX:
        return passed  # a head alone, or more than could be judged
    explained: Headers = ()
    with contextlib.suppress(OriginFailed):
        explained = await _count(pages, response, visit)
    headers = tuple(pair for pair in passed.headers if pair[0] != b"content-length")
    return Plain(passed.status, (*headers, *explained), raw)


async def _count(pages: Pages, response: OriginResponse, visit: Visit) -> Headers:
    """What would be decided, as a header where a publisher asks for one."""
    record = await pages.records.made_of(response, visit, pages.key(visit), asked=False)
    if isinstance(record, PageRecord):
        choice = pages.showing.choose(
            record,
            visit.reader,
            visit.request,
            has_session_cookie=visit.request.has_session_cookie,
            policy=visit.policy,
            now=visit.now,
        )
        pages.counters.decisions[f"report:{choice.decision.reason}"] += 1
        if pages.showing.explain_header:
            return (told(choice.decision, choice.settled.rule),)
    return ()
