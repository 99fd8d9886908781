"""What needs no server: the cost of one decision, and of one teaser.

The least of several spells of loops: what disturbs a loop only ever makes it longer, and a shared host is
slow for minutes at a time. These are measured against seconds and not against a peer, so the spells are
spread over the whole run.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from dataclasses import replace

from gateway.bench import prose
from gateway.bench.served import POLICY, TIER
from gateway.bench.table import Line
from gateway.model.access import PAID, PUBLIC
from gateway.model.decision import Wall
from gateway.model.entitlement import Entitlement
from gateway.model.fault import Place
from gateway.model.reader import Reader, ReaderKind
from gateway.model.request import Request
from gateway.model.rule import Rule
from gateway.ops import collector
from gateway.policy.compile import Policy, compile_policy
from gateway.policy.decide import judge, settle_by_path
from gateway.policy.load import load_texts

RULES = (10, 1_000, 100_000)
DECISION_MICROS_MAX = 3.0
TEASER_MILLIS_MAX = 5.0
_NOW = 1_795_000_000.0
_PATHS = 1_000
_DECIDING_LOOPS = 7
_CUTTING_LOOPS = 21


class Inside:
    """One decision on a path that was asked before, and on one that wasn't, by number of rules; and a page as
    it came from the origin, to a finished teaser with its wall."""

    def __init__(self) -> None:
        self.spells = 0
        paths = range(_PATHS)
        asks = {
            count: _decider(
                policy_of(count), [f"/section-{number % count}/story-{number}" for number in paths]
            )
            for count in RULES
        }
        self._first = {count: _once(ask) for count, ask in asks.items()}
        self._deciding = {count: _Least(ask, _DECIDING_LOOPS) for count, ask in asks.items()}
        middle, large = prose.PAGES_BYTES["middle"], prose.PAGES_BYTES["large"]
        pages = {
            "68 KB": prose.article(middle),
            "150 KB": prose.article(large),
            "150 KB French": prose.article(large, french=True),
        }
        self._cutting = {
            name: _Least(_cutter(page.encode()), _CUTTING_LOOPS) for name, page in pages.items()
        }

    def look(self) -> None:
        """One spell of each."""
        before = gc.get_threshold()
        collector.settle()  # as every worker does
        for work in (*self._deciding.values(), *self._cutting.values()):
            work.look()
        gc.unfreeze()
        gc.set_threshold(*before)
        self.spells += 1

    def decisions(self) -> list[Line]:
        return [
            Line(
                f"decision, {count:,} rules",
                deciding.seconds / _PATHS * 1e6,
                "µs",
                DECISION_MICROS_MAX,
                f"{self._first[count] / _PATHS * 1e6:.1f} µs on a path never asked before",
            )
            for count, deciding in self._deciding.items()
        ]

    def teasers(self) -> list[Line]:
        return [
            Line(
                f"teaser of a {name} page",
                cutting.seconds * 1e3,
                "ms",
                TEASER_MILLIS_MAX if name == "150 KB" else None,
            )
            for name, cutting in self._cutting.items()
        ]


def policy_of(count: int) -> Policy:
    """``count`` rules with a path each, half of them gated."""
    source = load_texts([("bench.yaml", POLICY)])
    rules = tuple(
        Rule(
            name=f"section {number}",
            place=Place("bench.yaml", number + 1, 1),
            access=PAID if number % 2 else PUBLIC,
            paths=(f"/section-{number}/**",),
        )
        for number in range(count)
    )
    return compile_policy(replace(source, rules=rules, own=frozenset(range(count))))


def _decider(policy: Policy, paths: list[str]) -> Callable[[], None]:
    reader = Reader("reader", entitlements=(Entitlement(TIER, _NOW - 60, _NOW + 60),))
    requests = [Request("GET", "bench.example", path, b"", ()) for path in paths]

    def ask() -> None:
        for request in requests:
            way = policy.way(request.host, request.path)
            settled = settle_by_path(way, request, policy, now=_NOW)
            assert settled is not None
            judge(settled, reader, _NOW)

    return ask


def _cutter(body: bytes) -> Callable[[], None]:
    from gateway.page.render import render_teaser

    settings = load_texts([("bench.yaml", POLICY)]).settings

    def cut() -> None:
        rendered = render_teaser(
            body,
            b"text/html; charset=utf-8",
            access=PAID,
            reader=ReaderKind.ANONYMOUS,
            wall=Wall.SUBSCRIBE,
            settings=settings,
            draw_wall=lambda _: '<aside class="lychgate">Subscribe to go on.</aside>',
            return_to="/paid/article",
        )
        assert prose.MARKER.encode() not in rendered.body

    return cut


class _Least:
    """Of all its loops so far, in CPU seconds."""

    def __init__(self, work: Callable[[], None], loops: int) -> None:
        self._work, self._loops = work, loops
        self.seconds = math.inf

    def look(self) -> None:
        self.seconds = min(self.seconds, *(_once(self._work) for _ in range(self._loops)))


def _once(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
