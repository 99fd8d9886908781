"""Settling, once a page, what the page itself can say: labels, sections, authors, age.

Pure. A listing is decided by its path alone. A page whose access can't be settled (an unreadable
label, an article whose body isn't found and that says nothing, a page beyond the parser's bounds that
could have said anything) gets the strictest access of the rules that it leaves open.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gateway.model.access import Access, Level, strictest
from gateway.model.page import Label, PageFacts, PageKind
from gateway.model.rule import LabelKind, PageConditions, Rule
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
    label = _label(policy, facts)
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
        if test is None and (not unsettled or _certain(rule, label)):
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


def _label(policy: Policy, facts: PageFacts) -> Label | None:
    """The page's own word. Where its head alone was read, a word of the head counts only if no source
    that comes before looks into the page."""
    sources = policy.settings.labels
    label = settle_label(facts.words, sources)
    if label is not None and not facts.readable:
        earlier = sources[: label.source]
        return label if all(source.kind is LabelKind.HEADER for source in earlier) else None
    return label


def _unsettled(way: Way, facts: PageFacts, label: Label | None) -> bool:
    """Whether the page should have said something and didn't. A path that asks nothing of the page
    is settled whatever the page looks like."""
    asking = [rule for rule, _, _ in way.candidates if not asks_no_page(rule)]
    if not asking:
        return False
    if not facts.readable and not all(_asks_labels_alone(rule) for rule in asking):
        return True
    if label is not None:
        return not label.readable
    return facts.kind is PageKind.ARTICLE and not facts.body_found


def asks_no_page(rule: Rule) -> bool:
    return not rule.asks_page and rule.access is not None


def asks_its_words(rule: Rule) -> bool:
    """Whether a rule asks what the page says, which may change at any time, and not its age alone."""
    ages = PageConditions(
        younger_than_seconds=rule.page.younger_than_seconds,
        older_than_seconds=rule.page.older_than_seconds,
    )
    return rule.access is None or rule.page != ages


def _asks_labels_alone(rule: Rule) -> bool:
    return rule.page == PageConditions(labels=rule.page.labels)


def _certain(rule: Rule, label: Label | None) -> bool:
    """Whether a rule that could hold does, though the page is unsettled."""
    told = label is not None and label.readable
    return asks_no_page(rule) or (told and _asks_labels_alone(rule))


def _holds(
    rule: Rule, facts: PageFacts, label: Label | None, *, unsettled: bool, now: float
) -> bool:
    """Whether the rule's conditions on the page hold; where unsettled, whether they could."""
    asked = rule.page
    if rule.access is None and label is None and not unsettled:
        return False  # as labelled, and there is no label
    if not rule.asks_page:
        return True
    if facts.kind is PageKind.LISTING:
        return False
    could_say = unsettled and (label is None or not label.readable)
    if asked.labels and not could_say and not _labelled(asked.labels, label):
        return False
    return not facts.readable or (
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


def untold(way: Way, facts: PageFacts, *, now: float, query: bytes) -> bool:
    """For a page of which only its item in a feed is known: whether a rule that closes could hold by
    what items leave out, before any rule surely decides. They tell no label, section, author or
    language, and maybe neither tags nor a date."""
    for rule, asked, _ in way.candidates:
        left = asked is None or asked.for_page(query)
        if left is False:
            continue
        if rule.access is None or _left_out(rule.page, facts):
            closes = rule.access is None or rule.access.gated
            if closes and _could_hold(rule.page, facts, now):
                return True
        elif left is True and _holds(rule, facts, None, unsettled=False, now=now):
            return False
    return False


def _left_out(asked: PageConditions, facts: PageFacts) -> bool:
    ages = asked.younger_than_seconds is not None or asked.older_than_seconds is not None
    return bool(
        asked.labels
        or asked.sections
        or asked.authors
        or asked.languages
        or (asked.tags and not facts.tags)
        or (ages and facts.published_at is None)
    )


def _could_hold(asked: PageConditions, facts: PageFacts, now: float) -> bool:
    """As far as ``facts`` tell anything."""
    tagged = not facts.tags or _one_of(asked.tags, facts.tags)
    return tagged and (facts.published_at is None or _aged(asked, facts.published_at, now))
