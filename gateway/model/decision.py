"""What one reader gets of one page, and why: frozen values, to be matched with ``assert_never``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wall(StrEnum):
    """What stands under a teaser."""

    REGISTER = "register"
    SUBSCRIBE = "subscribe"
    UPGRADE = "upgrade"
    SETTLE = "settle"


class Reason(StrEnum):
    """Closed: each is logged, counted, explained, and documented in the README (a test looks)."""

    # The page is open.
    PUBLIC_PAGE = "public-page"  # a rule, a label or the default opens it to everyone
    OPENED_BY_HAND = "opened-by-hand"  # an operator opened it with `lychgate open`
    REPORT_MODE = "report-mode"  # [policies] mode = "report": sent as the origin sends it
    # The reader may.
    MEMBER_ADMITTED = "member-admitted"  # the page asks for an account, and the reader has one
    TIER_HELD = "tier-held"  # a live entitlement to one of the page's tiers
    NEWSROOM = "newsroom"  # [newsroom] readers read every tier
    # The reader may not yet.
    ACCOUNT_NEEDED = "account-needed"  # anonymous, and the page asks for an account
    SUBSCRIPTION_NEEDED = "subscription-needed"  # no entitlement to anything
    OTHER_TIER_NEEDED = "other-tier-needed"  # entitled, but to other tiers
    SUBSCRIPTION_ON_HOLD = "subscription-on-hold"  # a subscription that doesn't open now
    # Nobody may, or it can't be shown in part.
    REFUSED_BY_RULE = "refused-by-rule"  # a rule says refuse
    TYPE_HAS_NO_TEASER = "type-has-no-teaser"  # gated, and neither a page nor a feed
    METHOD_NEEDS_ACCESS = "method-needs-access"  # POST and the like to a gated page
    CONDITION_FAILED = "condition-failed"  # a rule's condition raised an error, which denies


@dataclass(frozen=True, slots=True)
class Full:
    reason: Reason


@dataclass(frozen=True, slots=True)
class Teaser:
    wall: Wall
    reason: Reason


@dataclass(frozen=True, slots=True)
class Refuse:
    reason: Reason


Decision = Full | Teaser | Refuse
