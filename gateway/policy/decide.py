"""From the rules that are left to one decision: settle by the request, judge by the reader.

Pure, and on the hot path: decisions are made here once and given out again.
"""

from __future__ import annotations

from gateway.model.access import REFUSE, Access, Level
from gateway.model.decision import Decision, Full, Reason, Refuse, Teaser, Wall
from gateway.model.reader import Reader
from gateway.model.request import Request
from gateway.policy.compile import Policy
from gateway.policy.conditions import ConditionFailed
from gateway.policy.ways import Settled, Specialised, Way

# An enum's members cost a look-up each time they are named.
_OPEN, _TO_MEMBERS, _TO_NOBODY = Level.PUBLIC, Level.MEMBERS, Level.REFUSE
_PUBLIC = Full(Reason.PUBLIC_PAGE)
_OPENED = Full(Reason.OPENED_BY_HAND)
_MEMBER = Full(Reason.MEMBER_ADMITTED)
_TIER = Full(Reason.TIER_HELD)
_NEWSROOM = Full(Reason.NEWSROOM)
_REGISTER = Teaser(Wall.REGISTER, Reason.ACCOUNT_NEEDED)
_SUBSCRIBE = Teaser(Wall.SUBSCRIBE, Reason.SUBSCRIPTION_NEEDED)
_UPGRADE = Teaser(Wall.UPGRADE, Reason.OTHER_TIER_NEEDED)
_SETTLE = Teaser(Wall.SETTLE, Reason.SUBSCRIPTION_ON_HOLD)
_REFUSED = Refuse(Reason.REFUSED_BY_RULE)
_FAILED = Refuse(Reason.CONDITION_FAILED)


def settle(specialised: Specialised, request: Request, policy: Policy) -> Settled:
    """The first choice whose test the request passes. A test that fails denies."""
    for test, settled in specialised.choices:
        try:
            if test is None or test(request):
                return settled
        except ConditionFailed:
            return failed(settled, policy)
    raise AssertionError("the last choice has no test")


def failed(settled: Settled, policy: Policy) -> Settled:
    """What a condition that raised comes to: nothing for anyone."""
    return Settled(REFUSE, settled.rule, policy.settings.teaser, failed=True)


def settle_by_path(way: Way, request: Request, policy: Policy, *, now: float) -> Settled | None:
    """What path and request alone settle; None where only the page can tell."""
    for rule, test, settled in way.candidates:
        try:
            applies = test is None or test(request)
        except ConditionFailed:
            return Settled(REFUSE, rule.name, policy.settings.teaser, failed=True)
        if not applies:
            continue
        if rule.asks_page or settled is None:
            return None
        if now < way.opened_until and settled.access.level is not Level.REFUSE:
            return None
        return settled
    raise AssertionError("the default always applies")


def judge(asked: Settled | Access, reader: Reader, now: float) -> Decision:
    """The table "reader × access → answer" of the README. ``now`` in seconds since the epoch."""
    if isinstance(asked, Settled):
        if asked.opened_by_hand:
            return _OPENED
        if asked.failed:
            return _FAILED
        access = asked.access
    else:
        access = asked
    level = access.level
    if level is _OPEN:
        return _PUBLIC
    if level is _TO_NOBODY:
        return _REFUSED
    if not reader.id:
        return _REGISTER if level is _TO_MEMBERS else _SUBSCRIBE
    if level is _TO_MEMBERS:
        return _MEMBER
    return _paid(access, reader, now)


def judge_strictest(narrowed: Way, reader: Reader, now: float) -> Decision:
    """What a reader gets if the page turns out as strict as the rules of this request allow.
    ``narrowed``: without rules whose conditions the request doesn't meet."""
    if now < narrowed.opened_until and narrowed.strictest.level is not Level.REFUSE:
        return _OPENED
    return judge(narrowed.strictest, reader, now)


def _paid(access: Access, reader: Reader, now: float) -> Decision:
    if reader.newsroom:
        return _NEWSROOM
    holds_other = on_hold = False
    for held in reader.entitlements:
        wanted = not access.tiers or held.tier in access.tiers
        if held.opens(now):
            if wanted:
                return _TIER
            holds_other = True
        elif held.mendable and wanted:
            on_hold = True
    if on_hold:
        return _SETTLE
    return _UPGRADE if holds_other else _SUBSCRIBE
