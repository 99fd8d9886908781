"""The compiled policy: which rules a path can meet, and which of those a page leaves open.

Pure. ``Way`` is settled once a path (and cached), ``Specialised`` once a page record; after that a
request pays only for the conditions on requests of the few rules that are left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gateway.errors import Faults
from gateway.model.access import PAID, Access, Level, strictest
from gateway.model.fault import Fault, Place
from gateway.model.opening import Opening
from gateway.model.page import PageFacts
from gateway.model.request import Request
from gateway.model.rule import (
    ASKS_NOTHING_OF_REQUEST,
    PageSettings,
    Rule,
)
from gateway.policy.conditions import ConditionFailed, RequestTest, host_matches, request_test
from gateway.policy.labels import strictest_of
from gateway.policy.paths import PathIndex, path_key, pattern_key, twins
from gateway.policy.shadowed import EVERYWHERE, Shadows, patterns_of
from gateway.policy.source import PolicySource
from gateway.policy.specialise import asks_its_words, asks_no_page, specialise
from gateway.policy.ways import Settled, Specialised, Way, WayKind

DEFAULT = "default"
WAYS_MAX = 20_000
_PATH_KEPT_MAX = 512  # characters: long paths are found anew, or they could fill 300 MB


class Policy:
    """Immutable but for the cache of ways. ``version`` changes with any text or opening, and with what
    walls say beside them (``walls``: any word that stands for it)."""

    walls = ""

    def __init__(self, source: PolicySource, *, openings: Iterable[Opening] = ()) -> None:
        """Raises Faults for rules that can never match."""
        self.source = source
        self.settings: PageSettings = source.settings
        self.query = source.query
        # Parameters that rules ask for: never dropped from a page's key as mere tracking.
        self.asked_query = frozenset(
            name
            for rule in source.rules
            for name in (*rule.request.query_any, *(pair[0] for pair in rule.request.query))
        )
        self.path_parameters_allowed = source.path_parameters_allowed
        self.rules = source.rules
        self._tests = tuple(
            None if rule.request == ASKS_NOTHING_OF_REQUEST else request_test(rule.request)
            for rule in source.rules
        )
        self._index, faults = _index(source)
        if faults:
            raise Faults(tuple(faults))
        self._previews = PathIndex()
        for number, pattern in enumerate(source.previews):
            self._previews.add(pattern_key(pattern, case_sensitive=source.case_sensitive), number)
        self._default = Rule(DEFAULT, Place("", 0, 0), source.default)
        # Whether any page of the site could be closed to anyone.
        self.gates = any(
            rule.access is None or rule.access.gated for rule in (*source.rules, self._default)
        )
        self._open(openings)

    def _open(self, openings: Iterable[Opening]) -> None:
        self.openings = tuple(openings)
        self._opened: Mapping[str, float] = {o.path: o.until for o in self.openings}
        told = "|".join(f"{o.path}>{o.until}" for o in self.openings)
        both = f"{self.source.digest}|{told}{self.walls}".encode()
        self.version = hashlib.sha256(both).hexdigest()[:16]
        self._ways: dict[tuple[str, str], Way] = {}

    def with_openings(self, openings: Iterable[Opening]) -> Policy:
        """The same rules with other stories opened; shares the index."""
        other = object.__new__(Policy)
        other.__dict__.update(self.__dict__)
        other._open(openings)
        return other

    def with_walls(self, walls: str) -> Policy:
        """The same rules under another version: what was drawn under the old one is drawn anew."""
        other = object.__new__(Policy)
        other.__dict__.update(self.__dict__)
        other.walls = walls
        other._open(self.openings)
        return other

    def way(self, host: str, path: str) -> Way:
        """The rules that a canonical path can meet. Costs a look-up once it was asked before."""
        if len(path) > _PATH_KEPT_MAX:
            return self._find(host, path)
        way = self._ways.get((host, path))
        if way is None:
            if len(self._ways) >= WAYS_MAX:
                # Begun anew: to keep them in the order of their use costs each decision a third.
                self._ways.clear()
            way = self._ways[(host, path)] = self._find(host, path)
        return way

    def _find(self, host: str, path: str) -> Way:
        key = path_key(path, case_sensitive=self.source.case_sensitive)
        found: list[tuple[Rule, RequestTest | None, Settled | None]] = []
        for number in self._index.rules(key):
            rule = self.rules[number]
            if rule.hosts and not any(host_matches(pattern, host) for pattern in rule.hosts):
                continue
            found.append(self._candidate(rule, self._tests[number]))
            if asks_no_page(rule) and self._tests[number] is None:
                break
        else:
            found.append(self._candidate(self._default, None))
        opened = max(self._opened.get("", 0.0), self._opened.get(path, 0.0))
        return self._way(tuple(found), preview=bool(self._previews.rules(key)), opened=opened)

    def _candidate(
        self, rule: Rule, test: RequestTest | None
    ) -> tuple[Rule, RequestTest | None, Settled | None]:
        settled = self._settled(rule, rule.access) if rule.access is not None else None
        return rule, test, settled

    def _settled(self, rule: Rule, access: Access) -> Settled:
        return Settled(access, rule.name, rule.teaser or self.settings.teaser)

    def _way(
        self,
        candidates: tuple[tuple[Rule, RequestTest | None, Settled | None], ...],
        *,
        preview: bool,
        opened: float,
    ) -> Way:
        by_path = [rule for rule, _, _ in candidates if asks_no_page(rule)]
        by_page = [rule for rule, _, _ in candidates if not asks_no_page(rule)]
        gates_by_page = [rule for rule in by_page if rule.access is None or rule.access.gated]
        kept_by_path = [rule for rule in by_path if rule.cache_seconds is not None]
        if kept_by_path or any(rule.access and rule.access.gated for rule in by_path):
            kind = WayKind.PATH
        else:
            kind = WayKind.LABEL if gates_by_page else WayKind.OPEN
        decider = candidates[-1][0]
        seconds = [r.cache_seconds for r, _, _ in candidates if r.cache_seconds is not None]
        return Way(
            kind=kind,
            candidates=candidates,
            strictest=self._strictest(candidates),
            cache_seconds=min(seconds) if seconds else None,
            personal=any(rule.personal for rule, _, _ in candidates),
            preview=preview,
            page_could_close=any(map(asks_its_words, by_page))
            and any(rule.access is None or rule.access.gated for rule, _, _ in candidates),
            opened_until=opened,
            opened_by_path=kind is WayKind.OPEN and decider.paths not in ((), EVERYWHERE),
        )

    def narrowed(self, way: Way, request: Request) -> Way:
        """The way of one request: without the rules whose conditions it doesn't meet. For choosing
        how to fetch; page records are made from the whole way, since other requests share them."""
        if all(test is None for _, test, _ in way.candidates):
            return way
        left: list[tuple[Rule, RequestTest | None, Settled | None]] = []
        opened = closed = False
        for rule, test, settled in way.candidates:
            if test is None or _passes(test, request):
                opened = opened or (test is not None and test.beyond_url)
                left.append((rule, None, settled))
                if asks_no_page(rule):
                    break
            elif test.beyond_choice:
                closed = closed or rule.access is None or rule.access.gated
        narrowed = self._way(tuple(left), preview=way.preview, opened=way.opened_until)
        if opened or closed:
            some = any(rule.access is None or rule.access.gated for rule, _, _ in way.candidates)
            return replace(narrowed, opened_to_some=opened and some, closed_to_some=closed)
        return narrowed

    def _strictest(
        self, candidates: tuple[tuple[Rule, RequestTest | None, Settled | None], ...]
    ) -> Access:
        """Refusals that hang on the request are no part of it: a request settles those itself."""
        asked = [
            self.as_labelled_at_most() if rule.access is None else rule.access
            for rule, test, _ in candidates
            if test is None or rule.access is None or rule.access.level is not Level.REFUSE
        ]
        return strictest(asked)

    def as_labelled_at_most(self) -> Access:
        """The strictest that any label could say."""
        return strictest((PAID, *(strictest_of(source) for source in self.settings.labels)))

    def specialise(
        self, way: Way, facts: PageFacts, *, now: float, query: bytes | None = None
    ) -> Specialised:
        """Settle what the page can settle. ``policy.specialise`` holds how."""
        return specialise(self, way, facts, now=now, query=query)

    def follow(self, rule: Rule, access: Access) -> Settled:
        """What follows when ``rule`` decides for ``access``."""
        return self._settled(rule, access)


def compile_policy(source: PolicySource, *, openings: Iterable[Opening] = ()) -> Policy:
    """Raises Faults."""
    return Policy(source, openings=openings)


def _passes(test: RequestTest, request: Request) -> bool:
    """A test that raises counts as passed: the rule is met again where it denies."""
    try:
        return test(request)
    except ConditionFailed:
        return True


def _index(source: PolicySource) -> tuple[PathIndex, list[Fault]]:
    """All patterns in one index, and a fault for each of the site's rules that never matches."""
    index, shadows = PathIndex(), Shadows(source)
    faults: list[Fault] = []
    keys = patterns_of(source)
    named = {pattern for patterns in keys for pattern in patterns}
    for number, (rule, patterns) in enumerate(zip(source.rules, keys, strict=True)):
        fault = shadows.fault_of(number, patterns)
        if fault is not None:
            faults.append(fault)
        for pattern in patterns:
            index.add(pattern, number)
            if rule.access is None or rule.access.gated:
                # A page that is closed under one name is closed under those it also answers to,
                # unless a rule names them itself.
                for twin in twins(pattern):
                    if twin not in named:
                        index.add(twin, number)
    return index, faults


__all__ = ["Policy", "Settled", "Specialised", "Way", "WayKind", "compile_policy"]
