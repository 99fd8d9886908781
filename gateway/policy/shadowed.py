"""Rules that can never match, since earlier ones take whatever they ask for.

Pure. Only what follows from the text alone: one earlier rule for each path of a later one, whose every
condition is met wherever the later one's are. What ``when`` says is compared letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.model.fault import Fault
from gateway.model.rule import PageConditions, RequestConditions, Rule
from gateway.policy.conditions import ANY_VALUE, host_matches
from gateway.policy.paths import PathIndex, pattern_key
from gateway.policy.source import PolicySource

Pattern = tuple[str, ...]
# Of so many earlier rules that cover one path each is looked at; more would be quadratic.
_COMPARED_MAX = 32
EVERYWHERE = ("/**",)


def patterns_of(source: PolicySource) -> list[list[Pattern]]:
    """What each rule's paths look up; everything, for a rule without any."""
    return [
        [pattern_key(p, case_sensitive=source.case_sensitive) for p in rule.paths or EVERYWHERE]
        for rule in source.rules
    ]


def shadowed(source: PolicySource) -> list[Fault]:
    """A fault for each of the site's rules that never matches."""
    shadows = Shadows(source)
    found = (shadows.fault_of(*each) for each in enumerate(patterns_of(source)))
    return [fault for fault in found if fault is not None]


class Shadows:
    """Fed with rules in their order."""

    def __init__(self, source: PolicySource) -> None:
        self._source = source
        self._index = PathIndex()

    def fault_of(self, number: int, patterns: Sequence[Pattern]) -> Fault | None:
        """The fault of one of the site's rules that never matches; a pack's have none."""
        rule = self._source.rules[number]
        fault = None
        if number in self._source.own:
            taking = [self._taking(rule, pattern) for pattern in patterns]
            if taking and all(each is not None for each in taking):
                fault = self._told(rule, next(each for each in taking if each is not None))
        for pattern in patterns:
            self._index.add(pattern, number)
        return fault

    def _taking(self, rule: Rule, pattern: Pattern) -> int | None:
        covering = self._index.covering(pattern, most=_COMPARED_MAX)
        rules = self._source.rules
        return next((each for each in covering if takes(rules[each], rule)), None)

    def _told(self, rule: Rule, taking: int) -> Fault:
        earlier = self._source.rules[taking]
        own = taking in self._source.own
        mend = "" if own else "; with `first: true` yours would stand before it"
        return Fault(
            rule.place,
            f"rule `{rule.name}` never matches: `{earlier.name}` at {earlier.place}"
            f" comes first and takes all it asks for{mend}",
        )


def takes(earlier: Rule, later: Rule) -> bool:
    """Whether ``earlier`` holds wherever ``later`` does, on paths that both match."""
    return (
        _among(later.hosts, earlier.hosts, by_pattern=True)
        and _page_taken(earlier, later.page)
        and _request_taken(earlier.request, later.request)
    )


def _page_taken(rule: Rule, later: PageConditions) -> bool:
    earlier = rule.page
    # As labelled, without a word on which: pages that bear a label.
    labels = earlier.labels or (("any",) if rule.access is None else ())
    return (
        (_among(later.labels, labels) or ("any" in labels and bool(later.labels)))
        and _among(later.sections, earlier.sections)
        and _among(later.tags, earlier.tags)
        and _among(later.authors, earlier.authors)
        and _spoken(later.languages, earlier.languages)
        and _within(later.younger_than_seconds, earlier.younger_than_seconds)
        and _within(earlier.older_than_seconds, later.older_than_seconds, least=True)
    )


def _request_taken(earlier: RequestConditions, later: RequestConditions) -> bool:
    return (
        _among(later.methods, earlier.methods)
        and _among(later.countries, earlier.countries)
        and _among(later.devices, earlier.devices)
        and _among(later.referrers, earlier.referrers, by_pattern=True)
        and _pairs_taken(earlier.query, earlier.query_any, later.query, later.query_any)
        and _pairs_taken(earlier.headers, earlier.headers_any, later.headers, later.headers_any)
        and (not earlier.when or earlier.when == later.when)
    )


def _among(later: Sequence[str], earlier: Sequence[str], *, by_pattern: bool = False) -> bool:
    """Whether any of ``later`` is one of ``earlier``; empty asks nothing."""
    if not earlier:
        return True
    if by_pattern:
        return bool(later) and all(any(_wider(one, each) for one in earlier) for each in later)
    return bool(later) and set(later) <= set(earlier)


def _wider(pattern: str, other: str) -> bool:
    if other.startswith("*."):
        return pattern == other or (pattern.startswith("*.") and other[1:].endswith(pattern[1:]))
    return host_matches(pattern, other)


def _spoken(later: Iterable[str], earlier: Sequence[str]) -> bool:
    if not earlier:
        return True
    spoken = list(later)
    return bool(spoken) and all(
        any(each == one or each.startswith(f"{one}-") for one in earlier) for each in spoken
    )


def _within(narrow: float | None, wide: float | None, *, least: bool = False) -> bool:
    """``younger_than``: a narrower bound within a wider one. With ``least`` the two change places."""
    if least:
        return narrow is None or (wide is not None and narrow <= wide)
    return wide is None or (narrow is not None and narrow <= wide)


def _pairs_taken(
    earlier: Sequence[tuple[str, str]],
    earlier_any: Sequence[str],
    later: Sequence[tuple[str, str]],
    later_any: Sequence[str],
) -> bool:
    names = {name for name, _ in later}
    for name, value in earlier:
        if (name, value) not in later and not (value == ANY_VALUE and name in names):
            return False
    if not earlier_any or names.intersection(earlier_any):
        return True
    return bool(later_any) and set(later_any) <= set(earlier_any)
