"""Settling, once a page, what the page itself can say: labels, sections, authors, age.

Pure. A listing is decided by its path alone. A page whose access can't be settled (an unreadable
label, an article whose body isn't found and that says nothing) gets the strictest access of the
rules that it leaves open.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gateway.model.access import Access, Level, strictest
from gateway.model.page import Label, PageFacts, PageKind
from gateway.model.rule import ASKS_NOTHING_OF_PAGE, PageConditions, Rule
from gateway.policy.conditions import RequestTest
from gateway.policy.labels import fold, settle_label
from gateway.policy.ways import Settled, Specialised, Way

if TYPE_CHECKING:
    from gateway.policy.compile import Policy


def specialise(
    policy: Policy, way: Way, facts: PageFacts, *, now: float, query: bytes | None = None
) -> Specialised:
    """``query``: that of the page, where the record is for those who GET it; else conditions on the
    query and the method are left to each request."""
    label = settle_label(facts.words, policy.settings.labels)
    unsettled = _unsettled(way, facts, label)
    choices: list[tuple[RequestTest | None, Settled]] = []
    left_open: list[Access] = []
    flips_at = math.inf
    for rule, asked, ready in way.candidates:
        left = asked.for_page(query) if asked is not None and query is not None else asked
        if left is False:
            continue
        test = None if left is True else left
        flips_at = min(flips_at, _flip(rule.page, facts, now))
        if not _holds(rule, facts, label, unsettled=unsettled, now=now):
            continue
        access = _access(policy, rule, label)
        if access is None:
            continue
        if test is None or access.level is not Level.REFUSE:
            left_open.append(access)
        choices.append((test, ready if ready is not None else policy.follow(rule, access)))
        certain = rule.page == ASKS_NOTHING_OF_PAGE or not unsettled
        if test is None and certain:
            break
    closest = strictest(left_open)
    if unsettled:
        choices = _at_least(choices, closest, policy)
    if now < way.opened_until:
        opened = policy.follow(way.candidates[-1][0], Access(Level.PUBLIC))
        settled = Settled(opened.access, "opened by hand", opened.teaser, opened_by_hand=True)
        choices = [choice for choice in choices if choice[1].access.level is Level.REFUSE]
        choices.append((None, settled))
        flips_at = min(flips_at, way.opened_until)
    return Specialised(policy.version, _cut(choices), label, closest, flips_at)


def _unsettled(way: Way, facts: PageFacts, label: Label | None) -> bool:
    """Whether the page should have said something and didn't. A path that asks nothing of the page
    is settled whatever the page looks like."""
    if all(rule.page == ASKS_NOTHING_OF_PAGE and rule.access for rule, _, _ in way.candidates):
        return False
    if label is not None:
        return not label.readable
    return facts.kind is PageKind.ARTICLE and not facts.body_found


def _holds(
    rule: Rule, facts: PageFacts, label: Label | None, *, unsettled: bool, now: float
) -> bool:
    """Whether the rule's conditions on the page hold; where unsettled, whether they could."""
    asked = rule.page
    if asked == ASKS_NOTHING_OF_PAGE:
        return rule.access is not None or label is not None or unsettled
    if facts.kind is PageKind.LISTING:
        return False
    if asked.labels and not unsettled and not _labelled(asked.labels, label):
        return False
    return (
        _one_of(asked.sections, facts.sections)
        and _one_of(asked.tags, facts.tags)
        and _one_of(asked.authors, facts.authors)
        and (not asked.languages or _speaks(asked.languages, facts.language))
        and _aged(asked, facts.published_at, now)
    )


def _labelled(asked: tuple[str, ...], label: Label | None) -> bool:
    return label is not None and ("any" in asked or label.access.level in asked)


def _one_of(asked: tuple[str, ...], said: frozenset[str]) -> bool:
    return not asked or any(fold(word) in asked for word in said)


def _speaks(asked: tuple[str, ...], language: str) -> bool:
    spoken = fold(language)
    return any(spoken == each or spoken.startswith(f"{each}-") for each in asked)


def _aged(asked: PageConditions, published_at: float | None, now: float) -> bool:
    younger, older = asked.younger_than_seconds, asked.older_than_seconds
    if younger is None and older is None:
        return True
    if published_at is None or published_at > now:
        return False
    age = now - published_at
    return (younger is None or age < younger) and (older is None or age >= older)


def _flip(asked: PageConditions, facts: PageFacts, now: float) -> float:
    """The next instant at which this rule's age condition changes."""
    if facts.published_at is None:
        return math.inf
    bounds = [b for b in (asked.younger_than_seconds, asked.older_than_seconds) if b is not None]
    instants = [facts.published_at + bound for bound in bounds]
    if bounds:
        instants.append(facts.published_at)
    return min((instant for instant in instants if instant > now), default=math.inf)


def _access(policy: Policy, rule: Rule, label: Label | None) -> Access | None:
    if rule.access is not None:
        return rule.access
    return label.access if label is not None else policy.as_labelled_at_most()


def _at_least(
    choices: list[tuple[RequestTest | None, Settled]], closest: Access, policy: Policy
) -> list[tuple[RequestTest | None, Settled]]:
    """Refusals stay; everything else that was left open becomes the strictest of it."""
    kept = [choice for choice in choices if choice[1].access.level is Level.REFUSE and choice[0]]
    strict = next(settled for _, settled in choices if settled.access == closest)
    return [*kept, (None, strict)]


def _cut(
    choices: list[tuple[RequestTest | None, Settled]],
) -> tuple[tuple[RequestTest | None, Settled], ...]:
    """Up to the first that asks nothing of the request."""
    for place, (test, _) in enumerate(choices):
        if test is None:
            return tuple(choices[: place + 1])
    raise AssertionError("the default always applies")
