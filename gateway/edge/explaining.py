"""``Lychgate-Decision``: what was decided on a page and by which rule, where a publisher asks for it.

Nothing of the reader stands in it but the kind of wall. A record's variants bear it from the start;
what passes streamed or is refused gets it on its way out, by what the path alone says.
"""

from __future__ import annotations

from urllib.parse import quote

from gateway.edge.answers import Answer, Plain, Ready
from gateway.edge.visit import Visit
from gateway.model.decision import Decision, Full, Refuse, Teaser
from gateway.policy.decide import judge, settle_by_path

HEADER = b"lychgate-decision"
_ONLY_THE_PAGE = "only the page could say"


def told(decision: Decision, rule: str) -> tuple[bytes, bytes]:
    what = decision.wall if isinstance(decision, Teaser) else "full"
    return _header("refuse" if isinstance(decision, Refuse) else what, decision.reason, rule)


def explained(answer: Answer, visit: Visit) -> Answer:
    """The answer with the header, where it has none yet."""
    if isinstance(answer, Ready) or any(pair[0] == HEADER for pair in answer.headers):
        return answer
    settled = settle_by_path(visit.way, visit.request, visit.policy, now=visit.now)
    decision = judge(settled, visit.reader, visit.now) if settled else visit.by_strictest()
    rule = settled.rule if settled else _ONLY_THE_PAGE
    header = told(decision, rule)
    if isinstance(answer, Plain):
        if answer.status in (403, 405):
            # By a wall's reason maybe, and yet no wall: it isn't a page, or isn't read.
            header = _header("refuse", decision.reason, rule)
        return Plain(answer.status, (*answer.headers, header), answer.body)
    if not isinstance(decision, Full):
        # It passed by what its own head says.
        header = HEADER, f'full; rule="{_ONLY_THE_PAGE}"'.encode()
    return answer._replace(headers=(*answer.headers, header))


def _header(what: str, reason: str, rule: str) -> tuple[bytes, bytes]:
    named = quote(rule, safe=" -_.,'()")
    return HEADER, f'{what}; reason={reason}; rule="{named}"'.encode()
