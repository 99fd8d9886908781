"""What needs no server: the cost of one decision, and of one teaser.

Best of several loops: what disturbs a loop only ever makes it longer.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

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
_LOOPS = 7
# A shared host may be slow for twenty seconds, and these are measured against seconds, not a peer.
_SPELL_APART_SECONDS = 2.0

Key = TypeVar("Key")


def decisions(*, spells: int) -> list[Line]:
    """One decision on a path that was asked before, and on one that wasn't, by number of rules."""
    paths = 1_000
    asks = {
        count: _decider(
            policy_of(count),
            [f"/section-{number % count}/story-{number}" for number in range(paths)],
        )
        for count in RULES
    }
    first = {count: _once(ask, paths) for count, ask in asks.items()}
    again = _best(asks, spells=spells, loops=_LOOPS)
    return [
        Line(
            f"decision, {count:,} rules",
            again[count] / paths * 1e6,
            "µs",
            DECISION_MICROS_MAX,
            f"{first[count] * 1e6:.1f} µs on a path never asked before",
        )
        for count in RULES
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


def teasers(*, spells: int) -> list[Line]:
    """A page as it came from the origin, to a finished teaser with its wall: the best of so many spells
    of loops."""
    middle, large = prose.PAGES_BYTES["middle"], prose.PAGES_BYTES["large"]
    pages = {
        "68 KB": prose.article(middle),
        "150 KB": prose.article(large),
        "150 KB French": prose.article(large, french=True),
    }
    cuts = {name: _cutter(page.encode()) for name, page in pages.items()}
    best = _best(cuts, spells=spells, loops=_LOOPS * 3)
    return [
        Line(
            f"teaser of a {name} page",
            seconds * 1e3,
            "ms",
            TEASER_MILLIS_MAX if name == "150 KB" else None,
        )
        for name, seconds in best.items()
    ]


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


def _best(works: Mapping[Key, Callable[[], None]], *, spells: int, loops: int) -> dict[Key, float]:
    """CPU seconds of each, the least of so many spells of loops."""
    best = dict.fromkeys(works, math.inf)
    before = gc.get_threshold()
    collector.settle()  # as every worker does
    for spell in range(spells):
        time.sleep(_SPELL_APART_SECONDS if spell else 0)
        for name, work in works.items():
            best[name] = min(best[name], *(_once(work, 1) for _ in range(loops)))
    gc.unfreeze()
    gc.set_threshold(*before)
    return best


def _once(work: Callable[[], None], pieces: int) -> float:
    """CPU seconds a piece."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / pieces
